import { monotonicClock, type Clock } from '../../clock.js'
import { DeviceError } from '../device-error.js'
import type { DeviceEvent, DeviceEventSink } from '../device-event.js'
import { DeviceStatus } from '../device-status.js'
import { supervise } from '../supervise.js'
import type { DeviceHealth } from '../device-health.js'
import { pinRefused } from './cryptoki-error.js'
import type { TokenName, TokenReply, TokenRequest } from './messages.js'
import { unexpected } from './sign-digest.js'
import { TokenProcess } from './token-process.js'
import { Turns } from './turns.js'

export type TokenLinkOptions = {
  /** The path of the PKCS#11 library. */
  readonly module: string
  readonly token: TokenName
  /** The user's PIN. It goes to the process of the module and nowhere else. */
  readonly pin: string
  /** How long one signature may take. */
  readonly timeoutMs: number
  /** The compiled worker.js, which runs in a process of its own. */
  readonly worker: URL | string
  readonly onEvent?: DeviceEventSink | undefined
  readonly clock?: Clock | undefined
}

/** What a token is opened for. */
export type TokenUse = {
  readonly opening: Extract<TokenRequest, { readonly kind: 'open' | 'open-accounts' }>
  /** Looks at what was found, and lets it sign for a proof; the token is not ready before. Rejects with a DeviceError. */
  readonly prove: (
    process: TokenProcess,
    opened: Extract<TokenReply, { readonly kind: 'opened' }>,
  ) => Promise<void>
}

/** Loading, initialising, logging in and finding keys, together; modules of network HSMs take seconds. */
const OPENING_MS = 10_000

/** After these the token is as good as before: it was not asked, or knew its answer. */
const KEEPS_TOKEN: readonly string[] = ['device-refused', 'token-key-missing']

/**
 * A PKCS#11 token that is opened, recognised, and opened again whenever it was lost. Its module runs in a process of its
 * own. Requests go out only while it is `ready`, one after the other; none is kept for later, none is sent twice.
 */
export class TokenLink {
  readonly #options: TokenLinkOptions
  readonly #use: TokenUse
  readonly #clock: Clock
  readonly #status: DeviceStatus
  readonly #turns = new Turns()
  #process: TokenProcess | undefined
  #isPinProven = false
  #isOver = false
  #supervisor: Promise<void> = Promise.resolve()

  constructor(options: TokenLinkOptions, use: TokenUse) {
    this.#options = options
    this.#use = use
    this.#clock = options.clock ?? monotonicClock
    this.#status = new DeviceStatus(this.#clock)
  }

