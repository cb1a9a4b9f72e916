import type { Clock } from '../clock.js'
import { DeviceError, refusalError } from './device-error.js'
import type { DeviceEventSink, SyncLossReason } from './device-event.js'
import { ReplyBuffer } from './reply-buffer.js'
import type { SerialLink } from './serial-link.js'
import { BOARD_TIMINGS, type SessionTimings } from './session-timings.js'
import { encodeCommand, FRAME_OVERHEAD, MIN_REPLY_SIZE, type Command } from './tezio/index.js'

/** `quiet`: waiting until the line was silent; `ready`: a command may be sent; `busy`: one is in flight. */
export type SessionState = 'quiet' | 'ready' | 'busy' | 'closed'

export type SessionOptions = {
  readonly link: Pick<SerialLink, 'write'>
  readonly clock: Clock
  readonly emit: DeviceEventSink
  /** Called when replies could not be matched any more; the session is `quiet` then and wants a probe after it. */
  readonly onSyncLost: () => void
  readonly timings?: SessionTimings
}

type InFlight = {
  readonly command: string
  readonly sizes: readonly number[]
  readonly startedAt: number
  readonly settle: (outcome: Uint8Array | DeviceError) => void
  cancelDeadline: () => void
  noisy: boolean
}

/**
 * One opened port: one command in flight, and every byte that arrives accounted for.
 * Replies carry no number, so whenever one could be mistaken for another the session falls silent until the line
 * was quiet, and takes no command meanwhile. Once closed it stays closed.
 */
export class Session {
  readonly #link: Pick<SerialLink, 'write'>
  readonly #clock: Clock
  readonly #timings: SessionTimings
  readonly #emit: DeviceEventSink
  readonly #onSyncLost: () => void
  readonly #buffer = new ReplyBuffer()
  #state: SessionState = 'ready'
  #inFlight: InFlight | undefined
  #cancelTimer: () => void = () => undefined
  #quietMs = 0
  #onQuiet: (() => void)[] = []
  #endReason = ''

  constructor(options: SessionOptions) {
    this.#link = options.link
    this.#clock = options.clock
    this.#emit = options.emit
    this.#onSyncLost = options.onSyncLost
    this.#timings = options.timings ?? BOARD_TIMINGS
  }

  get state(): SessionState {
    return this.#state
  }

  /** Why the session ended; empty while it lives. */
  get endReason(): string {
    return this.#endReason
  }

  /**
   * Sends one command and resolves with what its reply says. Rejects with a DeviceError, whose `sent` tells whether
   * the command left. After a lost or damaged reply the session is `quiet`, and `onSyncLost` was called.
   */
  async exchange<Request, Reply>(
    command: Command<Request, Reply>,
    request: Request,
    deadlineMs: number,
  ): Promise<Reply> {
    if (this.#state !== 'ready') {
      const code = this.#state === 'busy' ? 'device-busy' : 'device-unavailable'
      throw new DeviceError(code, `the session is ${this.#state}`)
    }
    const bytes = encodeCommand(command.encode(request))
    const sizes = [MIN_REPLY_SIZE, ...command.bodySizes(request).map((size) => size + FRAME_OVERHEAD)]
    const body = await this.#send(command.name, bytes, sizes, deadlineMs)
    const answer = command.decode(body)
    if (answer.kind === 'refusal') throw refusalError(command.name, answer.status, answer.statusByte)
    if (answer.kind === 'malformed') {
      const text = `${command.name} was answered with ${answer.bodyBytes} bytes`
      throw new DeviceError('device-reply-damaged', text, { sent: true })
    }
    return answer.value
  }

