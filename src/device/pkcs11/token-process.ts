import { fork, type ChildProcess } from 'node:child_process'
import type { Clock } from '../../clock.js'
import { DeviceError } from '../device-error.js'
import { parseReply, type TokenReply, type TokenRequest } from './messages.js'

export type TokenProcessOptions = {
  /** The compiled worker.js. */
  readonly worker: URL | string
  readonly clock: Clock
  /** Called once, when nothing can be asked any more. */
  readonly onEnd: () => void
}

/** Where the one login of this process stands; `unanswered`: the token may have counted a refused PIN. */
export type LoginStep = 'not-begun' | 'unanswered' | 'done'

type InFlight = {
  readonly settle: (outcome: TokenReply | DeviceError) => void
  readonly cancelDeadline: () => void
}

/** How long a process may take to give the token back before it is killed, in ms. */
const GRACE_MS = 1000

/** How long what a dead process said may be on its way, in ms. */
const LAST_WORDS_MS = 100

/**
 * The process in which a PKCS#11 module lives: one request in flight, answered or the process is killed. Once it ended
 * it stays so.
 */
export class TokenProcess {
  readonly #child: ChildProcess
  readonly #clock: Clock
  readonly #onEnd: () => void
  readonly #exited: Promise<void>
  #login: LoginStep = 'not-begun'
  #inFlight: InFlight | undefined
  #end: DeviceError | undefined

  constructor({ worker, clock, onEnd }: TokenProcessOptions) {
    this.#clock = clock
    this.#onEnd = onEnd
    // the module may print what it likes, a PIN among it: nobody reads it. Standard input tells it that we are there.
    const stdio = ['pipe', 'ignore', 'ignore', 'ipc'] as const
    this.#child = fork(worker, [], { stdio: [...stdio], serialization: 'advanced', execArgv: [] })
    this.#child.on('message', (message) => {
      this.#receive(parseReply(message))
    })
    this.#child.stdin?.on('error', () => undefined) // it ended: `exit` tells that
    this.#exited = new Promise((resolve) => {
      const ended = (why: string) => {
        this.end(new DeviceError('device-lost', `the process of the PKCS#11 module ended (${why})`))
        resolve()
      }
      this.#child.once('error', (error) => {
        ended(error.message)
      })
      this.#child.once('exit', (code, signal) => {
        const why = signal ?? `exit code ${code ?? 'unknown'}`
        // what it said before may still be on its way, and one word of it decides about the PIN
        if (!this.#child.connected) ended(why)
        const cancel = this.#clock.after(LAST_WORDS_MS, () => {
          ended(why)
        })
        this.#child.once('disconnect', () => {
          cancel()
          ended(why)
        })
      })
    })
  }

  get isBusy(): boolean {
    return this.#inFlight !== undefined
  }

  get login(): LoginStep {
    return this.#login
  }

  /** Why nothing can be asked any more; `undefined` while something can. */
  get endReason(): DeviceError | undefined {
    return this.#end
  }

  /** Asks once. Rejects with a DeviceError; after `ms` the process is killed, for a call in it cannot be stopped. */
  async ask(request: TokenRequest, ms: number): Promise<TokenReply> {
    if (this.#end !== undefined) throw new DeviceError('device-unavailable', this.#end.message)
    if (this.#inFlight !== undefined) throw new DeviceError('device-busy', 'the token is at work')
    const reply = await this.#send(request, ms)
    if (reply.kind === 'failed') throw new DeviceError(reply.code, reply.message, { sent: reply.sent })
    return reply
  }

  /** No request is taken any more; one in flight fails with the code of `reason`. */
  end(reason: DeviceError): void {
    if (this.#end !== undefined) return
    this.#end = reason
    this.#inFlight?.settle(new DeviceError(reason.code, reason.message, { sent: true }))
    this.#onEnd()
  }

  /** Lets the process give the token back, kills it where it does not, and resolves when it is gone. */
  async close(): Promise<void> {
    this.end(new DeviceError('device-lost', 'the token was closed by the bridge'))
    if (this.#child.connected) this.#child.disconnect()
    const cancel = this.#clock.after(GRACE_MS, () => {
      this.#kill()
    })
    await this.#exited
    cancel()
  }

  #send(request: TokenRequest, ms: number): Promise<TokenReply> {
    return new Promise((resolve, reject) => {
      const settle = (outcome: TokenReply | DeviceError) => {
        this.#inFlight?.cancelDeadline()
        this.#inFlight = undefined
        if (outcome instanceof DeviceError) reject(outcome)
        else resolve(outcome)
      }
      const cancelDeadline = this.#clock.after(ms, () => {
        const text = `the token did not answer ${CALL[request.kind]} within ${ms} ms, so its process was ended`
        this.end(new DeviceError('device-timeout', text))
        this.#kill()
      })
      this.#inFlight = { settle, cancelDeadline }
      this.#child.send(request, (error) => {
        if (error !== null)
          this.end(new DeviceError('device-lost', 'the process of the PKCS#11 module is gone'))
      })
    })
  }

  #receive(reply: TokenReply | undefined): void {
    if (reply?.kind === 'login-begins') this.#login = 'unanswered'
    else if (reply?.kind === 'logged-in') this.#login = 'done'
    else if (reply === undefined) {
      this.end(
        new DeviceError('device-failed', 'the process of the PKCS#11 module answered what is no answer'),
      )
    } else {
      if (this.#login === 'unanswered') this.#login = 'done'
      this.#inFlight?.settle(reply)
    }
  }

  #kill(): void {
    this.#child.kill('SIGKILL')
  }
}

const CALL: Readonly<Record<TokenRequest['kind'], string>> = {
  open: 'the opening',
  sign: 'C_Sign',
  'open-accounts': 'the opening',
  'generate-account': 'C_GenerateKeyPair',
  'find-account': 'C_FindObjects',
  'label-account': 'C_SetAttributeValue',
  'sign-account': 'C_Sign',
  'list-accounts': 'C_FindObjects',
}
