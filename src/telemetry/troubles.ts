import { assertNever, chainName } from '../tezos/index.js'
import type { SignEvent } from '../policy/index.js'
import type { Warning } from '../server/index.js'
import type { BridgeEvent } from './bridge-event.js'
import { isTroubleCode, REMEDIES, type TroubleCode } from './remedies.js'

/** How long a trouble that happened once is shown. */
const SHOWN_MS = 60 * 60 * 1000

type Trouble = {
  readonly code: TroubleCode
  readonly message: string
  readonly at: Date
  readonly count: number
}

/** What went wrong in the last hour, one entry for each code; what is over is taken back. */
export class Troubles {
  readonly #now: () => Date
  readonly #seen = new Map<TroubleCode, Trouble>()
  /** The devices that were found before. */
  readonly #wereReady = new Set<string>()

  /** `now` is wall-clock time. */
  constructor(now: () => Date) {
    this.#now = now
  }

  observe(event: BridgeEvent): void {
    switch (event.event) {
      case 'signature.decided':
        this.#decided(event)
        break
      case 'device.ready':
        if (this.#wereReady.has(event.device)) {
          this.#note('device-reconnects', `the board ${event.device} was lost and found again`)
        }
        this.#wereReady.add(event.device)
        break
      case 'device.took-over':
        this.#note(
          'spare-took-over',
          `${event.device} signs for ${event.key} instead of ${event.instead}: ${event.reason}`,
        )
        break
      case 'device.sync-lost':
        if (event.reason === 'stray-bytes') this.#note('foreign-writer', 'the board answered somebody else')
        break
      case 'device.late-reply-discarded':
        this.#note('late-replies', 'a reply of the board came too late and was thrown away')
        break
      case 'journal.write-failed':
        this.#note('journal-failed', `the journal could not be written: ${event.reason}`)
        break
      case 'journal.reopened':
        this.#seen.delete('journal-failed')
        break
      case 'head.unknown':
        this.#note(
          'head-unknown',
          `the node does not tell the head of ${chainName(event.chain)}: ${event.reason}`,
        )
        break
      case 'head.known':
        this.#seen.delete('head-unknown')
        break
      case 'hook.unavailable':
        this.#note('hook-unavailable', `the hook of ${event.key} gave no answer: ${event.reason}`)
        break
      case 'hook.answered':
        this.#seen.delete('hook-unavailable')
        break
      case 'mark.suspected':
        this.#note(
          'mark-suspected',
          `the mark of ${event.key} for a ${event.kind} is far below the head: it signs from level ${event.signsFrom} on`,
        )
        break
      case 'config.reload-refused':
        this.#note('reload-refused', `the configuration was not reloaded: ${event.reason}`)
        break
      case 'config.reloaded':
        this.#seen.delete('reload-refused')
        break
      case 'device.opened':
      case 'device.open-failed':
      case 'device.lost':
      case 'device.resynced':
      case 'device.noise-discarded':
      case 'device.command-finished':
      case 'journal.torn-line-dropped':
      case 'journal.rolled':
      case 'signature.not-stored':
      case 'key.quarantined':
      case 'ethereum.decided':
      case 'vault.unlocked':
      case 'vault.not-unlocked': // whoever typed it looks at the log
      case 'accounts.not-settled': // no account that was answered is missing
      case 'request.refused':
      case 'tls.handshake-failed':
      case 'marks.unavailable': // the sources warn of these as long as they last
      case 'marks.available':
      case 'marks.went-back':
      case 'marks.connected':
      case 'marks.connection-lost':
      case 'dynamodb.asked-again':
      case 'tls.certificate-expiring': // the sources warn of it as long as it lasts
        break
      default:
        assertNever(event)
    }
  }

  /** The troubles of the last hour, the newest first. */
  warnings(): readonly Warning[] {
    const since = this.#now().getTime() - SHOWN_MS
    for (const [code, { at }] of this.#seen) if (at.getTime() < since) this.#seen.delete(code)
    return [...this.#seen.values()]
      .sort((left, right) => right.at.getTime() - left.at.getTime())
      .map(({ code, message, at, count }) => ({
        code,
        message: count === 1 ? message : `${message} (${count} times)`,
        remedy: REMEDIES[code],
        at: at.toISOString(),
      }))
  }

  #decided({ code, reason = '', key }: SignEvent): void {
    switch (code) {
      case 'conflicts-with-mark':
        this.#note('conflicting-payload', `${key} was asked for a second payload at one level and round`)
        break
      case 'authentication-missing':
      case 'authentication-invalid':
        this.#note('authentication-failures', `a request was not authenticated: ${reason}`)
        break
      case 'signature-lost':
        this.#note('device-watermark', reason)
        break
      default:
        if (code !== undefined && DECIDED.includes(code) && isTroubleCode(code)) this.#note(code, reason)
    }
  }

  #note(code: TroubleCode, message: string): void {
    const count = (this.#seen.get(code)?.count ?? 0) + 1
    this.#seen.set(code, { code, message, at: this.#now(), count })
  }
}

/** Refusals that an operator has to know of, and that are shown under their own code. */
const DECIDED: readonly string[] = [
  'level-gap',
  'signature-invalid',
  'device-watermark',
  'device-policy',
  'device-failed',
  'device-refused',
  'device-timeout',
  'device-reply-damaged',
]
