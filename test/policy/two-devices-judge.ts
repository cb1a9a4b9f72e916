import type { SignResult } from '../../src/policy/index.js'
import { decodeSignature, payloadDigest, toHex, verifySignature } from '../../src/tezos/index.js'
import { block, vote } from '../tezos/build-payload.js'
import { settle } from './coming-device.js'
import { codeOf, TwinBench, type TwinKey } from './twin-boards.js'

const MINUTE_MS = 60_000

type Side = 'left' | 'right'
const SIDES: readonly Side[] = ['left', 'right']

/** What a client wants: `ahead` is counted from the highest level that was asked for with this key. */
export type Wish = {
  readonly of: TwinKey
  readonly isBlock: boolean
  readonly ahead: number
  readonly round: number
  /** Which of the payloads for the place. */
  readonly variant: number
}

/** A request, and what became of it. */
type Asked = {
  readonly of: TwinKey
  readonly payload: Uint8Array
  readonly deadlineAt: number
  /** Those of the key's boards that were there all the time since it came. */
  readonly alwaysReady: Set<Side>
  result: SignResult | undefined
  isJudged: boolean
}

/** A history of one bridge with two boards, judged by what both boards got and all clients heard. */
export class Judge {
  readonly bench: TwinBench
  /** What broke the promise, in words. */
  readonly broken: string[] = []
  readonly #keys: readonly TwinKey[]
  readonly #asked: Asked[] = []
  readonly #top = new Map<TwinKey, number>()
  /** By key and payload, the place that it is for. */
  readonly #places = new Map<string, string>()
  /** By key and payload, the signature that was given out. */
  readonly #released = new Map<string, string>()

  constructor(keys: readonly TwinKey[]) {
    this.#keys = keys
    this.bench = new TwinBench(keys)
  }

  /** How many payloads were given out, for how many of them both boards were asked, and who waits. */
  get counts(): { readonly released: number; readonly byBoth: number; readonly unanswered: number } {
    const { left, right } = this.bench
    const [atLeft, atRight] = [left, right].map(({ log }) => new Set(log.map(nameOf)))
    return {
      released: this.#released.size,
      byBoth: [...this.#released.keys()].filter((name) => atLeft?.has(name) && atRight?.has(name)).length,
      unanswered: this.#open.length,
    }
  }

  ask(wish: Wish, patienceMs: number): void {
    this.#send(wish.of, this.#payloadOf(wish), patienceMs)
  }

  /** Asks for what was asked for last with this key. */
  askAgain(of: TwinKey, patienceMs: number): void {
    const last = this.#asked.findLast((asked) => asked.of === of)
    if (last !== undefined) this.#send(of, last.payload, patienceMs)
  }

  /** A board comes or goes. */
  become(side: Side, state: 'up' | 'away' | 'syncing'): void {
    if (state !== 'up') for (const { alwaysReady } of this.#asked) alwaysReady.delete(side)
    this.bench[side].become(state)
  }

  /** Lets time pass, in small steps while anybody waits, looking at each. */
  async pass(ms: number): Promise<void> {
    for (let left = ms; left > 0;) {
      const stepMs = this.#open.length > 0 ? Math.min(left, 100) : left
      this.bench.clock.advance(stepMs)
      left -= stepMs
      await this.look()
    }
  }

  /** Judges what is to be seen now. */
  async look(): Promise<void> {
    await settle()
    for (const asked of this.#asked) if (asked.result !== undefined) this.#hear(asked, asked.result)
    for (const of of this.#keys) this.#lookAt(of)
  }

  /** Judges what both boards got, from the first to the last. */
  readLogs(): void {
    const { log } = this.bench
    const payloads = new Map<string, string>()
    for (const entry of log) {
      const name = nameOf(entry)
      const place = this.#places.get(name) ?? 'nobody asked for'
      if ((payloads.get(place) ?? name) !== name) this.broken.push(`two payloads went out for ${place}`)
      payloads.set(place, name)
    }
    for (const { key, rules } of this.#keys) {
      const times = log.flatMap(({ at, key: used }) => (used === key.hash ? [at] : []))
      const most = Math.max(
        0,
        ...times.map((end) => times.filter((at) => at <= end && at > end - MINUTE_MS).length),
      )
      if (most > (rules?.perMinute ?? Infinity)) this.broken.push(`${most} signatures by ${key.hash} in 60 s`)
    }
    for (const name of this.#released.keys()) {
      if (![...payloads.values()].includes(name)) this.broken.push(`${name} was given out and never sent`)
    }
  }

  get #open(): readonly Asked[] {
    return this.#asked.filter(({ result }) => result === undefined)
  }

  #send(of: TwinKey, payload: Uint8Array, patienceMs: number): void {
    const deadlineAt = this.bench.clock.now() + patienceMs
    const alwaysReady = new Set(of.boards.filter((side) => this.bench[side].isUp))
    const asked: Asked = { of, payload, deadlineAt, alwaysReady, result: undefined, isJudged: false }
    this.#asked.push(asked)
    void this.bench.ask(of, payload, { deadlineAt }).then((result) => {
      asked.result = result
    })
  }

  #payloadOf({ of, isBlock, ahead, round, variant }: Wish): Uint8Array {
    const top = this.#top.get(of) ?? 1000
    const level = top + ahead
    this.#top.set(of, Math.max(top, level))
    const payload = isBlock
      ? block({ level, round, payloadRound: 0, predecessorRound: -1 - variant })
      : vote({ tag: variant === 0 ? 0x15 : 0x17, level, round })
    const place = `${of.key.hash} ${isBlock ? 'block' : 'attestation'} ${level}/${round}`
    this.#places.set(nameOf({ key: of.key.hash, payload }), place)
    return payload
  }

  #hear(asked: Asked, result: SignResult): void {
    if (asked.isJudged) return
    asked.isJudged = true
    const { of, payload, alwaysReady } = asked
    if (codeOf(result) === 'device-unavailable' && alwaysReady.size > 0) {
      this.broken.push(`refused with device-unavailable, and ${[...alwaysReady].join()} was ready`)
    }
    if (result.outcome !== 'signed') return
    const name = nameOf({ key: of.key.hash, payload })
    const before = this.#released.get(name)
    if (before === undefined && !isRight(of, payload, result.signature)) {
      this.broken.push(`a signature of ${name} is none`)
    }
    if ((before ?? result.signature) !== result.signature) this.broken.push(`two signatures of ${name}`)
    this.#released.set(name, result.signature)
  }

  /** A key is at one board at most, and whoever waits past the deadline is in hand there. */
  #lookAt(of: TwinKey): void {
    const inHand = SIDES.flatMap((side) => this.bench[side].work ?? []).filter(
      ({ key }) => key === of.key.hash,
    )
    if (inHand.length > 1) this.broken.push(`${of.key.hash} is at both boards`)
    const now = this.bench.clock.now()
    const overdue = this.#open.filter((asked) => asked.of === of && asked.deadlineAt <= now)
    const [work] = inHand
    if (overdue.length > 1) this.broken.push(`${overdue.length} wait past their deadline`)
    for (const { payload } of overdue) {
      if (payload !== work?.payload) this.broken.push('one waits past the deadline, and no board is at it')
    }
  }
}

function nameOf({ key, payload }: { readonly key: string; readonly payload: Uint8Array }): string {
  return `${key} ${toHex(payloadDigest(payload))}`
}

function isRight({ key }: TwinKey, payload: Uint8Array, text: string): boolean {
  const signature = decodeSignature(key.curve, text)
  return signature !== undefined && verifySignature(key.publicKey, payloadDigest(payload), signature)
}
