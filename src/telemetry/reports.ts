import type { DeviceHealth } from '../device/index.js'
import type { MarkRecord } from '../policy/index.js'
import type { KeyReport, MarkReport, Readiness, Warning } from '../server/index.js'
import { chainName } from '../tezos/index.js'
import { isTroubleCode, REMEDIES } from './remedies.js'
import type { Sources } from './sources.js'

/** Whether a signature could be made now, as far as memory tells. */
export function readinessOf({ state, lastError }: DeviceHealth): Readiness {
  if (state === 'ready' || state === 'busy') return { ready: true, reasons: [] }
  const message = `the device is ${state}${lastError === undefined ? '' : `: ${lastError.message}`}`
  return { ready: false, reasons: [{ code: lastError?.code ?? 'device-unavailable', message }] }
}

/** Why the device is not ready, with the remedy, and that it is no board where it is none. `at`: since when. */
export function deviceWarnings(health: DeviceHealth, at: string): readonly Warning[] {
  const unready = readinessOf(health).reasons.map(({ code, message }) => ({
    ...{ code, message, at },
    remedy: REMEDIES[isTroubleCode(code) ? code : 'device-unavailable'],
  }))
  return health.simulated ? [...unready, simulationOf(health, at)] : unready
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
