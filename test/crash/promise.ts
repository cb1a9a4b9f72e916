import type { Exchange } from '../../hw-sim/index.js'
import { MODE } from '../../src/device/tezio/index.js'
import { isConsensus, parseSignable, payloadDigest, toHex } from '../../src/tezos/index.js'

/** Levels that are remembered below the highest one of a chain, key and kind, so that a long run does not grow. */
const REMEMBERED_LEVELS = 1000

/** What was sent for one chain, key and kind: at each level and round the digests of the payloads. */
type Sent = { highest: number; readonly levels: Map<number, Map<number, string>> }

/**
 * The judge of the promise: of all that was ever sent to the board, or to several boards with the same keys, signed or
 * refused there, no two payloads may be for one chain, key, kind, level and round. It believes nobody but the boards: it
 * reads the simulator's log of exchanges, as often as one likes, and takes the payloads apart itself.
 */
export class PromiseJudge {
  /** The places for which the promise was broken, in words. */
  readonly broken: string[] = []
  /** Payloads that were sent for a place for the first time. */
  places = 0
  readonly #sent = new Map<string, Sent>()
  /** The last exchange that was read of each board. */
  readonly #lastRead = new Map<number, number>()

  /** Reads a board's exchanges that it has not read yet. A log that lost some of them proves nothing: it throws. */
  read(log: readonly Exchange[], board = 0): void {
    const [first] = log
    let lastRead = this.#lastRead.get(board) ?? 0
    if (first !== undefined && first.number > lastRead + 1) {
      throw new Error(`the log begins at exchange ${first.number}, and ${lastRead} was the last one read`)
    }
    for (const exchange of log) {
      if (exchange.number <= lastRead) continue
      lastRead = exchange.number
      if (exchange.name === 'SIGN') this.#judge(exchange)
    }
    this.#lastRead.set(board, lastRead)
  }

  /** Whether this very payload is the one that was sent for its place, by the key at this alias; of late levels only. */
  wasSent(alias: number, payload: Uint8Array): boolean {
    const parsed = parseSignable(payload)
    if (parsed.outcome !== 'parsed' || !isConsensus(parsed.signable)) return false
    const { chainId, kind, level, round } = parsed.signable
    const sent = this.#sent.get(nameOf(chainId, alias, kind))
    return sent?.levels.get(level)?.get(round) === toHex(payloadDigest(payload))
  }

  #judge({ number, command }: Exchange): void {
    const { param1: alias, param2: mode, data: payload } = command ?? {}
    if (mode !== MODE.messageRaw || payload === undefined) {
      this.broken.push(`exchange ${number}: a SIGN in mode ${mode}, whose payload nobody can know`)
      return
    }
    const parsed = parseSignable(payload)
    if (parsed.outcome !== 'parsed') {
      this.broken.push(`exchange ${number}: a SIGN for bytes that are no payload`)
      return
    }
    if (!isConsensus(parsed.signable)) return
    const { chainId, kind, level, round } = parsed.signable
    this.#count(nameOf(chainId, alias, kind), level, round, toHex(payloadDigest(payload)))
  }

  #count(name: string, level: number, round: number, digest: string): void {
    const sent = this.#sent.get(name) ?? { highest: level, levels: new Map<number, Map<number, string>>() }
    this.#sent.set(name, sent)
    if (level <= sent.highest - REMEMBERED_LEVELS) {
      this.broken.push(`${name} ${level}/${round}: ${REMEMBERED_LEVELS} levels below ${sent.highest}`)
      return
    }
    const rounds = sent.levels.get(level) ?? new Map<number, string>()
    sent.levels.set(level, rounds)
    const before = rounds.get(round)
    if (before === undefined) this.places += 1
    else if (before !== digest) this.broken.push(`${name} ${level}/${round}: two payloads were sent`)
    rounds.set(round, before ?? digest)
    if (level > sent.highest) this.#forget(sent, level)
  }

  #forget(sent: Sent, highest: number): void {
    sent.highest = highest
    for (const level of sent.levels.keys())
      if (level <= highest - REMEMBERED_LEVELS) sent.levels.delete(level)
  }
}

function nameOf(chain: string, alias: number | undefined, kind: string): string {
  return `${chain} key ${alias} ${kind}`
}

/** The places of a whole log with more than one payload, in words. */
export function brokenPromises(log: readonly Exchange[]): readonly string[] {
  const judge = new PromiseJudge()
  judge.read(log)
  return judge.broken
}
