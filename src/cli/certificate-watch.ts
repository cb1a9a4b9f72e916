import type { Clock } from '../clock.js'
import type { Credentials } from '../config/index.js'
import type { Warning } from '../server/index.js'
import { REMEDIES } from '../telemetry/index.js'
import type { EventSink } from './event-sink.js'

/** Renewals are usually made a month before the end: one that is later than this was forgotten. */
const WARNED_MS = 14 * 24 * 60 * 60 * 1000
/** How often the log is told. */
const REPEATED_MS = 24 * 60 * 60 * 1000

/** That a certificate ends within 14 days, or has ended, in words; `undefined` while there is time. */
export function expiryText(expiresAt: Date, now: Date): string | undefined {
  const leftMs = expiresAt.getTime() - now.getTime()
  if (leftMs > WARNED_MS) return undefined
  const at = expiresAt.toISOString()
  if (leftMs <= 0) return `the certificate of server.tls has expired on ${at}: clients refuse it`
  const days = Math.floor(leftMs / REPEATED_MS)
  const left = days === 0 ? 'within a day' : `in ${days} ${days === 1 ? 'day' : 'days'}`
  return `the certificate of server.tls expires ${left}, on ${at}`
}

/** The same for an operator, with the remedy. */
export function expiryWarnings(tls: Credentials['tls'], now: Date): readonly Warning[] {
  const message = tls && expiryText(tls.expiresAt, now)
  if (message === undefined) return []
  return [{ code: 'certificate-expiring', message, remedy: REMEDIES['certificate-expiring'], at: undefined }]
}

/** Tells the log each day that the certificate in force is near its end. */
export class CertificateWatch {
  readonly #clock: Clock
  readonly #onEvent: EventSink
  readonly #now: () => Date
  #cancel: () => void = () => undefined

  /** `now` is wall-clock time. */
  constructor(clock: Clock, onEvent: EventSink, now: () => Date = () => new Date()) {
    this.#clock = clock
    this.#onEvent = onEvent
    this.#now = now
  }

  /** Another certificate came into force, or none. */
  watch(tls: Credentials['tls']): void {
    this.#cancel()
    if (tls === undefined) return
    const reason = expiryText(tls.expiresAt, this.#now())
    const expiresAt = tls.expiresAt.toISOString()
    if (reason !== undefined) this.#onEvent({ event: 'tls.certificate-expiring', expiresAt, reason })
    this.#cancel = this.#clock.after(REPEATED_MS, () => {
      this.watch(tls)
    })
  }

  close(): void {
    this.#cancel()
  }
}
