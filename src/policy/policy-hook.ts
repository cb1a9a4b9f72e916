import type { Clock } from '../clock.js'
import { assertNever, type PublicKeyHash } from '../tezos/index.js'
import { turnRefusal } from './explain.js'
import type { HookQuestion } from './hook-question.js'
import { refuse, type Refusal } from './refusal.js'
import type { Patience, TurnRefusal } from './turns.js'

/**
 * Why a hook gave no answer: `timeout`, `connection-failed`, `bad-status` (not 200), `too-long`, `malformed` (not the
 * reply that is expected), `not-signed` (by the configured key), `wrong-nonce` (the answer to another question).
 */
export type HookFault =
  'timeout' | 'connection-failed' | 'bad-status' | 'too-long' | 'malformed' | 'not-signed' | 'wrong-nonce'

/** What a hook said; `reason` is in words without an address, and printable. */
export type HookAnswer =
  | { readonly outcome: 'allowed' }
  | { readonly outcome: 'refused'; readonly reason: string }
  | { readonly outcome: 'silent'; readonly code: HookFault; readonly reason: string }

/** What the policy needs of a hook, whatever speaks to it. It never rejects, and gives up when `signal` is aborted. */
export type AskHook = (question: HookQuestion, signal: AbortSignal) => Promise<HookAnswer>

/** What a hook tells the log: each time that it gave no answer, and the first answer after that. */
export type HookEvent =
  | {
      readonly event: 'hook.unavailable'
      readonly key: PublicKeyHash
      readonly code: HookFault
      readonly reason: string
      readonly onError: 'allow' | 'refuse'
    }
  | { readonly event: 'hook.answered'; readonly key: PublicKeyHash }

/** How a key's hook is used. */
export type HookRules = {
  /** How long the whole exchange may take. */
  readonly timeoutMs: number
  /** What becomes of a request that the hook gave no answer to. */
  readonly onError: 'allow' | 'refuse'
  /** The kinds of payloads that it is asked about. */
  readonly kinds: readonly string[]
}

export type PolicyHookOptions = HookRules & {
  readonly key: PublicKeyHash
  readonly ask: AskHook
  readonly clock: Clock
  readonly onEvent: (event: HookEvent) => void
}

/** Questions of one key that may be open at once; one more is refused. */
export const MAX_OPEN_QUESTIONS = 16

/** Asks a key's external service whether a request may be signed. It can only forbid: every other rule stands. */
export class PolicyHook {
  readonly #options: PolicyHookOptions
  readonly #open = new Set<(why: TurnRefusal) => void>()
  #isClosed = false
  #isSilent = false

  constructor(options: PolicyHookOptions) {
    this.#options = options
  }

  /** Why a request may not be signed, as far as the hook says; `undefined` when it may. It never rejects. */
  async refusalOf(question: HookQuestion, patience: Patience): Promise<Refusal | undefined> {
    const { kinds, key } = this.#options
    if (!kinds.includes(question.kind)) return undefined
    if (this.#isClosed) return turnRefusal('shutting-down')
    if (patience.signal?.aborted === true) return turnRefusal('client-gone')
    if (this.#open.size >= MAX_OPEN_QUESTIONS) {
      const text = `${MAX_OPEN_QUESTIONS} requests wait for the hook of ${key} already; nothing was signed`
      return refuse('queue-full', text)
    }
    const answer = await this.#answerInTime(question, patience)
    return typeof answer === 'string' ? turnRefusal(answer) : this.#judge(answer)
  }

  /** Gives up the questions in hand and asks no more. */
  close(): void {
    this.#isClosed = true
    for (const leave of this.#open) leave('shutting-down')
  }

  #judge(answer: HookAnswer): Refusal | undefined {
    const { key, onError, onEvent } = this.#options
    if (answer.outcome === 'silent') {
      const { code, reason } = answer
      this.#isSilent = true
      onEvent({ event: 'hook.unavailable', key, code, reason, onError })
      if (onError === 'allow') return undefined
      const remedy = 'mend the service, or set on_error of the hook to allow'
      return refuse('hook-unavailable', `the hook of ${key} gave no answer: ${reason}; ${remedy}`)
    }
    if (this.#isSilent) onEvent({ event: 'hook.answered', key })
    this.#isSilent = false
    switch (answer.outcome) {
      case 'allowed':
        return undefined
      case 'refused':
        return refuse('hook-refused', `the hook of ${key} refused it: ${answer.reason}`)
      default:
        return assertNever(answer)
    }
  }

  /** One question with its deadline: whoever answers it is told to stop, and is not waited for beyond it. */
  #answerInTime(question: HookQuestion, { deadlineAt, signal }: Patience): Promise<HookAnswer | TurnRefusal> {
    const { ask, clock, timeoutMs } = this.#options
    const gone = new AbortController()
    const ms = Math.max(0, Math.min(timeoutMs, deadlineAt - clock.now()))
    return new Promise((resolve, reject) => {
      const settle = (answer: HookAnswer | TurnRefusal) => {
        cancel()
        this.#open.delete(leave)
        signal?.removeEventListener('abort', onAbort)
        resolve(answer)
      }
      const leave = (why: TurnRefusal) => {
        gone.abort()
        settle(why)
      }
      const onAbort = () => {
        leave('client-gone')
      }
      const cancel = clock.after(ms, () => {
        gone.abort()
        const reason = `it did not answer within ${Math.round(ms)} ms`
        settle({ outcome: 'silent', code: 'timeout', reason })
      })
      this.#open.add(leave)
      signal?.addEventListener('abort', onAbort, { once: true })
      ask(question, gone.signal).then(settle, reject)
    })
  }
}
