import type { LatencyName } from '../../hw-sim/index.js'
import { seededNumbers } from '../../hw-sim/scenario/seeded-chance.js'
import { MARK_KINDS } from '../../src/tezos/index.js'
import { CrashBench, type Remains } from './crash-bench.js'
import { fewSizes, markAt, powerCutFaults } from './left-journal.js'
import { makePlace, wantedOf, type Place, type Which } from './place.js'

/** One crash: what is asked for when it comes, and what is done about it afterwards. */
export type Crash = {
  /** A new level, or once more the place of the crash before. */
  readonly place: Place
  readonly which: Which
  /** The instant of the kill, as a part of the time that a whole signature takes. */
  readonly instant: number
  readonly rebootsBoard: boolean
  /** What is asked for after the restart, in this order; nothing when the next crash comes over the same place. */
  readonly attack: readonly Which[]
}

/** How far the signatures had come when the crashes came. */
export type Tally = Record<'nothing' | 'marked' | 'sent' | 'stored' | 'answered', number>

const FIRST_LEVEL = 1_000_000
/** Whole signatures before the first crash, to know how long one takes on this machine, as busy as it is. */
const CALIBRATION = 6
/** The latest instant: some come after the answer. */
const LATEST = 1.2

/** Crashes drawn from a seed. */
export function drawCrashes(seed: number, count: number): readonly Crash[] {
  const next = seededNumbers(seed)
  const pick = <Value>(from: readonly Value[]): Value => from[Math.floor(next() * from.length)]!
  const crashes: Crash[] = []
  let level = FIRST_LEVEL + CALIBRATION
  while (crashes.length < count) {
    const before = crashes.at(-1)
    const isAgain = before?.attack.length === 0
    const place = isAgain ? before.place : makePlace(pick(MARK_KINDS), ++level, pick([0, 0, 1, 7]))
    const isLast = crashes.length + 1 === count
    crashes.push({
      place,
      which: pick([0, 0, 0, 1]),
      instant: LATEST * next() * next(), // early ones more often: much happens before the board is asked
      rebootsBoard: next() < 0.3,
      attack: !isAgain && !isLast && next() < 0.25 ? [] : pick([[0, 1, 0] as const, [1, 0, 1] as const]),
    })
  }
  return crashes
}

/** A count of nothing yet. */
export function emptyTally(): Tally {
  return { nothing: 0, marked: 0, sent: 0, stored: 0, answered: 0 }
}

/**
 * Runs the crashes of a seed on a new state directory and counts them in `tally`. Rejects, naming seed and crash, at
 * the first wrong thing.
 */
export async function runCrashes(
  tally: Tally,
  seed: number,
  count: number,
  latency: LatencyName = 'zero',
): Promise<void> {
  const bench = await CrashBench.make(latency)
  try {
    await bench.start()
    const signatureMs = await calibrate(bench)
    for (const [index, crash] of drawCrashes(seed, count).entries()) {
      try {
        tally[await runCrash(bench, crash, signatureMs)] += 1
      } catch (error) {
        const where = `CRASH_SEED=${seed}, latency ${latency}, crash ${index + 1} of ${count}`
        throw new Error(`${where}: ${String(error)}`, { cause: error })
      }
    }
  } finally {
    await bench.close()
  }
}

/** How long a signature takes, in ms: the median of a few. */
async function calibrate(bench: CrashBench): Promise<number> {
  const times: number[] = []
  for (let level = FIRST_LEVEL; level < FIRST_LEVEL + CALIBRATION; level++) {
    const startedAt = performance.now()
    await bench.ask(makePlace('block', level, 0), 0)
    times.push(performance.now() - startedAt)
  }
  return times.sort((left, right) => left - right)[CALIBRATION / 2] ?? 0
}

async function runCrash(bench: CrashBench, crash: Crash, signatureMs: number): Promise<keyof Tally> {
  const { place, which, instant, rebootsBoard, attack } = crash
  const remains = await bench.crash(place, which, instant * signatureMs)
  if (rebootsBoard) bench.reboot()
  await bench.start()
  const isSent = bench.commandReceived(place, which) !== 'nothing'
  expectPowerCutHarmless(remains, isSent ? [wantedOf(place, which)] : [])
  bench.judgePromise()
  for (const asked of attack) await bench.ask(place, asked)
  return progress(remains, place, which, isSent)
}

function expectPowerCutHarmless(
  { journal, syncedBytes }: Remains,
  sent: Parameters<typeof powerCutFaults>[2],
) {
  const faults = powerCutFaults(journal, syncedBytes, sent, fewSizes(journal, syncedBytes))
  if (faults.length > 0) throw new Error(faults.join('; '))
}

function progress({ journal, answer }: Remains, place: Place, which: Which, isSent: boolean): keyof Tally {
  if (answer !== undefined) return 'answered'
  const mark = markAt(journal, wantedOf(place, which))
  if (mark === undefined) return 'nothing'
  if (mark.signature !== undefined) return 'stored'
  return isSent ? 'sent' : 'marked'
}
