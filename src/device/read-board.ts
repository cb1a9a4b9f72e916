import { monotonicClock, type Clock } from '../clock.js'
import { readBoardInfo } from './board-info.js'
import { probeBoard, readBoardKeys, type BoardKeys } from './board-keys.js'
import { openSerialLink, type LinkBinding } from './serial-link.js'
import { Session } from './session.js'
import { BOARD_TIMINGS, type SessionTimings } from './session-timings.js'
import type { DeviceInfo } from './tezio/index.js'

/** What a board told: its keys, and how long one of them took from command to reply, in ms. */
export type BoardReading = {
  readonly keys: BoardKeys
  readonly answerMs: number
  /** `undefined` where it was not asked for. */
  readonly info: DeviceInfo | undefined
}

export type ReadBoardOptions = {
  readonly clock?: Clock
  readonly binding?: LinkBinding
  readonly timings?: SessionTimings
  /** Whether the board is asked what its firmware can do. Default no. */
  readonly asksInfo?: boolean
  /** Gives the port up; then the reading fails with `device-lost`. */
  readonly signal?: AbortSignal
}

/** What stood in the line when the port was opened may spoil the first question. */
const ATTEMPTS = 2

/**
 * Opens `path` once, reads the keys of the board there and gives the port back. Nothing is signed. Rejects with a
 * DeviceError. Never to be called beside a daemon that has the port.
 */
export async function readBoard(path: string, options: ReadBoardOptions = {}): Promise<BoardReading> {
  const { clock = monotonicClock, timings = BOARD_TIMINGS, signal } = options
  let session: Session | undefined = undefined
  const onLost = (reason: string) => session?.end(reason)
  const handlers = { onData: (bytes: Uint8Array) => session?.receive(bytes), onLost }
  const link = await openSerialLink(path, handlers, options.binding)
  session = new Session({ link, clock, timings, emit: () => undefined, onSyncLost: () => undefined })
  const giveUp = () => {
    onLost('the question was given up')
  }
  signal?.addEventListener('abort', giveUp)
  try {
    return await ask(session, clock, timings, options.asksInfo ?? false)
  } finally {
    signal?.removeEventListener('abort', giveUp)
    session.end('done')
    await link.close()
  }
}

async function ask(
  session: Session,
  clock: Clock,
  timings: SessionTimings,
  asksInfo: boolean,
): Promise<BoardReading> {
  for (let attempt = 1; ; attempt += 1) {
    await session.quiet(attempt === 1 ? timings.shortQuietMs : timings.longQuietMs)
    try {
      const keys = await readBoardKeys(session, [])
      const askedAt = clock.now()
      await probeBoard(session, keys)
      const answerMs = clock.now() - askedAt
      return { keys, answerMs, info: asksInfo ? await readBoardInfo(session) : undefined }
    } catch (error) {
      if (attempt === ATTEMPTS || session.state === 'closed') throw error
    }
  }
}
