import type {
  ChainHead,
  HeadAnswer,
  HeadCheckOptions,
  HeadEvent,
  MarkRecord,
} from '../../src/policy/index.js'
import { HeadCheck } from '../../src/policy/index.js'
import type { ChainId } from '../../src/tezos/index.js'
import { ManualClock, TZ1, MAINNET, digestOf } from './fixture.js'

/** A node whose answers are given by hand, or at once as long as `tells` is set. */
export class HandHead implements ChainHead {
  /** What is answered at once. */
  tells: HeadAnswer | undefined
  readonly questions: { readonly chain: ChainId; readonly signal: AbortSignal }[] = []
  readonly #open: ((answer: HeadAnswer) => void)[] = []

  constructor(level?: number) {
    if (level !== undefined) this.tell(level)
  }

  readonly head = (chain: ChainId, signal: AbortSignal): Promise<HeadAnswer> => {
    this.questions.push({ chain, signal })
    if (this.tells !== undefined) return Promise.resolve(this.tells)
    return new Promise((resolve) => this.#open.push(resolve))
  }

  /** From now on the head is this one; open questions get it as well. */
  tell(level: number): void {
    this.#answer({ outcome: 'head', level })
  }

  /** From now on there is no answer that can be used. */
  fail(reason = 'it is not there'): void {
    this.#answer({ outcome: 'unknown', reason })
  }

  /** From now on there is no answer. */
  hang(): void {
    this.tells = undefined
  }

  #answer(answer: HeadAnswer): void {
    this.tells = answer
    for (const resolve of this.#open.splice(0)) resolve(answer)
  }
}

/** A mark that a request raised, unless told otherwise. */
export function markAt(level: number, rest: Partial<MarkRecord> = {}): MarkRecord {
  return {
    ...{ chain: MAINNET, key: TZ1, kind: 'attestation', level, round: 0, digest: digestOf(level) },
    ...{ signature: undefined, raisedAt: '2026-01-01T00:00:00.000Z', ...rest },
  }
}

/** A head check with a window of 2 levels ahead and 10 behind, and its marks, which can be exchanged. */
export function headCheck(source: ChainHead, options: Partial<HeadCheckOptions> = {}) {
  const clock = new ManualClock()
  const events: HeadEvent[] = []
  const state: { marks: readonly MarkRecord[] } = { marks: options.marks?.() ?? [] }
  const check = new HeadCheck({
    ...{ maxAhead: 2, maxBehind: 10, onError: 'refuse', source, clock },
    ...options,
    marks: () => state.marks,
    onEvent: (event) => events.push(event),
  })
  return { check, clock, events, state }
}

/** Lets everything that is ready to go on go on. */
export const settled = () => new Promise<void>((resolve) => setImmediate(resolve))
