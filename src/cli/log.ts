import { pino, type DestinationStream, type Logger } from 'pino'
import type { Clock } from '../clock.js'

/** Something that happened: a stable name in the past tense, and what belongs to it. */
export type LogEvent = { readonly event: string } & Readonly<Record<string, unknown>>

export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

/** Writes structured lines, one for each event. */
export type Log = { readonly write: (level: LogLevel, event: LogEvent) => void }

/** A log whose least level can be changed. */
export type AdjustableLog = Log & { readonly setLevel: (level: 'debug' | 'info') => void }

/** Lines of one name and code that are written within a second; the rest is counted. */
const BURST = 10
const WINDOW_MS = 1000

type Window = { startedAt: number; written: number; suppressed: number }

/** JSON lines on standard output, or on `destination`. A flood of one kind of line is cut short and counted. */
export function createLog(
  level: 'debug' | 'info',
  clock: Clock,
  destination?: DestinationStream,
): AdjustableLog {
  const options = {
    level,
    base: {},
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
  }
  const logger: Logger = destination === undefined ? pino(options) : pino(options, destination)
  const windows = new Map<string, Window>()
  return {
    setLevel: (next) => {
      logger.level = next
    },
    write: (lineLevel, event) => {
      if (lineLevel === 'info') {
        logger.info(event)
        return
      }
      const suppressed = admitted(windows, `${event.event}/${JSON.stringify(event['code'])}`, clock.now())
      if (suppressed === undefined) return
      logger[lineLevel](suppressed === 0 ? event : { ...event, suppressedBefore: suppressed })
    },
  }
}

/** `undefined` when the line is one too many; otherwise how many were left out before it. */
function admitted(windows: Map<string, Window>, name: string, now: number): number | undefined {
  const window = windows.get(name)
  if (window === undefined || now - window.startedAt >= WINDOW_MS) {
    windows.set(name, { startedAt: now, written: 1, suppressed: 0 })
    return window?.suppressed ?? 0
  }
  if (window.written < BURST) {
    window.written += 1
    return 0
  }
  window.suppressed += 1
  return undefined
}
