import { execFileSync } from 'node:child_process'
import { closeSync, constants, openSync } from 'node:fs'
import { octezSequence } from '../harness/clients.mjs'
import { rounded } from '../harness/distribution.mjs'
import { measure } from '../harness/measure.mjs'
import { attestation } from '../harness/payload.mjs'
import { percentilePlot } from '../harness/plot.mjs'
import { latencyRows } from '../harness/report.mjs'

const VIEWERS = 200
const SCRAPE_EVERY_MS = 100
const QUIET = 'quiet'

/** One client's Octez sequences while the daemon is quiet, and while other things go on in it, in turns. */
export async function noise(stand, { isQuick }) {
  const board = await stand.board('zero')
  const { path, keys } = stand.configure(board)
  const daemon = await stand.serve(path, keys, { takesOrders: true })
  let level = 0
  const run = () => octezSequence(daemon, daemon.key, attestation(++level))
  const pool = poolTaker(stand, daemon)
  const tasks = {
    [QUIET]: { run },
    'I/O pool taken': { run, open: pool.take, close: pool.giveBack },
    [`/metrics every ${SCRAPE_EVERY_MS} ms`]: {
      run,
      ...lookedOnBy(stand, ['scrapes', SCRAPE_EVERY_MS, daemon.admin]),
    },
    [`${VIEWERS} viewers`]: { run, ...lookedOnBy(stand, ['viewers', VIEWERS, daemon.admin]) },
  }
  const settings = isQuick ? { count: 250, rounds: 2 } : { count: 3000, rounds: 6 }
  const distributions = await measure(tasks, settings).finally(pool.giveBack) // or the daemon could not end
  return {
    title: 'Noise',
    text:
      'Octez sequences (GET, then POST) of one client, one after another, a board that answers at once. In turns: ' +
      'nothing else goes on; all four threads of the I/O pool in the daemon are blocked; another process reads ' +
      `/metrics every ${SCRAPE_EVERY_MS} ms; another process has ${VIEWERS} operator's pages open, which show every ` +
      'signature. The processes share the processors, so that the last two also show what the other process takes.',
    tables: [
      { title: 'From the first request to the signature', rows: latencyRows(distributions) },
      { title: 'Against quiet', rows: againstQuiet(distributions) },
    ],
    plots: { noise: percentilePlot('Octez sequence while other things go on', distributions) },
    targets: [],
  }
}

/** Takes every thread of the daemon's I/O pool: each waits for who writes to a pipe. */
function poolTaker(stand, daemon) {
  let pipe
  const take = async () => {
    pipe = stand.path('pipe')
    execFileSync('mkfifo', [pipe])
    await daemon.order('occupy', { pipe })
  }
  const giveBack = () => {
    if (pipe === undefined) return
    closeSync(openSync(pipe, constants.O_WRONLY | constants.O_NONBLOCK)) // now all have their writer; ENXIO if none waits
    pipe = undefined
  }
  return { take, giveBack }
}

function lookedOnBy(stand, args) {
  let onlooker
  return {
    open: async () => (onlooker = await stand.onlooker(...args)),
    close: () => onlooker.stop(),
  }
}

function againstQuiet(distributions) {
  const { [QUIET]: quiet, ...others } = distributions
  const times = (other, percent) => rounded(other.at(percent) / quiet.at(percent))
  return Object.entries(others).map(([what, other]) => ({
    what,
    'p50, times': times(other, 50),
    'p95, times': times(other, 95),
    'p99, times': times(other, 99),
  }))
}
