import type { DeviceHealth } from '../device/index.js'
import type { Quarantine } from '../policy/index.js'
import type { Readiness } from '../server/index.js'

/** Whether a signature could be made now, as far as memory tells. */
export function readiness(device: DeviceHealth, quarantines: readonly Quarantine[]): Readiness {
  const warnings = [...simulationOf(device), ...quarantines.map(describe)]
  const { state, lastError } = device
  if (state === 'ready' || state === 'busy') {
    return { ready: true, reasons: [], ...(warnings.length === 0 ? {} : { warnings }) }
  }
  const message = `the device is ${state}${lastError === undefined ? '' : `: ${lastError.message}`}`
  return { ready: false, reasons: [{ code: lastError?.code ?? 'device-unavailable', message }] }
}

function simulationOf({ simulated, path }: DeviceHealth): readonly string[] {
  if (!simulated) return []
  return [`SIMULATED device: ${path ?? ''} is a pseudo-terminal, and nothing protects its keys`]
}

function describe({ key, since }: Quarantine): string {
  return `${key} is in quarantine since ${since} and signs nothing: its device used one nonce for two payloads`
}
