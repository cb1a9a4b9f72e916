import { DEVICE_FAULTS } from './device-faults.js'
import { FaultError } from './fault-error.js'
import type { FaultDefinition, FaultDescription } from './fault.js'
import { PORT_FAULTS } from './port-faults.js'
import { REPLY_FAULTS } from './reply-faults.js'
import { SIGNATURE_FAULTS } from './signature-faults.js'

const DEFINITIONS: readonly FaultDefinition[] = [
  ...REPLY_FAULTS,
  ...SIGNATURE_FAULTS,
  ...DEVICE_FAULTS,
  ...PORT_FAULTS,
]

const BY_NAME = new Map(DEFINITIONS.map((definition) => [definition.name, definition]))

/** Every fault there is, as `tezio-sim faults` lists them. */
export const FAULTS: readonly FaultDescription[] = DEFINITIONS.map(({ name, description, parameters }) => {
  return { name, description, parameters }
})

/** The definition of a fault. Throws a FaultError (`unknown-fault`) that lists the names there are. */
export function faultNamed(name: string): FaultDefinition {
  const definition = BY_NAME.get(name)
  if (definition !== undefined) return definition
  const names = DEFINITIONS.map((known) => known.name).join(', ')
  throw new FaultError('unknown-fault', `no fault is named ${JSON.stringify(name)}: there are ${names}`)
}