  /** Begins to look for the token, and goes on until `close` or a refused PIN. Call it once. */
  open(): void {
    this.#supervisor = supervise(
      this.#status,
      () => this.#isOver,
      () => this.#liveOnce(),
    )
  }

  health(): DeviceHealth {
    const { state, since, path, failure, timesReady } = this.#status
    return {
      state: state === 'ready' && this.#process?.isBusy === true ? 'busy' : state,
      since,
      path,
      simulated: false,
      lastError: failure && { code: failure.code, message: failure.message },
      timesReady,
      lateReplies: 0,
      noiseBytes: 0,
    }
  }

  /** See `Pkcs11Device.ready`. */
  async ready(ms: number): Promise<void> {
    await this.#status.until(() => !['opening', 'syncing'].includes(this.#status.state), ms)
    if (this.#status.state !== 'ready') throw this.#status.unavailable()
  }

  /** See `Pkcs11Device.firstContact`. */
  async firstContact(ms: number): Promise<void> {
    const status = this.#status
    const isInTime = await status.until(() => status.state === 'ready' || status.failure !== undefined, ms)
    if (!isInTime) throw new DeviceError('device-timeout', `no token was ready within ${ms} ms`)
    if (status.failure !== undefined) throw status.failure
  }

  /**
   * Asks when its turn comes, which an urgent one has before all others. Rejects with a DeviceError, and after most of them
   * the token is opened and proven anew before anything is asked again.
   */
  run<Value>(
    command: string,
    work: (process: TokenProcess) => Promise<Value>,
    { isUrgent }: { readonly isUrgent: boolean },
  ): Promise<Value> {
    return this.#turns.take(() => this.#runNow(command, work), isUrgent)
  }

  /** Stops looking, fails a request in flight with `device-lost`, and ends the process of the module. */
  async close(): Promise<void> {
    this.#isOver = true
    this.#process?.end(new DeviceError('device-lost', 'the token was closed by the bridge'))
    this.#status.wake()
    await this.#supervisor
  }

  async #runNow<Value>(command: string, work: (process: TokenProcess) => Promise<Value>): Promise<Value> {
    const startedAt = this.#clock.now()
    const process = this.#readyProcess()
    const finished = (outcome: Extract<DeviceEvent, { event: 'device.command-finished' }>['outcome']) => {
      this.#emit({ event: 'device.command-finished', command, outcome, ms: this.#clock.now() - startedAt })
    }
    try {
      const value = await work(process)
      finished('answered')
      return value
    } catch (error) {
      const failure = asDeviceError(error)
      finished(failure.code)
      if (!KEEPS_TOKEN.includes(failure.code)) process.end(failure)
      throw failure
    }
  }

  #readyProcess(): TokenProcess {
    const process = this.#process
    if (process === undefined || this.#status.state !== 'ready') throw this.#status.unavailable()
    if (process.endReason === undefined) return process
    throw new DeviceError('device-unavailable', process.endReason.message)
  }

  /** One life of one process of the module, from its start to its end. */
  async #liveOnce(): Promise<void> {
    let process: TokenProcess | undefined
    try {
      process = this.#startProcess()
      this.#process = process
      this.#status.enter('opening')
      await this.#makeReady(process)
      while (process.endReason === undefined) await this.#status.change()
      throw process.endReason
    } catch (error) {
      this.#report(this.#afterLogin(process, asDeviceError(error)))
    } finally {
      this.#process = undefined
      this.#status.enter('closed')
      await process?.close()
    }
  }

  #startProcess(): TokenProcess {
    return new TokenProcess({
      worker: this.#options.worker,
      clock: this.#clock,
      onEnd: () => {
        this.#status.wake()
      },
    })
  }

  async #makeReady(process: TokenProcess): Promise<void> {
    const startedAt = this.#clock.now()
    const opened = await process.ask(this.#use.opening, Math.max(OPENING_MS, this.#options.timeoutMs))
    if (opened.kind !== 'opened') throw unexpected(opened)
    const path = `token ${JSON.stringify(opened.label)}, serial ${JSON.stringify(opened.serial)}`
    this.#status.path = path
    this.#isPinProven = true
    this.#emit({ event: 'device.opened', path, simulated: false })
    this.#status.enter('syncing')
    await this.#use.prove(process, opened)
    this.#emit({ event: 'device.ready', path, ms: this.#clock.now() - startedAt })
    this.#status.timesReady += 1
    this.#status.enter('ready')
  }

  /**
   * A PIN that the token never took, in a login that was not answered, may have been counted as a refused one: such a
   * login is not tried again either.
   */
  #afterLogin(process: TokenProcess | undefined, failure: DeviceError): DeviceError {
    const isUncertain = process?.login === 'unanswered' && !this.#isPinProven && !this.#isOver
    const final = isUncertain ? pinRefused('the login was not answered, so perhaps') : failure
    if (final.code === 'pin-refused') this.#isOver = true
    return final
  }

  #emit(event: DeviceEvent): void {
    this.#options.onEvent?.(event)
  }

  /** One event for each change of what is wrong, not one for each attempt. */
  #report(failure: DeviceError): void {
    const wasReady = this.#status.state === 'ready'
    const isClosed = this.#isOver && failure.code !== 'pin-refused'
    if (!this.#status.fail(failure) || isClosed) return
    const { code, message } = failure
    if (wasReady) this.#emit({ event: 'device.lost', path: this.#status.path ?? '', reason: message })
    else this.#emit({ event: 'device.open-failed', code, reason: message })
  }
}

function asDeviceError(error: unknown): DeviceError {
  if (error instanceof DeviceError) return error
  return new DeviceError('module-failed', 'the process of the module could not be started or used', {
    cause: error,
  })
}
