import { ask, octezSequence } from '../harness/clients.mjs'
import { crowd, times } from '../harness/crowd.mjs'
import { distributionOf, rounded } from '../harness/distribution.mjs'
import { attestation } from '../harness/payload.mjs'
import { linePlot } from '../harness/plot.mjs'
import { folderMiB, openDescriptors, residentMiB } from '../harness/process.mjs'
import { judge } from '../harness/targets.mjs'

const FULL = { signatures: 100_000, window: 1000 }
const QUICK = { signatures: 3000, window: 100 }
/** How many samples a figure that changes from one to the next is the median of. */
const AROUND = 5
const ROWS = 10

/** What many signatures leave behind in the daemon. */
export async function soak(stand, { isQuick }) {
  const { signatures, window } = isQuick ? QUICK : FULL
  const board = await stand.board('zero')
  const { path, keys, stateDir } = stand.configure(board)
  const daemon = await stand.serve(path, keys)
  const samples = await run(daemon, stateDir, signatures, window)
  const everyRow = samples.length / ROWS
  const rows = samples.filter((_, index) => (index + 1) % everyRow === 0)
  return {
    title: 'Soak',
    text: textOf(signatures, window, isQuick),
    tables: [{ title: `After so many signatures, each row the last ${window}`, rows }],
    plots: plots(samples),
    // The limits are those of so many signatures; a daemon that has just started still grows.
    targets: isQuick
      ? []
      : [judge('memory', rounded(samples.at(-1)[MEMORY])), judge('memory-growth', growth(samples))],
  }
}

const MEMORY = 'memory MiB'

async function run(daemon, stateDir, signatures, window) {
  let level = 0
  const sign = () => octezSequence(daemon, daemon.key, attestation(++level))
  const samples = []
  await eventLoopLag(daemon) // what came before the first signature belongs to no sample
  while (level < signatures) {
    const latency = distributionOf(times(await crowd({ clients: 1, count: window, run: sign })))
    samples.push({
      signatures: level,
      [MEMORY]: rounded(residentMiB(daemon.pid)),
      descriptors: openDescriptors(daemon.pid),
      'p50 ms': rounded(latency.p50),
      'p99 ms': rounded(latency.p99),
      ...(await eventLoopLag(daemon)),
      'state MiB': rounded(folderMiB(stateDir)),
    })
  }
  return samples
}

/** How late the daemon's turns were since it was asked the last time, in ms, as it says itself. */
async function eventLoopLag({ admin }) {
  const metrics = await ask(Number(new URL(admin).port), 'GET', '/metrics')
  const lag = (name) => {
    const [, seconds] = new RegExp(`^nodejs_eventloop_lag_${name}_seconds (\\S+)$`, 'm').exec(metrics)
    return rounded(Number(seconds) * 1000)
  }
  return { 'lag p99 ms': lag('p99'), 'lag max ms': lag('max') }
}

/** Of the last samples over those around the middle, in MiB. */
function growth(samples) {
  const memory = samples.map((sample) => sample[MEMORY])
  const middle = Math.floor((memory.length - AROUND) / 2)
  return rounded(median(memory.slice(-AROUND)) - median(memory.slice(middle, middle + AROUND)))
}

function median(numbers) {
  return numbers.toSorted((left, right) => left - right)[Math.floor(numbers.length / 2)]
}

function plots(samples) {
  const line = (name) => samples.map((sample) => [sample.signatures, sample[name]])
  const plot = (title, y, names) =>
    linePlot(title, { x: 'signatures', y }, Object.fromEntries(names.map((name) => [name, line(name)])))
  return {
    'soak-memory': plot('Resident memory of the daemon', 'MiB', [MEMORY]),
    'soak-descriptors': plot('Open descriptors of the daemon', 'descriptors', ['descriptors']),
    'soak-times': plot('Octez sequence, and lag of the daemon', 'ms', ['p50 ms', 'p99 ms', 'lag p99 ms']),
    'soak-state': plot('The state directory on disk', 'MiB', ['state MiB']),
  }
}

function textOf(signatures, window, isQuick) {
  const text =
    `${signatures} Octez sequences (GET, then POST, each on a new connection) of one client, one after another, a board ` +
    `that answers at once. Every ${window} signatures: resident memory (VmRSS) and descriptors of the daemon from ` +
    '/proc, median and p99 of these signatures, the lag of the event loop as the daemon tells it in /metrics (a ' +
    'timer of 10 ms, so that 10 ms is no lag at all), and what the state directory holds.'
  return isQuick ? `${text} Too few for the limits of memory, which are those of a full run.` : text
}
