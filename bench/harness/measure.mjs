import { Bench } from 'tinybench'
import { Distribution } from './distribution.mjs'

/** Calls before anything is counted: compilation and caches are not what a daemon of days meets. */
export const WARM_UP = 50

/**
 * Times tasks in turns, a few rounds of each, so that what drifts with the machine falls on all alike.
 * A task is `{ run, open, close, before }`: `run(index)` is timed, with an index that never comes twice; `open` and
 * `close` enclose its part of a round, and `before` runs before each call, untimed. With `clients` so many calls run
 * side by side. Resolves with distributions by name. Rejects with the first error of a task.
 */
export async function measure(tasks, { count, rounds = 5, warmUp = WARM_UP, clients = 1 }) {
  const distributions = {}
  const indices = {}
  for (const name of Object.keys(tasks)) {
    distributions[name] = new Distribution()
    indices[name] = 0
  }
  for (let round = 0; round < rounds; round += 1) {
    for (const [name, { run, open, close, before }] of Object.entries(tasks)) {
      await open?.()
      const times = await timed(name, () => run(indices[name]++), {
        iterations: Math.ceil(count / rounds),
        warmUp: round === 0 ? warmUp : Math.ceil(warmUp / 5),
        ...{ clients, before },
      })
      await close?.()
      for (const time of times) distributions[name].record(time)
    }
  }
  return distributions
}

async function timed(name, run, { iterations, warmUp, clients, before }) {
  const isAlone = clients === 1
  const bench = new Bench({
    ...{ time: 0, iterations, warmupTime: 0, warmupIterations: warmUp, warmup: warmUp > 0 },
    ...{ retainSamples: true, throws: true },
    ...(isAlone ? {} : { concurrency: 'task', threshold: clients }),
  })
  // Said to be asynchronous, so that no call is spent on finding out.
  bench.add(name, run, { async: true, ...(before === undefined ? {} : { beforeEach: before }) })
  const [task] = await bench.run()
  return task.result.latency.samples
}
