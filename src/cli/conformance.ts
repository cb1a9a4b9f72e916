import { writeFileSync } from 'node:fs'
import { InvalidArgumentError } from 'commander'
import type { SerialExchanger } from '../../hw-sim/conformance/index.js'
import { LIMITS } from '../../hw-sim/conformance/limits.js'
import { DeviceError } from '../device/index.js'
import { EXIT, UsageError, type ExitCode } from './exit-code.js'
import { json, type Output } from './output.js'

/** What the command line says; numbers are within `judgeDevice`'s limits. */
export type ConformanceOptions = {
  readonly port: string
  readonly destructive?: true
  readonly fromLevel?: number
  readonly samples: number
  /** Seconds. */
  readonly timeLimit: number
  /** Files that the report is written to. */
  readonly json?: string
  readonly junit?: string
}

/**
 * Judges the device on a serial port and tells what it found; the exit code is 0 for a conforming device and 1 for
 * another. Rejects with a DeviceError when the port cannot be opened, with a UsageError for options that contradict.
 */
export async function conformance(options: ConformanceOptions, output: Output): Promise<ExitCode> {
  const { port, destructive = false, fromLevel, samples, timeLimit } = options
  if (fromLevel !== undefined && !destructive) throw new UsageError('--from-level needs --destructive')
  for (const file of [options.json, options.junit]) {
    // A file that cannot be written is told now, not after minutes of judging.
    if (file !== undefined) writeFileSync(file, '', { flag: 'a' })
  }
  const { checkText, judgeDevice, junitReport, summaryText } = await loadKit()
  const exchanger = await open(port)
  try {
    output.out(`Judging the device on ${port}${destructive ? ', raising its watermarks' : ''}\n\n`)
    const report = await judgeDevice(exchanger, {
      destructive,
      samples,
      totalLimitMs: timeLimit * 1000,
      ...(fromLevel === undefined ? {} : { fromLevel }),
      onCheck: (result) => {
        output.out(`${checkText(result)}\n`)
      },
    })
    output.out(`\n${summaryText(report)}`)
    if (options.json !== undefined) writeFileSync(options.json, json({ port, ...report }))
    if (options.junit !== undefined) writeFileSync(options.junit, junitReport(report))
    return report.conforming ? EXIT.ok : EXIT.failed
  } finally {
    await exchanger.close()
  }
}

/** The judge is loaded when it is called for: `serve` starts sooner without it, which counts after a crash. */
const loadKit = () => import('../../hw-sim/conformance/index.js')

async function open(port: string): Promise<SerialExchanger> {
  const { openSerialExchanger, PortUnavailableError } = await loadKit()
  try {
    return await openSerialExchanger(port)
  } catch (error) {
    if (error instanceof PortUnavailableError) {
      throw new DeviceError('port-failed', error.message, { cause: error })
    }
    throw error
  }
}

const LONGEST_RUN_S = 86_400

/** `--from-level`: throws commander's InvalidArgumentError for a level that the kit does not sign. */
export const parseLevel = countUpTo(LIMITS.fromLevel)
/** `--samples`: throws commander's InvalidArgumentError. */
export const parseSamples = countUpTo(LIMITS.samples)
/** `--time-limit`, up to a day: throws commander's InvalidArgumentError. */
export const parseSeconds = countUpTo(LONGEST_RUN_S)

function countUpTo(highest: number): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (/^\d{1,10}$/.test(text) && value >= 1 && value <= highest) return value
    throw new InvalidArgumentError(`a whole number from 1 to ${highest} expected`)
  }
}
