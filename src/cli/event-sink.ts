import type { BridgeEvent, Telemetry } from '../telemetry/index.js'
import { assertNever } from '../tezos/index.js'
import type { Log, LogLevel } from './log.js'

/** Where a part reports what happens to it. */
export type EventSink = (event: BridgeEvent) => void

/** Where all parts report to: telemetry, and one line for each event, as loud as it deserves. */
export function eventSink(log: Log, telemetry: Pick<Telemetry, 'observe'>): EventSink {
  return (event) => {
    tell(telemetry, event, log)
    log.write(levelOf(event), isForeign(event) ? { ...event, remedy: FOREIGN_WRITER } : event)
  }
}

/** Whoever reports is in the middle of a signature: what goes wrong in counting it must not become its failure. */
function tell(telemetry: Pick<Telemetry, 'observe'>, event: BridgeEvent, log: Log): void {
  try {
    telemetry.observe(event)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    log.write('error', { event: 'telemetry.failed', of: event.event, reason })
  }
}

/** Bytes that answer no command of ours: somebody else asks the board. */
const FOREIGN_WRITER =
  'another program seems to use the port, often ModemManager: stop it, or keep it away from the board with a udev rule'

function isForeign(event: BridgeEvent): boolean {
  return event.event === 'device.sync-lost' && event.reason === 'stray-bytes'
}

/** Where whatever a request threw goes. */
export function faultSink(log: Log): (error: unknown) => void {
  return (error) => {
    log.write('error', {
      event: 'request.failed',
      reason: error instanceof Error ? error.stack : String(error),
    })
  }
}

/** How much an operator has to care. */
function levelOf(event: BridgeEvent): LogLevel {
  switch (event.event) {
    case 'device.command-finished':
      return 'debug'
    case 'signature.decided':
    case 'ethereum.decided':
      return event.outcome === 'refused' ? 'warn' : 'info'
    case 'device.opened':
      return event.simulated ? 'warn' : 'info'
    case 'device.ready':
    case 'device.resynced':
    case 'head.known':
    case 'hook.answered':
    case 'marks.available':
    case 'marks.connected':
    case 'journal.reopened':
    case 'journal.rolled':
    case 'config.reloaded':
    case 'vault.unlocked':
      return 'info'
    case 'marks.unavailable':
    case 'marks.went-back':
    case 'journal.write-failed':
    case 'signature.not-stored':
    case 'key.quarantined':
    case 'config.reload-refused':
    case 'vault.not-unlocked':
      return 'error'
    case 'accounts.not-settled':
    case 'device.open-failed':
    case 'marks.connection-lost':
    case 'dynamodb.asked-again':
    case 'device.took-over':
    case 'device.lost':
    case 'device.sync-lost':
    case 'device.noise-discarded':
    case 'device.late-reply-discarded':
    case 'head.unknown':
    case 'hook.unavailable':
    case 'mark.suspected':
    case 'journal.torn-line-dropped':
    case 'request.refused':
    case 'tls.handshake-failed':
    case 'tls.certificate-expiring':
      return 'warn'
    default:
      return assertNever(event)
  }
}
