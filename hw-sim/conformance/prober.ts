import { COMMAND_PREFIX, encodeCommand, MAX_COMMAND_SIZE } from '../../src/device/tezio/index.js'
import { concatBytes } from '../../src/tezos/index.js'
import type { Exchanger } from './exchanger.js'
import { declaredSize, frameProblem, isPossibleSize, type Reply } from './reply.js'

/** A reply that began is given up when nothing more comes for so long. */
const GAP_MS = 250
/** How long is listened for bytes that nobody asked for. */
const SETTLE_MS = 30
/** After damage the line must be quiet for longer than the device waits for a packet (101 + 100 ms). */
export const RESYNC_QUIET_MS = 250
/** However long a device chatters, listening to it ends. */
const CHATTER_LIMIT_MS = 5000
/** A device that leaves so many commands in a row unanswered is not asked any more. */
const PATIENCE = 5

/** Why judging stopped: the time is over (`out-of-time`), or the device answers nothing any more (`silent`). */
export class StoppedError extends Error {
  override readonly name = 'StoppedError'
  readonly code: 'out-of-time' | 'silent'

  constructor(code: 'out-of-time' | 'silent', message: string) {
    super(message)
    this.code = code
  }
}

/** How long a prober waits, in ms. */
export type ProberLimits = {
  /** For a reply, from the command's last byte. */
  readonly replyMs: number
  /** For all there is to ask, from the prober's beginning. */
  readonly totalMs: number
}

/**
 * Asks the device, one command at a time, and reads each reply strictly: one whole frame and nothing else. It never
 * sends more than the device's receive buffer holds, and stops by a StoppedError rather than wait for ever.
 */
export class Prober {
  readonly #exchanger: Exchanger
  readonly #limits: ProberLimits
  readonly #endMs: number
  #strayBytes = 0
  #unanswered = 0
  /** How long the line must be quiet before the next command; 0 when all is well. */
  #quietMs = 0

  constructor(exchanger: Exchanger, limits: ProberLimits) {
    this.#exchanger = exchanger
    this.#limits = limits
    this.#endMs = exchanger.now() + limits.totalMs
  }

  /** The cable's clock, in ms. */
  now(): number {
    return this.#exchanger.now()
  }

  /** Sends a well-formed command with this body and waits for the reply. */
  ask(body: Uint8Array): Promise<Reply> {
    return this.send([encodeCommand(body)])
  }

  /**
   * Sends bytes as they are, each piece in one write, `pauseMs` apart, and waits for the reply. Throws a RangeError for
   * bytes that a device might not survive: a packet, or a declared length, above 1024.
   */
  async send(pieces: readonly Uint8Array[], pauseMs = 0): Promise<Reply> {
    checkHarmless(concatBytes(...pieces))
    this.#checkTime()
    await this.#clearLine()
    for (const [index, piece] of pieces.entries()) {
      if (index > 0 && pauseMs > 0) this.#strayBytes += await this.#readFor(pauseMs)
      await this.#exchanger.write(piece)
    }
    const reply = await this.#receive()
    if (reply.kind === 'silence') this.#quietMs = this.#limits.replyMs
    if (reply.kind === 'damaged') this.#quietMs = RESYNC_QUIET_MS
    this.#unanswered = reply.kind === 'silence' ? this.#unanswered + 1 : 0
    return reply
  }

  /** Listens for `waitMs` and returns how many bytes came since the last call that no command had asked for. */
  async strayBytes(waitMs: number = SETTLE_MS): Promise<number> {
    const late = this.#quietMs === 0 ? await this.#readFor(waitMs) : 0
    const count = this.#strayBytes + late
    this.#strayBytes = 0
    return count
  }

  /** Lets the line fall quiet for longer than the device waits for the rest of a packet. */
  async resynchronise(): Promise<void> {
    await this.#quiet(Math.max(this.#quietMs, RESYNC_QUIET_MS))
    this.#quietMs = 0
  }

  async #receive(): Promise<Reply> {
    const startMs = this.now()
    const ms = () => this.now() - startMs
    let bytes: Uint8Array = new Uint8Array()
    for (;;) {
      const size = declaredSize(bytes)
      if (size !== undefined && (!isPossibleSize(size) || bytes.length >= size)) break
      const waitMs = bytes.length === 0 ? this.#limits.replyMs - ms() : GAP_MS
      const more = waitMs > 0 ? await this.#exchanger.read(waitMs) : new Uint8Array()
      if (more.length === 0 && bytes.length === 0) return { kind: 'silence', ms: ms() }
      if (more.length === 0) break
      bytes = concatBytes(bytes, more)
    }
    const reason = frameProblem(bytes)
    if (reason !== undefined) return { kind: 'damaged', reason, ms: ms() }
    return { kind: 'body', body: bytes.slice(2, -2), ms: ms() }
  }

  #checkTime(): void {
    if (this.now() >= this.#endMs) {
      throw new StoppedError('out-of-time', `not done within ${Math.round(this.#limits.totalMs / 1000)} s`)
    }
    if (this.#unanswered >= PATIENCE) {
      throw new StoppedError('silent', `the device left ${PATIENCE} commands in a row unanswered`)
    }
  }

  async #clearLine(): Promise<void> {
    if (this.#quietMs > 0) await this.resynchronise()
    else this.#strayBytes += (await this.#exchanger.read(0)).length
  }

  async #quiet(quietMs: number): Promise<void> {
    const untilMs = this.now() + quietMs + CHATTER_LIMIT_MS
    while (this.now() < untilMs && (await this.#exchanger.read(quietMs)).length > 0);
  }

  async #readFor(waitMs: number): Promise<number> {
    const untilMs = this.now() + waitMs
    let count = 0
    for (let leftMs = waitMs; leftMs > 0; leftMs = untilMs - this.now()) {
      count += (await this.#exchanger.read(leftMs)).length
    }
    return count
  }
}

/** The receive buffer is not checked by the firmware: what stands after the first prefix must fit into it. */
function checkHarmless(bytes: Uint8Array): void {
  const at = bytes.indexOf(COMMAND_PREFIX)
  const packet = at === -1 ? new Uint8Array() : bytes.subarray(at + 1)
  const size = Math.max(packet.length, declaredSize(packet) ?? 0)
  if (size > MAX_COMMAND_SIZE) throw new RangeError(`a packet of ${size} bytes would overrun the device`)
}
