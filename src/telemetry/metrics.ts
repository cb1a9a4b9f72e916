import type { MarkRecord, SignEvent } from '../policy/index.js'
import type { PublicKeyHash } from '../tezos/index.js'
import type { BridgeEvent } from './bridge-event.js'
import {
  AUTHENTICATION_FAILURES,
  BOARD_REFUSALS,
  codeLabel,
  COMMANDS,
  decisionLabels,
  DEVICE_ERRORS,
  HOOK_FAULTS,
  KINDS,
  MARK_DENIALS,
  NOISE_REASONS,
  POLICY_RULES,
  RULE_LABELS,
  ruleLabel,
  UNKNOWN,
} from './labels.js'
import { EthereumMetrics } from './ethereum-metrics.js'
import { showGauges } from './gauges.js'
import { Instruments } from './instruments.js'
import { collectProcessMetrics } from './process-metrics.js'
import type { Sources } from './sources.js'

export type MetricsOptions = {
  readonly version: string
  /** The configured keys: the only ones that become labels. */
  readonly keys: readonly PublicKeyHash[]
  /** Wall-clock time. */
  readonly now: () => Date
}

const SYNC_BUCKETS = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 3]

/**
 * Counts what happens and shows what is, for Prometheus. docs/metrics.md lists every metric.
 * A series begins with 0 where it can: of one that begins with 1, Prometheus would not see that first event.
 */
export class Metrics {
  readonly #made = new Instruments()
  readonly #options: MetricsOptions
  readonly #keys: ReadonlySet<PublicKeyHash>
  /** The devices that were found before. */
  readonly #wereReady = new Set<string>()

