import { setTimeout as passing } from 'node:timers/promises'
import { decodeSignature, payloadDigest, toHex, verifierOf } from '../../src/tezos/index.js'
import type { Place, Which } from '../crash/place.js'
import { transcriptKeys } from '../device/support.js'
import type { HostIndex, Manner } from './race-plan.js'
import type { RaceReport } from './race-report.js'
import type { Host, TwoHosts } from './two-hosts.js'

/** How a client that keeps asking ended: with a signature, because another payload was let through, or with nothing. */
export type End = 'signed' | 'other' | 'missed'

/** One answer to a client. */
type Said = 'signed' | 'other' | 'refused'

/** A whole path must give a signature within this time: two deadlines of a raise, a reading of the table, and this machine. */
const DEADLINE_MS = 10_000
const RETRY_MS = 20

/** What may be answered while something is broken. */
const OUTAGE_CODES: ReadonlySet<string> = new Set([
  'gone',
  'marks-unavailable',
  'device-unavailable',
  'device-lost',
  'device-reply-damaged',
  'device-timeout',
  'deadline-passed',
  'signature-lost',
])

/** A client for one payload. Once it is served it has gone on, and whatever is still said to it is late. */
type Client = { readonly place: Place; readonly which: Which; isServed: boolean }

/** What was heard. */
type Heard = { readonly place: Place; readonly which: Which }

/** Clients of both hosts, and what they heard. */
export class Clients {
  readonly #hosts: TwoHosts
  readonly #report: RaceReport
  readonly #curve = transcriptKeys().p256.publicKey.curve
  readonly #verifies = verifierOf(transcriptKeys().p256.publicKey)
  #heard: Heard[] = []
  /** By place: what was let through, and the signature that each host gave. Only the last places are kept. */
  readonly #signed = new Map<Place, { readonly which: Which; readonly signatures: Map<Host, string> }>()
  readonly #asking = new Set<Promise<Said>>()
  /** The last payload of each kind that was signed. */
  readonly #last = new Map<Place['kind'], Heard>()

  constructor(hosts: TwoHosts, report: RaceReport) {
    this.#hosts = hosts
    this.#report = report
  }

  /** What was heard since this was called last. */
  takeHeard(): readonly Heard[] {
    const heard = this.#heard
    this.#heard = []
    for (const place of this.#signed.keys()) if (this.#signed.size > 50) this.#signed.delete(place)
    return heard
  }

  /** Resolves when no request is on its way any more. */
  async ended(): Promise<void> {
    await Promise.all(this.#asking)
  }

  /**
   * Keeps asking for one payload, as a baker does, until it is signed or another one was. `missed` when a path was
   * whole for the whole deadline and nothing came of it.
   */
  async insist(place: Place, which: Which, manner: Manner, first: HostIndex): Promise<End> {
    const client: Client = { place, which, isServed: false }
    const startedAt = performance.now()
    const codes = new Map<Host, string>()
    for (let attempt = 0; ; attempt += 1) {
      const asked = manner === 'turns' ? [this.#host(first + attempt)] : this.#hosts.list
      const answers = asked.map((host) => this.#ask(client, host, codes))
      const said = manner === 'hasty' ? [await firstSigned(answers)] : await Promise.all(answers)
      const end = said.find((one) => one !== 'refused')
      if (end !== undefined) {
        client.isServed = true
        this.#report.slowestPlaceMs = Math.max(this.#report.slowestPlaceMs, performance.now() - startedAt)
        return end
      }
      if (this.#wholeMs(startedAt, codes) > DEADLINE_MS) {
        this.#report.misses += 1
        return 'missed'
      }
      await this.#restartIfLost(codes, first)
      await passing(RETRY_MS)
    }
  }

  /** Asks both hosts once more for what was signed. */
  async repeat(place: Place, which: Which): Promise<void> {
    const client: Client = { place, which, isServed: false }
    const said = await Promise.all(this.#hosts.list.map((host) => this.#ask(client, host)))
    this.#report.repeats += said.filter((one) => one === 'signed').length
    if (said.includes('other')) this.#fault(client, 'a payload that was signed became a conflict')
  }

  /** Asks for another payload than the one that was signed: nobody may sign it. */
  async attack(place: Place, which: Which, first: HostIndex): Promise<void> {
    await this.#ask({ place, which, isServed: false }, this.#host(first + 1))
  }

  /** What is wrong with the table at the end: each mark is the last payload signed, with a signature of it. */
  async faultsOfTable(): Promise<readonly string[]> {
    const rows = await this.#hosts.cluster.sql(
      'SELECT kind, level, round, digest, signature FROM tezio_bridge.marks',
    )
    return [...this.#last.values()].flatMap(({ place, which }) => {
      const row = rows.find((one) => one['kind'] === place.kind)
      const digest = payloadDigest(place.payloads[which])
      const isThere =
        row?.['level'] === place.level && row['round'] === place.round && row['digest'] === toHex(digest)
      if (!isThere)
        return [`the table has ${JSON.stringify(row)} where ${place.kind} ${place.level} was last`]
      if (row['signature'] === null) return []
      const signature = Buffer.from(JSON.stringify(row['signature']).slice(1, -1), 'hex')
      return this.#verifies(digest, signature) ? [] : [`${place.kind}: no signature of it`]
    })
  }

  #host(number: number): Host {
    return this.#hosts.list[number % 2 === 0 ? 0 : 1]
  }

  #ask(client: Client, host: Host, codes?: Map<Host, string>): Promise<Said> {
    const asking = this.#answer(client, host, codes).finally(() => this.#asking.delete(asking))
    this.#asking.add(asking)
    return asking
  }

  async #answer(client: Client, host: Host, codes?: Map<Host, string>): Promise<Said> {
    this.#report.requests += 1
    const { signature, code = '' } = await host.ask(client.place.payloads[client.which])
    codes?.set(host, code)
    if (signature !== undefined) {
      this.#hear(client, host, signature)
      return 'signed'
    }
    if (code === 'conflicts-with-mark') {
      this.#report.conflicts += 1
      return 'other'
    }
    this.#report.refusals.set(code, (this.#report.refusals.get(code) ?? 0) + 1)
    const isLate = client.isServed && code === 'below-mark'
    if (!isLate && !OUTAGE_CODES.has(code)) this.#fault(client, `refused with ${code}`)
    return 'refused'
  }

