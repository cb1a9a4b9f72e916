import type { Clock } from '../clock.js'
import { assertNever, type ChainId } from '../tezos/index.js'
import type { ChainHead, HeadAnswer } from './chain-head.js'
import { standingOf, windowRefusal, type HeadWindow, type KnownHead, type Standing } from './head-window.js'
import type { MarkKey, MarkRecord, Wanted } from './mark.js'
import { refuse, type Refusal } from './refusal.js'
import { RestartRule } from './restart-rule.js'

/** What the head check tells the log, once for each change. No field is called `level`: that is a log line's own. */
export type HeadEvent =
  | { readonly event: 'head.known'; readonly chain: ChainId; readonly head: number }
  | {
      readonly event: 'head.unknown'
      readonly chain: ChainId
      readonly reason: string
      readonly onError: 'allow' | 'refuse'
    }
  | ({
      readonly event: 'mark.suspected'
      readonly markLevel: number
      readonly head: number
      readonly signsFrom: number
    } & MarkKey)

export type HeadCheckOptions = HeadWindow & {
  /** What becomes of blocks and votes while the node does not tell its head. */
  readonly onError: 'allow' | 'refuse'
  readonly source: ChainHead
  readonly clock: Clock
  /** The marks as they stand now; those of the construction are judged when the head becomes known. */
  readonly marks: () => readonly MarkRecord[]
  readonly onEvent: (event: HeadEvent) => void
}

/** How long a node may take. It is waited for at most once for a level, and nobody waits in the device's queue meanwhile. */
export const HEAD_TIMEOUT_MS = 300

/** Levels of a chain whose question is remembered. Above it the oldest is forgotten, and asked for again. */
const MAX_LEVELS = 64

/** What is known of one chain. */
type Memory = {
  /** The last head that was told. */
  head: KnownHead | undefined
  /** Why the last question was not answered; `undefined` when it was. */
  trouble: string | undefined
  /** The question in hand: there is one at a time. */
  question: Promise<void> | undefined
  /** By level: the question that its first request brought about. */
  readonly asked: Map<number, Promise<void>>
}

/**
 * Refuses blocks and votes that are too far from the head that a node tells. The first request of a level asks, and
 * waits only where what is known does not allow the level already; what comes later at that level goes by what is
 * known, and where that is no permission the question is asked again behind its back.
 */
export class HeadCheck {
  readonly #options: HeadCheckOptions
  readonly #restart: RestartRule
  /** Only chains that a key's rules allow come here, so there are few. */
  readonly #chains = new Map<ChainId, Memory>()
  readonly #inHand = new Set<(reason: string) => void>()
  #isClosed = false

  constructor(options: HeadCheckOptions) {
    this.#options = options
    this.#restart = new RestartRule(options, options.marks)
  }

  /** Why a block or vote may not be signed, as far as the head tells; `undefined` when it may. It never rejects. */
  async refusalOf(wanted: Wanted): Promise<Refusal | undefined> {
    const suspicion = this.#restart.refusalOf(wanted)
    if (suspicion !== undefined) return suspicion
    const memory = this.#memoryOf(wanted.chain)
    await this.#consult(wanted, memory)
    return this.#restart.refusalOf(wanted) ?? this.#judge(wanted, memory)
  }

  /** Gives up the questions in hand and asks no more. */
  close(): void {
    this.#isClosed = true
    for (const giveUp of this.#inHand) giveUp('the bridge is shutting down')
  }

  /** Asks where there is a reason to; waits for the answer where the request depends on it and is the one to wait. */
  async #consult({ chain, level }: Wanted, memory: Memory): Promise<void> {
    const standing = this.#standing(level, memory)
    const asked = memory.asked.get(level)
    // A head that was told in time but is too old by now makes the level a new one: only then it waits once more.
    const isOutdated = standing === 'perhaps-behind' && memory.trouble === undefined
    if (asked === undefined || isOutdated) {
      const question = this.#ask(chain, memory)
      remember(memory.asked, level, question)
      if (standing !== 'within') await question
    } else if (standing !== 'within') {
      if (memory.question === asked) await asked
      else void this.#ask(chain, memory)
    }
  }