  readonly #requests = this.#made.counter('requests_total', 'Requests by what became of them', [
    ...['key', 'kind', 'outcome', 'code'],
  ])
  readonly #duration = this.#made.histogram(
    'request_duration_seconds',
    'From a request to its answer, unless a rule or a mark refused it',
    ['kind'],
  )
  readonly #queueWait = this.#made.histogram(
    'queue_wait_seconds',
    'From a request to its turn at the device or to its giving up, unless a rule or a mark refused it',
  )
  readonly #roundTrip = this.#made.histogram(
    'device_roundtrip_seconds',
    'Commands that the device answered',
    ['command'],
  )
  readonly #sync = this.#made.histogram(
    'mark_sync_seconds',
    'Raising a mark until it would survive a power cut',
    [],
    SYNC_BUCKETS,
  )
  readonly #takeovers = this.#made.counter(
    'device_takeovers_total',
    'Times a key went to another of its devices',
  )
  readonly #reconnects = this.#made.counter('device_reconnects_total', 'Times the device was found again')
  readonly #deviceErrors = this.#made.counter('device_errors_total', 'Failures of the device and its port', [
    'code',
  ])
  readonly #noise = this.#made.counter('link_noise_total', 'Times bytes came that belong to no reply', [
    'reason',
  ])
  readonly #lateReplies = this.#made.counter('late_replies_total', 'Replies that came after their deadline')
  readonly #verifyFailures = this.#made.counter(
    'signature_verify_failures_total',
    'Signatures of the device that were withheld because they did not verify',
  )
  readonly #denials = this.#made.counter(
    'mark_denials_total',
    "Requests that a high-water mark or the chain's head forbade",
    ['code'],
  )
  readonly #journalErrors = this.#made.counter('journal_errors_total', 'Times the journal could not be used')
  readonly #repeated = this.#made.counter(
    'repeated_signatures_total',
    'Stored signatures that were given again',
  )
  readonly #lastSignature = this.#made.gauge(
    'last_signature_timestamp_seconds',
    'When the device last signed, as Unix time',
    ['key', 'kind'],
  )
  readonly #authentication = this.#made.counter('auth_failures_total', 'Requests that were not authenticated')
  readonly #policyDenials = this.#made.counter('policy_denials_total', 'Requests that a rule forbade', [
    'rule',
  ])

  readonly #ethereum = new EthereumMetrics(this.#made)
  readonly #hookErrors = this.#made.counter('hook_errors_total', 'Questions without an answer', ['reason'])

  constructor(options: MetricsOptions) {
    this.#options = options
    this.#keys = new Set(options.keys)
    this.#made
      .gauge('build_info', 'The version that runs', ['version', 'node'])
      .set({ version: options.version, node: process.version }, 1)
    this.#begin()
    collectProcessMetrics(this.#made.registry)
  }

  /** Shows what is, from now on. Called once; `sources` may change what they read. */
  show(sources: () => Sources, isReady: () => boolean): void {
    this.#recall(sources().marks())
    showGauges(this.#made, sources, isReady, this.#keys)
  }

  observe(event: BridgeEvent): void {
    switch (event.event) {
      case 'signature.decided':
        this.#decided(event)
        break
      case 'request.refused':
        if (event.listener !== 'admin') this.#refused(event.code)
        break
      case 'device.command-finished':
        this.#finished(event)
        break
      case 'device.open-failed':
        this.#deviceErrors.inc({ code: event.code })
        break
      case 'device.lost':
        this.#deviceErrors.inc({ code: 'device-lost' })
        break
      case 'device.ready':
        if (this.#wereReady.has(event.device)) this.#reconnects.inc()
        this.#wereReady.add(event.device)
        break
      case 'device.took-over':
        this.#takeovers.inc()
        break
      case 'device.noise-discarded':
        this.#noise.inc({ reason: event.while })
        break
      case 'device.late-reply-discarded':
        this.#lateReplies.inc()
        break
      case 'hook.unavailable':
        this.#hookErrors.inc({ reason: event.code })
        break
      case 'journal.write-failed':
        this.#journalErrors.inc()
        break
      case 'ethereum.decided':
        this.#ethereum.decided(event)
        break
      default: // nothing that is counted
    }
  }

  async read(): Promise<{ readonly contentType: string; readonly text: string }> {
    return { contentType: this.#made.registry.contentType, text: await this.#made.registry.metrics() }
  }

  /** What can be known beforehand begins with 0. */
  #begin(): void {
    for (const kind of KINDS) {
      for (const key of this.#keys) this.#requests.inc({ key, kind, outcome: 'signed', code: '' }, 0)
      this.#duration.zero({ kind })
    }
    for (const command of COMMANDS) this.#roundTrip.zero({ command })
    for (const code of MARK_DENIALS) this.#denials.inc({ code }, 0)
    for (const code of DEVICE_ERRORS) this.#deviceErrors.inc({ code }, 0)
    for (const rule of RULE_LABELS) this.#policyDenials.inc({ rule }, 0)
    for (const reason of HOOK_FAULTS) this.#hookErrors.inc({ reason }, 0)
    for (const reason of NOISE_REASONS) this.#noise.inc({ reason }, 0)
  }

  /** What was signed last before this process began, over all chains, as far as marks tell. */
  #recall(marks: readonly MarkRecord[]): void {
    const signed = marks.filter(({ key, signature }) => signature !== undefined && this.#keys.has(key))
    const oldestFirst = signed
      .map(({ key, kind, raisedAt }) => ({ key, kind, at: Date.parse(raisedAt) / 1000 }))
      .sort((left, right) => left.at - right.at)
    for (const { key, kind, at } of oldestFirst) this.#lastSignature.set({ key, kind }, at)
  }

  #finished({ command, outcome, ms }: Extract<BridgeEvent, { event: 'device.command-finished' }>): void {
    if (outcome !== 'answered') {
      // The loss of the port has an event of its own.
      if (outcome !== 'device-lost') this.#deviceErrors.inc({ code: outcome })
    } else if (COMMANDS.includes(command)) this.#roundTrip.observe({ command }, ms / 1000)
  }

  #decided(event: SignEvent): void {
    const { outcome } = event
    const code = codeLabel(event.code)
    const { key, kind } = decisionLabels(this.#keys, event)
    this.#requests.inc({ key, kind, outcome, code })
    // What is refused from memory takes no time; counted in, a flood of it would hide that signatures are slow.
    if (event.admitted && !MARK_DENIALS.includes(code) && !POLICY_RULES.includes(code)) {
      this.#queueWait.observe(event.queueMs / 1000)
      this.#duration.observe({ kind }, event.totalMs / 1000)
    }
    if (event.syncMs > 0 && event.verdict === 'advance') this.#sync.observe(event.syncMs / 1000)
    if (outcome === 'signed') this.#lastSignature.set({ key, kind }, this.#options.now().getTime() / 1000)
    if (outcome === 'repeated') this.#repeated.inc()
    if (MARK_DENIALS.includes(code)) this.#denials.inc({ code })
    if (POLICY_RULES.includes(code)) this.#policyDenials.inc({ rule: ruleLabel(code, event.rule) })
    if (AUTHENTICATION_FAILURES.includes(code)) this.#authentication.inc()
    if (code === 'signature-invalid') this.#verifyFailures.inc()
    const boardRefusal = BOARD_REFUSALS.get(code)
    if (boardRefusal !== undefined) this.#deviceErrors.inc({ code: boardRefusal })
  }

  #refused(code: string): void {
    this.#requests.inc({ key: UNKNOWN, kind: UNKNOWN, outcome: 'refused', code: codeLabel(code) })
    if (POLICY_RULES.includes(code)) this.#policyDenials.inc({ rule: ruleLabel(code, undefined) })
  }
}
