import { pino, type DestinationStream, type Logger } from 'pino'
import type { Clock } from '../clock.js'
import { isColoured } from './colour.js'
import { Throttle } from './throttle.js'

/** Something that happened: a stable name in the past tense, and what belongs to it. */
export type LogEvent = {
  readonly event: string
  /** Whether a request got so far that it could touch a mark or the device: its line is never left out. */
  readonly admitted?: boolean
} & Readonly<Record<string, unknown>>

export type LogLevel = (typeof LOG_LEVELS)[number]

/** From the least to the most. */
export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const

/** Writes structured lines, one for each event. */
export type Log = { readonly write: (level: LogLevel, event: LogEvent) => void }

/** A log whose least level can be changed. */
export type AdjustableLog = Log & { readonly setLevel: (level: LogLevel) => void }

/** Readable lines where standard output is a terminal; `undefined` where it is none. */
export async function terminalLines(): Promise<DestinationStream | undefined> {
  return process.stdout.isTTY ? readableLines(process.stdout, isColoured()) : undefined
}

/** Lines for a person, as pino-pretty makes them: time, severity, the event, and `key=value` for the rest. */
export async function readableLines(
  destination: NodeJS.WritableStream,
  hasColours: boolean,
): Promise<DestinationStream> {
  const { default: pretty } = await import('pino-pretty')
  return pretty({
    sync: true,
    destination,
    colorize: hasColours,
    levelKey: 'severity',
    translateTime: 'SYS:HH:MM:ss.l',
    hideObject: true,
    messageFormat: ({ event, ...rest }) => `${String(event)}${fieldsText(rest)}`,
  })
}

/** `key=value` for each field but those that stand at the front of the line. */
function fieldsText(fields: Readonly<Record<string, unknown>>): string {
  return Object.entries(fields)
    .filter(([name]) => !['time', 'severity'].includes(name))
    .map(([name, value]) => {
      const text = typeof value === 'string' ? value : JSON.stringify(value)
      return ` ${name}=${/^[^\s"]+$/.test(text) ? text : JSON.stringify(text)}`
    })
    .join('')
}

/** JSON lines on standard output, or on `destination`. A flood of one kind of line is cut short, counted and told. */
export function createLog(level: LogLevel, clock: Clock, destination?: DestinationStream): AdjustableLog {
  const options = {
    level,
    base: {},
    timestamp: pino.stdTimeFunctions.isoTime,
    // not `level`: that is a block's
    formatters: { level: (label: string) => ({ severity: label }) },
  }
  const logger: Logger = destination === undefined ? pino(options) : pino(options, destination)
  const throttle = new Throttle(clock)
  return {
    setLevel: (next) => {
      logger.level = next
    },
    write: (lineLevel, event) => {
      if (!logger.isLevelEnabled(lineLevel)) return
      const { event: of, code } = event
      const tell = (count: number) => {
        logger[lineLevel]({ event: 'log.lines-left-out', of, code, count })
      }
      const isKept = lineLevel === 'info' || event.admitted === true
      if (isKept || throttle.admits(`${of}/${JSON.stringify(code)}`, tell)) logger[lineLevel](event)
    },
  }
}
