import type { Curve } from '../../tezos/index.js'
import { callFailure, returnValueOf } from './cryptoki-error.js'
import { CURVE_FACTS } from './curve-facts.js'
import type { CryptokiModule } from './module.js'

/** A session of a module that is loaded, logged in. */
export type Session = CryptokiModule & { readonly session: Buffer }

/** What objects are looked for by, or made with. */
export type Template = readonly { readonly type: number; readonly value: Buffer | boolean | number }[]

/** How many objects are asked for at a time; of one name no token has more that a person set up. */
const BATCH = 100

/** The first hundred objects that fit. Throws what the module throws. */
export function findObjects({ calls, session }: Session, template: Template): readonly Buffer[] {
  calls.C_FindObjectsInit(session, [...template])
  try {
    return calls.C_FindObjects(session, BATCH)
  } finally {
    calls.C_FindObjectsFinal(session)
  }
}

/** Every object that fits, however many there are. Throws what the module throws. */
export function findAllObjects({ calls, session }: Session, template: Template): readonly Buffer[] {
  calls.C_FindObjectsInit(session, [...template])
  try {
    const found: Buffer[] = []
    for (;;) {
      const batch = calls.C_FindObjects(session, BATCH)
      if (batch.length === 0) return found
      found.push(...batch)
    }
  } finally {
    calls.C_FindObjectsFinal(session)
  }
}

/** `undefined` where an object has no such attribute, and where it cannot be told; a lost session shows in the next call. */
export function attributeOf(session: Session, handle: Buffer, type: number): Buffer | undefined {
  try {
    return readAttribute(session, handle, type)
  } catch {
    return undefined
  }
}

/** `undefined` only where the token says that the object has no such attribute. Throws a DeviceError for all else. */
export function readAttribute({ calls, session }: Session, handle: Buffer, type: number): Buffer | undefined {
  try {
    const [found] = calls.C_GetAttributeValue(session, handle, [{ type }])
    return Buffer.isBuffer(found?.value) ? found.value : undefined
  } catch (error) {
    if (returnValueOf(error) === 'CKR_ATTRIBUTE_TYPE_INVALID') return undefined
    throw callFailure('C_GetAttributeValue', error)
  }
}

/** Whether a CKA_EC_PARAMS names the curve. */
export function namesCurve(parameters: Uint8Array | undefined, curve: Curve): boolean {
  return (
    parameters !== undefined &&
    CURVE_FACTS[curve].parameters.includes(Buffer.from(parameters).toString('hex'))
  )
}
