import { styleText } from 'node:util'
import { z } from 'zod'
import { monotonicClock, type Clock } from '../../clock.js'
import { loadConfig } from '../../config/index.js'
import type { StatusReport } from '../../server/index.js'
import { isColoured } from '../colour.js'
import { askDaemon } from '../control-client.js'
import { UnavailableError } from '../exit-code.js'
import { json, type Output } from '../output.js'
import type { ConfigOptions } from '../serve.js'
import { statusText, type Styles } from './status-view.js'

export type StatusOptions = ConfigOptions & {
  readonly json?: boolean | undefined
  readonly watch?: boolean | undefined
  /** Seconds between two looks. */
  readonly interval?: number | undefined
}

export type StatusSurroundings = {
  readonly clock: Clock
  /** Whether the output is a terminal that can be drawn on again and again. */
  readonly isTerminal: boolean
  readonly hasColours: boolean
  /** Ends watching. */
  readonly stop: AbortSignal
}

// What a daemon of this very version answered on its own socket is trusted to be what it says.
const statusAnswer = z.custom<StatusReport>((value) => typeof value === 'object' && value !== null)

/** Moves to the upper left corner, and clears what is below it. */
const REDRAW = '\u001b[H\u001b[J'

/**
 * Shows the running daemon's status, once or again and again until `stop`. Throws an UnavailableError when no daemon
 * runs for the state directory; watching waits for one instead.
 */
export async function showStatus(
  options: StatusOptions,
  { out }: Output,
  surroundings: StatusSurroundings,
): Promise<void> {
  const { stateDir } = loadConfig(options.config, { stateDir: options.stateDir })
  const { clock, isTerminal, hasColours, stop } = surroundings
  const styles = hasColours ? COLOURS : PLAIN
  if (options.watch !== true) {
    const report = await reportOf(stateDir)
    if (report === undefined) throw new UnavailableError(nobody(stateDir))
    out(options.json === true ? json(report) : statusText(report, styles))
    return
  }
  let isFirst = true
  while (!stop.aborted) {
    const report = await reportOf(stateDir)
    if (options.json === true) out(`${JSON.stringify(report ?? { daemon: 'not running' })}\n`)
    else {
      const text = report === undefined ? `${nobody(stateDir)}\n` : statusText(report, styles)
      out(isTerminal ? `${REDRAW}${text}` : `${isFirst ? '' : '\n'}${text}`)
    }
    isFirst = false
    await pause(clock, (options.interval ?? 1) * 1000, stop)
  }
}

async function reportOf(stateDir: string): Promise<StatusReport | undefined> {
  const answer = await askDaemon(stateDir, 'GET', '/status')
  return answer === undefined ? undefined : statusAnswer.parse(answer)
}

function nobody(stateDir: string): string {
  return `no daemon is running for ${stateDir}; to start it: tezio-bridge serve; to see the marks without it: tezio-bridge marks show`
}

function pause(clock: Clock, ms: number, stop: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      cancel()
      stop.removeEventListener('abort', end)
      resolve()
    }
    const cancel = clock.after(ms, end)
    stop.addEventListener('abort', end)
    if (stop.aborted) end()
  })
}

const PLAIN: Styles = {
  good: (text) => text,
  bad: (text) => text,
  warn: (text) => text,
  title: (text) => text,
}

const COLOURS: Styles = {
  good: (text) => styleText(['bold', 'green'], text),
  bad: (text) => styleText(['bold', 'red'], text),
  warn: (text) => styleText('yellow', text),
  title: (text) => styleText('bold', text),
}

/** The process's own surroundings: its terminal, and Ctrl-C. */
export function processSurroundings(): StatusSurroundings {
  const stop = new AbortController()
  process.once('SIGINT', () => {
    stop.abort()
  })
  const isTerminal = process.stdout.isTTY
  return { clock: monotonicClock, isTerminal, hasColours: isColoured(), stop: stop.signal }
}
