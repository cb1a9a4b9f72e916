import { monotonicClock, type Clock } from '../clock.js'
import { readBoardInfo } from './board-info.js'
import { probeBoard, readBoardKeys, type BoardKeys } from './board-keys.js'
import { DeviceError } from './device-error.js'
import type { DeviceEvent } from './device-event.js'
import type { DeviceHealth } from './device-health.js'
import { DeviceStatus } from './device-status.js'
import { findPort, isPseudoTerminal } from './find-port.js'
import { openSerialLink, type SerialLink } from './serial-link.js'
import { BOARD_TIMINGS, type SessionTimings } from './session-timings.js'
import { Session } from './session.js'
import {
  sign,
  signDigest,
  signEth,
  verify,
  type Command,
  type DeviceInfo,
  type EthForm,
  type KeyAlias,
} from './tezio/index.js'
import type { TezioDeviceOptions } from './tezio-device-options.js'
import { supervise } from './supervise.js'

const SYNC_ATTEMPTS = 3

/**
 * A Tezio HSM that is opened, recognised, and opened again whenever it was lost.
 * Commands go out only while it is `ready`; none is kept for later, none is sent twice.
 */
export class TezioDevice {
  readonly #options: TezioDeviceOptions
  readonly #clock: Clock
  readonly #timings: SessionTimings
  readonly #status: DeviceStatus
  #lateReplies = 0
  #noiseBytes = 0
  #session: Session | undefined
  #keys: BoardKeys = new Map()
  #info: DeviceInfo | undefined
  #isClosed = false
  #supervisor: Promise<void> = Promise.resolve()

  constructor(options: TezioDeviceOptions) {
    this.#options = options
    this.#clock = options.clock ?? monotonicClock
    this.#timings = options.timings ?? BOARD_TIMINGS
    this.#status = new DeviceStatus(this.#clock)
  }

