/**
 * What `npm run soak` can run, in its order. `minutes` is how long a part may take unless told; `command` is what Node runs
 * for it, with its environment, given the values of `--minutes`, `--rate`, `--levels` and `--seed`.
 */
export const PARTS = [
  {
    name: 'simulator',
    what: 'commands at an even rate to the simulated board: right answers, flat memory and descriptors',
    minutes: '10',
    command: ({ minutes, rate }) => ({
      args: ['scripts/soak-simulator.mjs', '--minutes', minutes, '--rate', rate],
    }),
  },
  {
    name: 'crash',
    what: 'the daemon killed at random instants of a signature, over and over, with fresh seeds: no second payload',
    minutes: '10',
    command: (values) => vitest('crash', values),
  },
  {
    name: 'baking',
    what: 'blocks and votes at 100 times real speed, with repeats, conflicts and unplugs: none doubled, none missed',
    minutes: '1440', // it ends with its levels: 100,000 of 60 ms take 100 minutes
    command: ({ levels = '100000', ...values }) => vitest('baking', { ...values, levels }),
  },
  {
    name: 'model',
    what: 'random histories of requests, crashes, cables and operators against the model: no second payload',
    minutes: '10',
    command: ({ minutes }) => ({
      args: [VITEST, 'run', 'test/model/promise.test.ts'],
      environment: { MODEL_RUNS: String(Math.ceil(Number(minutes) * HISTORIES_A_MINUTE)) },
    }),
  },
  {
    name: 'http',
    what: 'abuse of the daemon, measured: a busy I/O pool, huge bodies, slow connections, floods of refusals',
    minutes: '4',
    command: ({ minutes }) => ({ args: ['scripts/soak-http.mjs', '--minutes', minutes] }),
  },
  {
    name: 'accounts',
    what: 'the daemon killed at random instants of making accounts, in a vault and a token: none lost, none half done',
    minutes: '5',
    command: (values) => vitest('accounts', values),
  },
  {
    name: 'race',
    what: 'two hosts on one PostgreSQL, with kills, unplugs and stops of all of them: none doubled, none missed',
    minutes: '1440', // it ends with its levels
    command: ({ levels = '10000', ...values }) => vitest('race', { ...values, levels }),
  },
]

const VITEST = 'node_modules/vitest/vitest.mjs'
/** What a small machine tries in a minute, about. */
const HISTORIES_A_MINUTE = 400

/** A part that is a file of test/soak, with its length and seed in the environment. */
function vitest(name, { minutes, levels, seed }) {
  const args = [VITEST, 'run', '--config', 'vitest.soak.config.ts']
  const environment = {
    SOAK_MINUTES: minutes,
    ...(levels && { SOAK_LEVELS: levels }),
    ...(seed && { SOAK_SEED: seed }),
  }
  return { args: [...args, `test/soak/${name}.soak.ts`], environment }
}
