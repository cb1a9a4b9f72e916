import type { DeviceHealth } from '../device/index.js'
import type { MarkRecord } from '../policy/index.js'
import type { KeyReport, MarkReport, Readiness, Warning } from '../server/index.js'
import { chainName, type PublicKeyHash } from '../tezos/index.js'
import { isTroubleCode, REMEDIES } from './remedies.js'
import type { DeviceSource, KeySource, Sources } from './sources.js'

/** Whether a device can be asked now. */
export function isUp({ health }: Pick<DeviceSource, 'health'>): boolean {
  return health.state === 'ready' || health.state === 'busy'
}

/** Whether every key has a device that is there, in step or getting in step again. */
export function isConnected({ devices, keys }: Pick<Sources, 'devices' | 'keys'>): boolean {
  const present = devices().filter(({ health }) => ['ready', 'busy', 'resyncing'].includes(health.state))
  return unheld(present, keys()).length === 0 && present.length > 0
}

/** Whether a signature could be made now with each key, as far as memory tells. */
export function readinessOf({ devices, keys, marksTrouble }: ReadinessSources): Readiness {
  const all = devices()
  const missing = unheld(all.filter(isUp), keys())
  const blamed = all.filter(
    (device) => !isUp(device) && (missing.some((key) => device.holds.includes(key)) || all.length === 1),
  )
  const trouble = marksTrouble?.()
  const reasons = [
    ...blamed.map((device) => unreadyReason(device, all.length > 1)),
    ...(trouble === undefined ? [] : [trouble]),
  ]
  return { ready: reasons.length === 0, reasons }
}

type ReadinessSources = Pick<Sources, 'devices' | 'keys' | 'marksTrouble'>

/** The keys that none of the devices holds. */
function unheld(devices: readonly DeviceSource[], keys: readonly KeySource[]): readonly PublicKeyHash[] {
  return keys.map(({ address }) => address).filter((key) => !devices.some(({ holds }) => holds.includes(key)))
}

function unreadyReason({ name, health: { state, lastError } }: DeviceSource, isNamed: boolean) {
  const who = isNamed ? `the device ${name}` : 'the device'
  const message = `${who} is ${state}${lastError === undefined ? '' : `: ${lastError.message}`}`
  return { code: lastError?.code ?? 'device-unavailable', message }
}

/** Why a device is not ready, with the remedy, and that it is no board where it is none. `at`: since when. */
export function deviceWarnings(device: DeviceSource, at: string, isNamed: boolean): readonly Warning[] {
  const { code, message } = unreadyReason(device, isNamed)
  const unready = { code, message, at, remedy: REMEDIES[isTroubleCode(code) ? code : 'device-unavailable'] }
  const simulated = device.health.simulated ? [simulationOf(device.health, at)] : []
  return isUp(device) ? simulated : [unready, ...simulated]
}

/** That marks which hosts share cannot be raised now. */
export function marksWarnings({ marksTrouble }: Pick<Sources, 'marksTrouble'>): readonly Warning[] {
  const trouble = marksTrouble?.()
  if (trouble === undefined) return []
  const { code, message } = trouble
  return [
    { code, message, at: undefined, remedy: REMEDIES[isTroubleCode(code) ? code : 'marks-unavailable'] },
  ]
}

function simulationOf({ path = '' }: DeviceHealth, at: string): Warning {
  const message = `SIMULATED device: ${path} is a pseudo-terminal, and nothing protects its keys`
  return { code: 'simulated-device', message, remedy: REMEDIES['simulated-device'], at }
}

/** The configured keys with what was signed with them last. */
export function keyReports(sources: Sources): readonly KeyReport[] {
  const marks = sources.marks()
  const quarantines = sources.quarantines()
  return sources.keys().map((key) => {
    const signed = marks.filter((mark) => mark.key === key.address && mark.signature !== undefined)
    const lastSignedAt = signed
      .map(({ raisedAt }) => raisedAt)
      .sort()
      .at(-1)
    const quarantinedSince = quarantines.find((one) => one.key === key.address)?.since
    return { ...key, lastSignedAt, quarantinedSince }
  })
}

/** A mark without its digest and signature. */
export function markReport({ chain, digest, signature, ...mark }: MarkRecord): MarkReport {
  const state = digest === undefined ? 'set' : signature === undefined ? 'raised' : 'signed'
  const { key, kind, level, round, raisedAt } = mark
  return { chain, chainName: chainName(chain), key, kind, level, round, raisedAt, state }
}