  #hear(client: Client, host: Host, text: string): void {
    const { place, which } = client
    this.#report.signed += 1
    const signature = decodeSignature(this.#curve, text)
    const digest = payloadDigest(place.payloads[which])
    if (signature === undefined || !this.#verifies(digest, signature)) {
      this.#fault(client, 'the signature is none')
    }
    this.#heard.push({ place, which })
    this.#last.set(place.kind, { place, which })
    const before = this.#signed.get(place) ?? { which, signatures: new Map<Host, string>() }
    this.#signed.set(place, before)
    if (before.which !== which) this.#fault(client, 'both payloads were signed')
    const own = before.signatures.get(host)
    if (own !== undefined && own !== text) this.#fault(client, 'one host gave two signatures of one payload')
    if ([...before.signatures.values()].some((one) => one !== text)) this.#report.otherSignatures += 1
    before.signatures.set(host, text)
  }

  /** How long a path was whole while a client asked. A board that has signed and was not heard is none for this payload. */
  #wholeMs(startedAt: number, codes: ReadonlyMap<Host, string>): number {
    const { list, databaseSince } = this.#hosts
    if (databaseSince === undefined) return 0
    const since = list.flatMap((host) =>
      codes.get(host) === 'signature-lost' || host.wholeSince === undefined ? [] : [host.wholeSince],
    )
    return performance.now() - Math.max(startedAt, databaseSince, Math.min(...since, performance.now()))
  }

  /** Where both boards have signed and neither was heard, an operator restarts one. */
  async #restartIfLost(codes: ReadonlyMap<Host, string>, first: HostIndex): Promise<void> {
    if (!this.#hosts.list.every((host) => codes.get(host) === 'signature-lost')) return
    const host = this.#host(first)
    if (host.isDisturbed) return
    this.#report.boardRestarts += 1
    await host.replugBoard()
  }

  #fault({ place: { kind, level, round }, which }: Client, what: string): void {
    this.#report.faults.push(`${kind} ${level}/${round}, payload ${which}: ${what}`)
  }
}

/** The first answer that settles it; the last one where none does. */
async function firstSigned(answers: readonly Promise<Said>[]): Promise<Said> {
  const settling = answers.map(async (answer) => {
    const said = await answer
    if (said === 'refused') throw new Error(said)
    return said
  })
  return Promise.any(settling).catch(() => 'refused' as const)
}
