import type { DeviceHealth } from '../device/index.js'
import type { Readiness } from '../server/index.js'

/** Whether a signature could be made now, as far as memory tells. */
export function readiness({ state, lastError, path, simulated }: DeviceHealth): Readiness {
  if (state === 'ready' || state === 'busy') {
    const warning = `SIMULATED device: ${path ?? ''} is a pseudo-terminal, and nothing protects its keys`
    return { ready: true, reasons: [], ...(simulated ? { warnings: [warning] } : {}) }
  }
  const message = `the device is ${state}${lastError === undefined ? '' : `: ${lastError.message}`}`
  return { ready: false, reasons: [{ code: lastError?.code ?? 'device-unavailable', message }] }
}
