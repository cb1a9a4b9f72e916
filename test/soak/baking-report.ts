import { judge, type Sample } from './soak-judge.js'

/** Levels below which memory is not judged: the daemon remembers the nonces of 10,000 signatures, 3 a level. */
export const JUDGED_LEVELS = 8000
/** Sockets the daemon may have: its listeners, and what the baker's connection pool keeps. */
const MAX_SOCKETS = 20

/** From the unplug to a daemon that is ready again: five levels and the longest back-off, with much to spare. */
const MAX_OUTAGE_MS = 15_000

/** What happened while it was baked. */
export type BakingReport = {
  levels: number
  /** Requests that were answered with a signature for the first time, and once more. */
  signed: number
  repeated: number
  /** Attempts at a second payload that were refused. */
  conflicts: number
  /** Requests that were not signed because the board was away. */
  missed: number
  outages: number
  /** From the unplug to the moment the daemon was ready again. */
  longestOutageMs: number
  slowestMs: number
  ms: number
  /** Chains, keys, kinds, levels and rounds that the board was asked for. */
  places: number
  /** All that was not as it must be, in words; the first ones. */
  readonly faults: string[]
  readonly samples: Sample[]
}

export function emptyReport(): BakingReport {
  const counts = { levels: 0, signed: 0, repeated: 0, conflicts: 0, missed: 0, outages: 0, places: 0 }
  return { ...counts, longestOutageMs: 0, slowestMs: 0, ms: 0, faults: [], samples: [] }
}

/** What is wrong with a run: broken promises, wrong answers, a process that did not keep still. */
export function faultsOf({ levels, samples, faults, longestOutageMs }: BakingReport): readonly string[] {
  const { growthKiB, fewest, most } = stillness(samples)
  const { isFlat } = levels < JUDGED_LEVELS ? { isFlat: fewest === most } : stillness(samples)
  const sockets = Math.max(...samples.map((sample) => sample.sockets))
  return [
    ...faults,
    ...(isFlat ? [] : [`not flat: ${growthKiB} KiB more, ${fewest} to ${most} descriptors`]),
    ...(longestOutageMs <= MAX_OUTAGE_MS ? [] : [`an outage of ${Math.round(longestOutageMs)} ms`]),
    ...(sockets <= MAX_SOCKETS ? [] : [`${sockets} sockets`]),
  ]
}

/** The run in lines for a person. */
export function summary(report: BakingReport): string {
  const { levels, signed, repeated, conflicts, missed, outages, longestOutageMs, slowestMs, samples } = report
  const { growthKiB, fewest, most } = stillness(samples)
  const [first, last] = [samples[0]?.rssKiB, samples.at(-1)?.rssKiB]
  return [
    `levels       ${levels} in ${Math.round(report.ms / 1000)} s`,
    `signatures   ${signed}, ${repeated} of them asked for again; ${conflicts} conflicting payloads refused`,
    `board        asked for ${report.places} places; slowest answer ${Math.round(slowestMs)} ms`,
    `outages      ${outages}, the longest ${Math.round(longestOutageMs)} ms; ${missed} requests missed in them`,
    `memory       ${first} KiB first, ${last} KiB last; ${growthKiB} KiB from the second quarter to the last`,
    `descriptors  ${fewest} to ${most} beside sockets after the first quarter`,
    ...faultsOf(report).map((fault) => `FAULT        ${fault}`),
  ].join('\n')
}

/** Sockets come and go with the baker's connections: they are counted apart. */
function stillness(samples: readonly Sample[]) {
  return judge(
    samples.map(({ rssKiB, descriptors, sockets }) => ({ rssKiB, descriptors: descriptors - sockets })),
  )
}
