import { monotonicClock, type Clock } from '../../clock.js'
import { payloadDigest, type PublicKey, type PublicKeyHash } from '../../tezos/index.js'
import { DeviceError } from '../device-error.js'
import type { DeviceEvent, DeviceEventSink } from '../device-event.js'
import { DeviceStatus } from '../device-status.js'
import type { DeviceHealth } from '../device-health.js'
import { pinRefused } from './cryptoki-error.js'
import type { TokenName } from './messages.js'
import { proveKey, publicKeyOf, type TokenKey } from './prove-keys.js'
import { signDigest, unexpected } from './sign-digest.js'
import { TokenProcess } from './token-process.js'
import { supervise } from '../supervise.js'

export type Pkcs11DeviceOptions = {
  /** The path of the PKCS#11 library. */
  readonly module: string
  readonly token: TokenName
  /** The user's PIN. It goes to the process of the module and nowhere else. */
  readonly pin: string
  readonly keys: readonly TokenKey[]
  /** How long one signature may take. */
  readonly timeoutMs: number
  /** The compiled worker.js, which runs in a process of its own. */
  readonly worker: URL | string
  readonly onEvent?: DeviceEventSink | undefined
  readonly clock?: Clock | undefined
}

/** Loading, initialising, logging in and finding keys, together; modules of network HSMs take seconds. */
const OPENING_MS = 10_000

/**
 * A PKCS#11 token that is opened, recognised, and opened again whenever it was lost. Its module runs in a process of its
 * own. Digests go out only while it is `ready`; none is kept for later, none is sent twice.
 */
export class Pkcs11Device {
  readonly #options: Pkcs11DeviceOptions
  readonly #clock: Clock
  readonly #status: DeviceStatus
  #process: TokenProcess | undefined
  #keys: ReadonlyMap<PublicKeyHash, PublicKey> = new Map()
  #isPinProven = false
  #isOver = false
  #supervisor: Promise<void> = Promise.resolve()

  constructor(options: Pkcs11DeviceOptions) {
    this.#options = options
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

  /** The public keys as last proven; empty before the first contact, kept while the token is away. */
  publicKeys(): ReadonlyMap<PublicKeyHash, PublicKey> {
    return this.#keys
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

  /**
   * Resolves when the token can sign; while it is being opened it waits `ms` at most. Rejects with a DeviceError, at once
   * where there is no token; nothing was sent.
   */
  async ready(ms: number): Promise<void> {
    await this.#status.until(() => !['opening', 'syncing'].includes(this.#status.state), ms)
    if (this.#status.state !== 'ready') throw this.#status.unavailable()
  }

  /**
   * Resolves when the token was found and its keys proven for the first time; waits `ms` at most. Rejects with the
   * DeviceError of the first attempt that failed.
   */
  async firstContact(ms: number): Promise<void> {
    const status = this.#status
    const isInTime = await status.until(() => status.state === 'ready' || status.failure !== undefined, ms)
    if (!isInTime) throw new DeviceError('device-timeout', `no token was ready within ${ms} ms`)
    if (status.failure !== undefined) throw status.failure
  }

  /**
   * The raw signature, R then S, over BLAKE2b-256 of `payload`. One attempt: it rejects with a DeviceError and never asks
   * a second time. The signature is not verified here, and S of an ECDSA signature may be high.
   */
  async sign(key: PublicKeyHash, payload: Uint8Array): Promise<Uint8Array> {
    const startedAt = this.#clock.now()
    const finished = (outcome: Extract<DeviceEvent, { event: 'device.command-finished' }>['outcome']) => {
      this.#emit({
        event: 'device.command-finished',
        command: 'SIGN',
        outcome,
        ms: this.#clock.now() - startedAt,
      })
    }
    const process = this.#readyProcess()
    const index = this.#options.keys.findIndex(({ publicKeyHash }) => publicKeyHash === key)
    if (index < 0) throw new DeviceError('device-refused', `${key} is no configured key of the token`)
    try {
      const signature = await signDigest(process, index, payloadDigest(payload), this.#options.timeoutMs)
      finished('answered')
      return signature
    } catch (error) {
      const failure = asDeviceError(error)
      finished(failure.code)
      // whatever it was, the token is opened and proven anew before it signs again
      process.end(failure)
      throw failure
    }
  }

  /** Stops looking, fails a signature in flight with `device-lost`, and ends the process of the module. */
  async close(): Promise<void> {
    this.#isOver = true
    this.#process?.end(new DeviceError('device-lost', 'the token was closed by the bridge'))
    this.#status.wake()
    await this.#supervisor
  }

  #readyProcess(): TokenProcess {
    const process = this.#process
    if (process === undefined || this.#status.state !== 'ready') throw this.#status.unavailable()
    if (process.endReason !== undefined)
      throw new DeviceError('device-unavailable', process.endReason.message)
    if (process.isBusy) throw new DeviceError('device-busy', 'the token is making another signature')
    return process
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
    const { module, token, pin, keys, timeoutMs } = this.#options
    const queries = keys.map(({ publicKeyHash, curve, label, id }) => ({
      name: publicKeyHash,
      curve,
      label,
      id,
    }))
    const request = { kind: 'open', module, token, pin, keys: queries } as const
    const opened = await process.ask(request, Math.max(OPENING_MS, timeoutMs))
    if (opened.kind !== 'opened') throw unexpected(opened)
    const path = `token ${JSON.stringify(opened.label)}, serial ${JSON.stringify(opened.serial)}`
    this.#status.path = path
    this.#isPinProven = true
    this.#emit({ event: 'device.opened', path, simulated: false })
    this.#status.enter('syncing')
    const found = keys.map((key, index) => publicKeyOf(key, opened.points[index] ?? []))
    for (const [index, key] of found.entries()) {
      await proveKey(key, (digest) => signDigest(process, index, digest, timeoutMs))
    }
    this.#keys = new Map(
      keys.flatMap(({ publicKeyHash }, index) => {
        const key = found[index]
        return key === undefined ? [] : [[publicKeyHash, key]]
      }),
    )
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
