import type { DeviceHealth } from '../device/index.js'
import type { Readiness } from '../server/index.js'

/** Whether a signature could be made now, as far as memory tells. */
export function readiness({ state, lastError }: DeviceHealth): Readiness {
  if (state === 'ready' || state === 'busy') return { ready: true, reasons: [] }
  const message = `the device is ${state}${lastError === undefined ? '' : `: ${lastError.message}`}`
  return { ready: false, reasons: [{ code: lastError?.code ?? 'device-unavailable', message }] }
}
