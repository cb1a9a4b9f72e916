import { octezSequence } from '../../harness/clients.mjs'
import { crowd, endlessCrowd, times } from '../../harness/crowd.mjs'
import { distributionOf, rounded } from '../../harness/distribution.mjs'
import { attestation, preattestation, transfer } from '../../harness/payload.mjs'
import { stackPlot } from '../../harness/plot.mjs'

/** One key, P-256, takes a board 148 ms; the other, secp256k1, 550 ms. */
const ALIASES = [3, 2]
const ALLOWED = [0x03, 0x12, 0x13]
/** As long as who comes last in a crowd may have to wait; the default is 4 s. */
const PATIENCE_MS = 30_000
const CROWD = 16

/** What one client gets of a board that another key's clients want all of (docs/decisions/0024-fair-turns.md). */
export async function fairness(stand, { isQuick }) {
  const board = await stand.board('board')
  const results = []
  for (const scene of scenes()) {
    const daemon = await stand.daemon(board, {
      ...{ aliases: ALIASES, allowed: ALLOWED },
      config: { server: { listen: '127.0.0.1:0', queue_timeout_ms: PATIENCE_MS } },
    })
    results.push({ ...scene, ...(await play(scene, daemon, isQuick ? 3 : 16)) })
    await daemon.stop() // the crowd's open questions end with it
  }
  const rows = results.map((result) => row(result, results))
  const plotted = rows.filter((_, index) => results[index].clients > 0)
  return {
    table: { title: 'A lone client beside a crowd of another key, `board`', rows },
    plot: stackPlot(
      'A lone client beside a crowd of another key, medians',
      'ms',
      Object.fromEntries(plotted.map(bar)),
    ),
  }
}

/** First each key with nobody else, which tells how long its own signature takes. */
function scenes() {
  const levels = { attestation: 0, preattestation: 0 }
  const vote = { key: 0, payload: () => attestation(++levels.attestation) }
  const earlierVote = { key: 0, payload: () => preattestation(++levels.preattestation) }
  const transfers = {
    clients: CROWD,
    others: [{ key: 1, payload: transfer }],
    crowd: `${CROWD} clients' transfers`,
  }
  const votes = { clients: 2, others: [vote, earlierVote], crowd: "2 clients' votes" }
  const nobody = { clients: 0, others: [], crowd: 'nobody' }
  return [
    { asks: 'vote', lone: vote, ...nobody },
    { asks: 'transfer', lone: { key: 1, payload: transfer }, ...nobody },
    { asks: 'vote', lone: vote, ...transfers },
    { asks: 'transfer (P-256)', lone: { key: 0, payload: transfer }, ...transfers },
    { asks: 'transfer', lone: { key: 1, payload: transfer }, ...votes },
  ]
}

async function play({ lone, clients, others }, daemon, count) {
  const ask = ({ key, payload }) => octezSequence(daemon, daemon.keys[key], payload())
  const rest = endlessCrowd({ clients, run: (index) => ask(others[index % others.length]) })
  // Nothing counts before the first answer: until then the crowd gathers.
  const asked = crowd({ clients: 1, count: count + 1, run: () => ask(lone) })
  const answers = await Promise.race([rest.failed, asked])
  rest.end()
  return { answers: answers.slice(1), between: between(answers, rest.answers) }
}

/** How many of the crowd were answered between one answer and the next. */
function between(answers, others) {
  return answers.slice(1).map(({ endedAt }, index) => {
    const from = answers[index].endedAt
    return others.filter((other) => other.endedAt > from && other.endedAt <= endedAt).length
  })
}

function row({ asks, crowd: others, lone, answers, between: turns }, results) {
  const latency = distributionOf(times(answers))
  const own = median(results.find((each) => each.clients === 0 && each.lone.key === lone.key))
  const taken = turns.reduce((sum, each) => sum + each, 0)
  return {
    'lone client asks for': asks,
    'crowd beside it': others,
    signatures: turns.length,
    'of all turns, %': rounded((100 * turns.length) / (turns.length + taken)),
    'others between two, most': Math.max(...turns),
    'latency, p50 ms': rounded(latency.p50),
    'latency, max ms': rounded(latency.at(100)),
    'own signature, ms': rounded(own),
    'waiting, p50 ms': rounded(latency.p50 - own),
  }
}

const median = ({ answers }) => distributionOf(times(answers)).p50

function bar(row) {
  const name = `${row['lone client asks for']} beside\n${row['crowd beside it']}`
  return [name, { waiting: row['waiting, p50 ms'], 'own signature': row['own signature, ms'] }]
}