  #judge({ chain, level }: Wanted, { head, trouble }: Memory): Refusal | undefined {
    if (head === undefined) return this.#unknownHead(chain, trouble)
    const standing = standingOf(level, head, this.#options, this.#options.clock.now())
    switch (standing) {
      case 'within':
        return undefined
      case 'behind':
        // Final, whether the node answers now or not.
        return windowRefusal(standing, level, head.level, this.#options)
      case 'ahead':
        if (trouble !== undefined) return this.#unknownHead(chain, trouble)
        return windowRefusal(standing, level, head.level, this.#options)
      case 'perhaps-behind':
        // Without trouble it was waited for just now, and the answer is fresh.
        return trouble === undefined ? undefined : this.#unknownHead(chain, trouble)
      default:
        return assertNever(standing)
    }
  }

  /** What `onError` says. */
  #unknownHead(chain: ChainId, reason = 'it was not asked'): Refusal | undefined {
    if (this.#options.onError === 'allow') return undefined
    const text = `the node of head_check does not tell the head of ${chain}: ${reason}`
    return refuse('head-unknown', `${text}; mend the node, or set head_check.on_error to allow`)
  }

  #standing(level: number, { head }: Memory): Standing | 'unknown' {
    return head === undefined ? 'unknown' : standingOf(level, head, this.#options, this.#options.clock.now())
  }

  /** The question in hand, or a new one. It resolves when what the node said is known here. */
  #ask(chain: ChainId, memory: Memory): Promise<void> {
    memory.question ??= this.#learn(chain, memory)
    return memory.question
  }

  async #learn(chain: ChainId, memory: Memory): Promise<void> {
    const askedAt = this.#options.clock.now()
    const answer = await this.#answerInTime(chain)
    memory.question = undefined
    if (this.#isClosed) {
      memory.trouble ??= 'the bridge is shutting down'
    } else if (answer.outcome === 'unknown') {
      this.#lose(chain, memory, answer.reason)
    } else {
      this.#know(chain, memory, { level: answer.level, askedAt })
    }
  }

  #know(chain: ChainId, memory: Memory, head: KnownHead): void {
    const { onEvent } = this.#options
    const isNews = memory.head === undefined || memory.trouble !== undefined
    memory.head = head
    memory.trouble = undefined
    if (isNews) onEvent({ event: 'head.known', chain, head: head.level })
    for (const { mark, signsFrom } of this.#restart.judge(chain, head.level)) {
      const { key, kind, level: markLevel } = mark
      onEvent({ event: 'mark.suspected', chain, key, kind, markLevel, head: head.level, signsFrom })
    }
  }

  #lose(chain: ChainId, memory: Memory, reason: string): void {
    const { onEvent, onError } = this.#options
    if (memory.trouble === undefined) onEvent({ event: 'head.unknown', chain, reason, onError })
    memory.trouble = reason
  }

  /** One question with its deadline: whoever answers it is told to stop, and is not waited for beyond it. */
  #answerInTime(chain: ChainId): Promise<HeadAnswer> {
    const { source, clock } = this.#options
    const gone = new AbortController()
    return new Promise((resolve, reject) => {
      const settle = (answer: HeadAnswer) => {
        cancel()
        this.#inHand.delete(giveUp)
        resolve(answer)
      }
      const giveUp = (reason: string) => {
        gone.abort()
        settle({ outcome: 'unknown', reason })
      }
      const cancel = clock.after(HEAD_TIMEOUT_MS, () => {
        giveUp(`it did not answer within ${HEAD_TIMEOUT_MS} ms`)
      })
      this.#inHand.add(giveUp)
      if (this.#isClosed) giveUp('the bridge is shutting down')
      else source.head(chain, gone.signal).then(settle, reject)
    })
  }

  #memoryOf(chain: ChainId): Memory {
    const known = this.#chains.get(chain)
    if (known !== undefined) return known
    const memory: Memory = { head: undefined, trouble: undefined, question: undefined, asked: new Map() }
    this.#chains.set(chain, memory)
    return memory
  }
}

function remember(asked: Map<number, Promise<void>>, level: number, question: Promise<void>): void {
  asked.delete(level)
  asked.set(level, question)
  const [oldest] = asked.keys()
  if (asked.size > MAX_LEVELS && oldest !== undefined) asked.delete(oldest)
}
