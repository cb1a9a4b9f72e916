/** What happened in a race. */
export type RaceReport = {
  levels: number
  places: number
  requests: number
  /** Requests that were answered with a signature. */
  signed: number
  /** Of them those for a payload that had been signed before. */
  repeats: number
  /** Requests for another payload than the one that was let through. */
  conflicts: number
  /** Places that two clients wanted at once for different payloads. */
  contested: number
  /** Repeats that were answered with another signature of the same payload, made by the other host's board. */
  otherSignatures: number
  daemonKills: number
  unplugs: number
  /** Boards that were restarted because both had signed a payload and both answers were lost. */
  boardRestarts: number
  sessionsEnded: number
  databaseStops: number
  /** Places whose payload got no signature although a path was whole for the whole deadline. */
  misses: number
  slowestPlaceMs: number
  ms: number
  readonly refusals: Map<string, number>
  /** All that was not as it must be, in words; the first ones. */
  readonly faults: string[]
}

export function emptyRaceReport(): RaceReport {
  return {
    ...{ levels: 0, places: 0, requests: 0, signed: 0, repeats: 0, conflicts: 0, contested: 0 },
    ...{ otherSignatures: 0, daemonKills: 0, unplugs: 0, boardRestarts: 0, sessionsEnded: 0 },
    ...{ databaseStops: 0, misses: 0, slowestPlaceMs: 0, ms: 0, refusals: new Map(), faults: [] },
  }
}

/** The race in lines for a person. */
export function raceSummary(report: RaceReport): string {
  const { levels, ms, places, requests, signed, repeats, otherSignatures, conflicts, contested } = report
  const { daemonKills, unplugs, boardRestarts, sessionsEnded, databaseStops, refusals } = report
  const counted = [...refusals].sort(([, left], [, right]) => right - left)
  return [
    `levels       ${levels} in ${Math.round(ms / 1000)} s; ${places} places, ${contested} of them contested`,
    `requests     ${requests}: ${signed} signed, ${repeats} of them again, ${otherSignatures} with the other board's signature; ${conflicts} conflicts`,
    `refusals     ${counted.map(([code, count]) => `${count} ${code}`).join(', ')}`,
    `disturbed    ${daemonKills} daemons killed, ${unplugs} boards unplugged, ${sessionsEnded} sessions ended, ${databaseStops} stops of the database`,
    `restarted    ${boardRestarts} boards, because both answers were lost`,
    `missed       ${report.misses}; slowest place ${Math.round(report.slowestPlaceMs)} ms`,
    ...report.faults.map((fault) => `FAULT        ${fault}`),
  ].join('\n')
}
