import { octezSequence } from '../../harness/clients.mjs'
import { crowd, pace, perSecond, times } from '../../harness/crowd.mjs'
import { Distribution, rounded } from '../../harness/distribution.mjs'
import { transfer } from '../../harness/payload.mjs'
import { linePlot } from '../../harness/plot.mjs'
import { votesInOrder } from '../../harness/votes.mjs'

const CLIENTS = [1, 2, 4, 8, 16, 32, 64]
const QUICK_CLIENTS = [1, 4, 16, 64]
const WARM_UP = 100
/** On a machine with other work 64 clients may wait longer than the default of 4 s; that is no failure here. */
const SETTINGS = {
  allowed: [0x03, 0x13],
  config: { server: { listen: '127.0.0.1:0', queue_timeout_ms: 30_000 } },
}

/** What is asked for, with the aliases of the keys: P-256 is 3, Ed25519 1 and secp256k1 2. Only 3 votes on a board. */
const SERIES = {
  'votes of one key': { aliases: [3], asking: votesInOrder },
  'transfers of one key': { aliases: [3], asking: transfersInTurns },
  'transfers of three keys': { aliases: [3, 1, 2], asking: transfersInTurns },
}

/** Octez sequences of more and more clients against a board that answers at once. */
export async function clientsSideBySide(stand, { isQuick }) {
  const [sizes, rounds, count] = isQuick ? [QUICK_CLIENTS, 2, 20] : [CLIENTS, 3, 300]
  const series = {}
  for (const [name, { aliases, asking }] of Object.entries(SERIES)) {
    const daemon = await stand.daemon(await stand.board('zero'), { aliases, ...SETTINGS })
    series[name] = { run: asking(daemon), cells: sizes.map(cell) }
    await crowd({ clients: 8, count: WARM_UP, run: series[name].run })
  }
  for (let round = 0; round < rounds; round += 1) {
    for (const index of sizes.keys()) {
      for (const { run, cells } of Object.values(series)) await fill(cells[index], count, run)
    }
  }
  return {
    tables: Object.entries(series).map(([name, { cells }]) => ({
      title: `Side by side: ${name}, \`zero\`, times in ms`,
      rows: cells.map(row),
    })),
    plots: { 'load-throughput': throughputPlot(series), 'load-latency': latencyPlot(series) },
  }
}

function transfersInTurns(daemon) {
  return (index) => octezSequence(daemon, daemon.keys[index % daemon.keys.length], transfer())
}

const cell = (clients) => ({ clients, paces: [], distribution: new Distribution() })

async function fill({ clients, paces, distribution }, count, run) {
  // No fewer than a few for each client, or all of it would be beginning and end.
  const answers = await crowd({ clients, count: Math.max(count, 2 * clients), run })
  paces.push(pace(answers))
  for (const time of times(answers)) distribution.record(time)
}

function row({ clients, paces, distribution }) {
  const { count, p50, p95, p99, max } = distribution.summary()
  return { clients, 'signatures/s': rounded(perSecond(paces)), count, p50, p95, p99, max }
}

const byClients = (cells, value) => cells.map((each) => [each.clients, rounded(value(each))])

function throughputPlot(series) {
  const lines = Object.entries(series).map(([name, { cells }]) => [
    name,
    byClients(cells, ({ paces }) => perSecond(paces)),
  ])
  const axes = { x: 'clients side by side', y: 'signatures per second', isLog: true, logBase: 2 }
  return linePlot('Throughput, board that answers at once', axes, Object.fromEntries(lines))
}

function latencyPlot(series) {
  const shown = ['votes of one key', 'transfers of three keys']
  const lines = shown.flatMap((name) => latencyLines(name, series[name].cells))
  const axes = { x: 'clients side by side', y: 'ms from first request to signature', isLog: true, logBase: 2 }
  const title = 'Latency of one Octez sequence, board that answers at once'
  return linePlot(title, axes, Object.fromEntries(lines))
}

function latencyLines(name, cells) {
  return [
    [`${name}, median`, byClients(cells, ({ distribution }) => distribution.p50)],
    [`${name}, p99`, byClients(cells, ({ distribution }) => distribution.p99)],
  ]
}