  /** Begins to look for the board, and goes on until `close`. Call it once. */
  open(): void {
    this.#supervisor = supervise(
      this.#status,
      () => this.#isClosed,
      () => this.#liveOnce(),
    )
  }

  /** The board's public keys as last read; empty before the first contact, kept while the board is away. */
  keys(): BoardKeys {
    return this.#keys
  }

  /** What the firmware told of itself at the last contact; `undefined` before the first, and where it is not asked. */
  info(): DeviceInfo | undefined {
    return this.#info
  }

  health(): DeviceHealth {
    const { state, since, path, isSimulated, failure, timesReady } = this.#status
    return {
      state: state === 'ready' && this.#session?.state === 'busy' ? 'busy' : state,
      since,
      path,
      simulated: isSimulated,
      lastError: failure && { code: failure.code, message: failure.message },
      timesReady,
      lateReplies: this.#lateReplies,
      noiseBytes: this.#noiseBytes,
    }
  }

  /**
   * Resolves when a command can be sent; while the link is being synchronised it waits `ms` at most.
   * Rejects with `device-unavailable`, at once where there is no port; nothing was sent.
   */
  async ready(ms: number): Promise<void> {
    await this.#status.until(() => !['syncing', 'resyncing'].includes(this.#status.state), ms)
    if (this.#status.state !== 'ready') throw this.#status.unavailable()
  }

  /**
   * Resolves when the board was found and recognised for the first time; waits `ms` at most.
   * Rejects with the DeviceError of the first attempt that failed.
   */
  async firstContact(ms: number): Promise<void> {
    const status = this.#status
    const isInTime = await status.until(() => status.state === 'ready' || status.failure !== undefined, ms)
    if (!isInTime) throw new DeviceError('device-timeout', `no board answered within ${ms} ms`)
    if (status.failure !== undefined) throw status.failure
  }

  /**
   * The raw signature, R then S, over a message of 1 to 1015 bytes, which the device hashes itself. One attempt:
   * it rejects with a DeviceError and never asks a second time. The signature is not verified here.
   */
  sign(alias: KeyAlias, message: Uint8Array): Promise<Uint8Array> {
    return this.#exchange(sign, { alias, message })
  }

  /** What the device itself says of a raw 64-byte signature over a message of 1 to 951 bytes. */
  verify(alias: KeyAlias, message: Uint8Array, signature: Uint8Array): Promise<boolean> {
    return this.#exchange(verify, { alias, message, signature })
  }

  /**
   * The raw signature, R then S, by the secp256k1 key over Keccak-256 of `data`, which the device judges by its own
   * policy (`device-policy`; by stock firmware `device-refused`). Not verified, S may be high; RangeError for another form.
   */
  signEth(form: EthForm, data: Uint8Array): Promise<Uint8Array> {
    return this.#exchange(signEth, { form, data })
  }

  /**
   * The raw signature by the secp256k1 key over a digest that begins with 0x03, without any judgement by the device:
   * for a configured search of a transfer's gas limit on stock firmware alone. Rejects with a RangeError for all other
   * digests. One attempt.
   */
  signDigest(digest: Uint8Array): Promise<Uint8Array> {
    return this.#exchange(signDigest, { digest })
  }

  /** Stops looking, fails a command in flight with `device-lost`, and gives the port back. */
  async close(): Promise<void> {
    this.#isClosed = true
    this.#session?.end('closed by the bridge')
    this.#status.wake()
    await this.#supervisor
  }

  async #exchange<Request, Reply>(command: Command<Request, Reply>, request: Request): Promise<Reply> {
    if (this.#session === undefined || this.#status.state !== 'ready') throw this.#status.unavailable()
    return this.#session.exchange(command, request, this.#options.timeoutMs)
  }

  /** One life of one port, from finding it to losing it. */
  async #liveOnce(): Promise<void> {
    let link: SerialLink | undefined
    let path: string | undefined
    try {
      path = await findPort(this.#options, this.#options.binding)
      this.#status.path = path
      this.#status.enter('opening')
      const opened = await this.#openSession(path)
      link = opened.link
      // `close` may have come while the port was being opened: then there was no session to end yet
      if (!this.#isClosed) await this.#keepInStep(opened.session)
    } catch (error) {
      this.#report(error, path)
    } finally {
      this.#session = undefined
      this.#status.enter('closed')
      await link?.close()
    }
  }

  async #openSession(path: string): Promise<{ readonly link: SerialLink; readonly session: Session }> {
    let session: Session | undefined = undefined
    const link = await openSerialLink(
      path,
      {
        onData: (bytes) => session?.receive(bytes),
        onLost: (reason) => {
          session?.end(reason)
          this.#status.wake()
        },
      },
      this.#options.binding,
    )
    const simulated = isPseudoTerminal(path)
    this.#status.isSimulated = simulated
    this.#emit({ event: 'device.opened', path, simulated })
    session = new Session({
      link,
      clock: this.#clock,
      emit: (event) => {
        this.#emit(event)
      },
      onSyncLost: () => {
        if (this.#status.state === 'ready') this.#status.enter('resyncing')
      },
      timings: this.#timings,
    })
    this.#session = session
    return { link, session }
  }

  /** Synchronises, and again after every loss of synchronisation, until the session ends. */
  async #keepInStep(session: Session): Promise<never> {
    const openedAt = this.#clock.now()
    this.#status.enter('syncing')
    const { pins, asksInfo = false } = this.#options
    await this.#synchronise(session, async () => {
      this.#keys = await readBoardKeys(session, pins)
      if (asksInfo) this.#info = await readBoardInfo(session)
    })
    this.#emit({ event: 'device.ready', path: this.#status.path ?? '', ms: this.#clock.now() - openedAt })
    for (;;) {
      this.#status.timesReady += 1
      this.#status.enter('ready')
      while (this.#status.state === 'ready' && session.state !== 'closed') await this.#status.change()
      if (session.state === 'closed') throw new DeviceError('device-lost', session.endReason)
      const lostAt = this.#clock.now()
      await this.#synchronise(session, () => probeBoard(session, this.#keys))
      this.#emit({ event: 'device.resynced', ms: this.#clock.now() - lostAt })
    }
  }

  /** Waits for a quiet line, then runs `prove`; with a longer quiet before every further attempt. */
  async #synchronise<Proof>(session: Session, prove: () => Promise<Proof>): Promise<Proof> {
    for (let attempt = 1; ; attempt += 1) {
      await session.quiet(attempt === 1 ? this.#timings.shortQuietMs : this.#timings.longQuietMs)
      try {
        const proof = await prove()
        // What came behind the proof was not asked for: it is not to meet the next command.
        if (session.state === 'quiet') await session.quiet(this.#timings.shortQuietMs)
        return proof
      } catch (error) {
        if (attempt === SYNC_ATTEMPTS || session.state === 'closed') throw error
      }
    }
  }

  #emit(event: DeviceEvent): void {
    if (event.event === 'device.late-reply-discarded') this.#lateReplies += 1
    if (event.event === 'device.noise-discarded') this.#noiseBytes += event.bytes
    this.#options.onEvent?.(event)
  }

  /** One event for each change of what is wrong, not one for each attempt. */
  #report(error: unknown, path: string | undefined): void {
    const failure =
      error instanceof DeviceError ? error : new DeviceError('port-failed', String(error), { cause: error })
    const { code, message } = failure
    if (!this.#status.fail(failure) || this.#isClosed) return
    if (code === 'device-lost') this.#emit({ event: 'device.lost', path: path ?? '', reason: message })
    else this.#emit({ event: 'device.open-failed', code, reason: message })
  }
}
