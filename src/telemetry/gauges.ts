import type { PublicKeyHash } from '../tezos/index.js'
import type { Instruments } from './instruments.js'
import { isConnected, isUp } from './reports.js'
import type { Sources } from './sources.js'

const CERTIFICATE_EXPIRY = "When the listener's certificate ends to be valid, as Unix time; 0 without TLS"
const QUARANTINED = 'Keys that sign nothing because their device repeated a nonce'

/** Gauges of what is, read whenever somebody asks; `keys` are the only ones that become labels. */
export function showGauges(
  made: Instruments,
  sources: () => Sources,
  isReady: () => boolean,
  keys: ReadonlySet<PublicKeyHash>,
): void {
  made.gauge('ready', 'Whether a signature could be made now', [], (gauge) => {
    gauge.set(isReady() ? 1 : 0)
  })
  made.gauge('device_connected', 'Whether every key has its device', [], (gauge) => {
    gauge.set(isConnected(sources()) ? 1 : 0)
  })
  made.gauge('device_up', 'Whether a device can be asked now', ['device'], (gauge) => {
    for (const device of sources().devices()) gauge.set({ device: device.name }, isUp(device) ? 1 : 0)
  })
  made.gauge('marks_available', 'Whether marks can be raised now', [], (gauge) => {
    gauge.set(sources().marksTrouble?.() === undefined ? 1 : 0)
  })
  made.gauge('queue_depth', 'Requests that wait for the device', [], (gauge) => {
    gauge.set(sources().waiting())
  })
  made.gauge('tls_certificate_expiry_timestamp_seconds', CERTIFICATE_EXPIRY, [], (gauge) => {
    gauge.set((sources().certificateExpiresAt?.()?.getTime() ?? 0) / 1000)
  })
  made.gauge('keys_quarantined', QUARANTINED, [], (gauge) => {
    gauge.set(sources().quarantines().length)
  })
  for (const place of ['level', 'round'] as const) {
    made.gauge(`mark_${place}`, `The ${place} of a high-water mark`, ['chain', 'key', 'kind'], (gauge) => {
      gauge.reset()
      for (const { chain, key, kind, [place]: value } of sources().marks()) {
        if (keys.has(key)) gauge.set({ chain, key, kind }, value)
      }
    })
  }
}
