/** What the bridge promises of its speed and size, on two cores that do nothing else. */
export const TARGETS = {
  'session-over-bare': {
    what: 'round trip through the session over a bare serialport round trip, median',
    ...{ limit: 1.1, unit: '×', isBest: 'lower' },
  },
  'octez-median': {
    what: 'Octez sequence beyond a bare round trip, `zero`, host verification on, median',
    ...{ limit: 3.0, unit: 'ms', isBest: 'lower' },
  },
  'octez-p99': {
    what: 'Octez sequence at p99 beyond a bare round trip at p99, `zero`',
    ...{ limit: 8, unit: 'ms', isBest: 'lower' },
  },
  'board-share': {
    what: 'share of the bridge in a `board` P-256 signature, beyond a bare relay, median',
    ...{ limit: 3, unit: '%', isBest: 'lower' },
  },
  'journal-over-fdatasync': {
    what: 'journal append and sync over one fdatasync of the same size, median',
    ...{ limit: 1.5, unit: '×', isBest: 'lower' },
  },
  throughput: {
    what: "throughput with `board` and 8 clients over the device's ceiling",
    ...{ limit: 0.97, unit: '×', isBest: 'higher' },
  },
  'refusal-median': {
    what: 'refusal by policy or by a mark, without the device, median',
    ...{ limit: 1.5, unit: 'ms', isBest: 'lower' },
  },
  start: {
    what: "start to ready with 100 marks, without the board's answers, median",
    ...{ limit: 500, unit: 'ms', isBest: 'lower' },
  },
  memory: {
    what: 'resident memory after 100,000 signatures',
    ...{ limit: 120, unit: 'MiB', isBest: 'lower' },
  },
  'memory-growth': {
    what: 'growth of resident memory over the last half of them',
    ...{ limit: 5, unit: 'MiB', isBest: 'lower' },
  },
}

/** Whether a figure is within a limit. */
export function holds({ isBest }, measured, limit) {
  return isBest === 'lower' ? measured <= limit : measured >= limit
}

/** A target with what was measured for it. */
export function judge(name, measured) {
  const target = TARGETS[name]
  if (target === undefined) throw new Error(`no target is called ${name}`)
  return { name, measured, isReached: holds(target, measured, target.limit) }
}