  /** Resolves when the line was quiet for `ms`; what arrives until then is thrown away and counted. */
  quiet(ms: number): Promise<void> {
    if (this.#state === 'closed') return Promise.resolve()
    return new Promise((resolve) => {
      this.#onQuiet.push(resolve)
      this.#beginQuiet(this.#state === 'quiet' ? Math.max(ms, this.#quietMs) : ms)
    })
  }

  /** Feeds bytes from the port. */
  receive(bytes: Uint8Array): void {
    if (this.#state === 'closed') return
    this.#buffer.push(bytes)
    if (this.#inFlight !== undefined) {
      this.#readReply(this.#inFlight)
    } else if (this.#state === 'quiet') {
      this.#discard('resync')
      this.#beginQuiet(this.#quietMs)
    } else {
      this.#hearStrayBytes()
    }
  }

  /** Ends the session for good; a command in flight fails with `device-lost`. */
  end(reason: string): void {
    if (this.#state === 'closed') return
    this.#cancelTimer()
    const inFlight = this.#inFlight
    this.#state = 'closed'
    this.#endReason = reason
    inFlight?.settle(new DeviceError('device-lost', `the port was lost: ${reason}`, { sent: true }))
    this.#resolveQuiet()
  }

  #send(
    command: string,
    bytes: Uint8Array,
    sizes: readonly number[],
    deadlineMs: number,
  ): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      const startedAt = this.#clock.now()
      const settle = (outcome: Uint8Array | DeviceError) => {
        if (this.#inFlight !== inFlight) return
        this.#inFlight = undefined
        inFlight.cancelDeadline()
        this.#cancelTimer()
        if (this.#state === 'busy') this.#state = 'ready'
        const result = outcome instanceof DeviceError ? outcome.code : 'answered'
        const ms = this.#clock.now() - startedAt
        this.#emit({ event: 'device.command-finished', command, outcome: result, ms })
        if (outcome instanceof DeviceError) reject(outcome)
        else resolve(outcome)
      }
      const inFlight: InFlight = {
        command,
        sizes,
        startedAt,
        settle,
        noisy: false,
        cancelDeadline: this.#clock.after(deadlineMs, () => {
          this.#expire(inFlight)
        }),
      }
      this.#inFlight = inFlight
      this.#state = 'busy'
      this.#link.write(bytes).catch((error: unknown) => {
        settle(
          new DeviceError('device-lost', 'the port was lost while writing', { sent: true, cause: error }),
        )
      })
    })
  }

  #readReply(inFlight: InFlight, line: 'live' | 'silent' = 'live'): void {
    this.#cancelTimer()
    const { body, noiseBytes } = this.#buffer.take(inFlight.sizes, line)
    if (noiseBytes > 0) this.#hearNoise(inFlight, noiseBytes)
    if (body !== undefined) {
      inFlight.settle(body)
      if (this.#buffer.length > 0) this.#hearStrayBytes()
    } else if (this.#buffer.length > 0) {
      this.#cancelTimer = this.#clock.after(this.#timings.partialMs, () => {
        this.#readReply(inFlight, 'silent')
      })
    }
  }

  #hearNoise(inFlight: InFlight, bytes: number): void {
    this.#emit({ event: 'device.noise-discarded', bytes, while: 'command' })
    if (inFlight.noisy) return
    inFlight.noisy = true
    const left = inFlight.startedAt + this.#timings.noisyReplyMs - this.#clock.now()
    const cancelDeadline = inFlight.cancelDeadline
    const cancelEarlier = this.#clock.after(Math.max(left, this.#timings.partialMs), () => {
      this.#expire(inFlight)
    })
    inFlight.cancelDeadline = () => {
      cancelDeadline()
      cancelEarlier()
    }
  }

  #hearStrayBytes(): void {
    this.#discard('idle')
    this.#loseSync('stray-bytes', this.#timings.shortQuietMs)
  }

  #expire(inFlight: InFlight): void {
    const [code, reason] = inFlight.noisy
      ? (['device-reply-damaged', 'reply-damaged'] as const)
      : (['device-timeout', 'no-reply'] as const)
    const text = `${inFlight.command} got no ${inFlight.noisy ? 'whole ' : ''}reply in time`
    inFlight.settle(new DeviceError(code, text, { sent: true }))
    this.#discard('command')
    this.#loseSync(reason, this.#timings.longQuietMs)
  }

  #loseSync(reason: SyncLossReason, quietMs: number): void {
    if (this.#state === 'closed') return
    this.#emit({ event: 'device.sync-lost', reason })
    this.#beginQuiet(quietMs)
    this.#onSyncLost()
  }

  #beginQuiet(ms: number): void {
    this.#state = 'quiet'
    this.#quietMs = ms
    this.#cancelTimer()
    this.#cancelTimer = this.#clock.after(ms, () => {
      this.#state = 'ready'
      this.#resolveQuiet()
    })
  }

  #resolveQuiet(): void {
    for (const resolve of this.#onQuiet.splice(0)) resolve()
  }

  #discard(during: 'idle' | 'command' | 'resync'): void {
    const { noiseBytes, frameBytes } = this.#buffer.clear()
    if (frameBytes > 0) this.#emit({ event: 'device.late-reply-discarded', bytes: frameBytes })
    if (noiseBytes > 0) this.#emit({ event: 'device.noise-discarded', bytes: noiseBytes, while: during })
  }
}
