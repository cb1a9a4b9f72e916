import { bareSigning } from '../harness/bare-port.mjs'
import { octezSequence, octezSign, taquitoClient } from '../harness/clients.mjs'
import { distributionOf, rounded } from '../harness/distribution.mjs'
import { measure } from '../harness/measure.mjs'
import { attestation, levelsFrom } from '../harness/payload.mjs'
import { percentilePlot, stackPlot } from '../harness/plot.mjs'
import { latencyRows } from '../harness/report.mjs'
import { judge } from '../harness/targets.mjs'

/** The P-256 key, which bakers use. */
const ALIAS = 3
/** The first level that is signed; refusals ask for lower ones. */
const FIRST_LEVEL = 1000

/** Whole requests of Octez and Taquito against a bare exchange, with a board that answers at once and a real one's times. */
export async function relay(stand, { isQuick }) {
  const zero = await sequences(stand, 'zero', isQuick ? 300 : 3000)
  const board = await sequences(stand, 'board', isQuick ? 20 : 200)
  const [bare, octez] = [zero.distributions['bare serialport'], zero.distributions['Octez sequence']]
  const {
    'bare relay': relayBoard,
    'bare serialport': bareBoard,
    'Octez sequence': octezBoard,
  } = board.distributions
  return {
    title: 'Relay',
    text:
      'One attestation with a P-256 key: mark raised and synced, signature verified on the host. The Octez sequence is ' +
      '`GET /authorized_keys` and a chunked `POST /keys/...`, each on a new connection; the Taquito sequence `POST` and ' +
      '`GET /keys/...` on one that stays open. `bare serialport` is the SIGN command alone; the plain ' +
      'server reads the same two requests and answers `{}`; the bare relay hands the POST to a board and answers with ' +
      'what comes back, and does nothing else. The split is of medians: what ' +
      'the daemon says of each request in its log, and as HTTP what the client waits beyond it, its own work included.',
    tables: [
      { title: '`zero`: a board that answers at once', rows: latencyRows(zero.distributions) },
      { title: "`board`: a real board's times", rows: latencyRows(board.distributions) },
      {
        title: 'Share of the bridge in an Octez sequence with `board`, medians',
        rows: [
          {
            beyond: 'the bare relay, to which the same client sends the same requests',
            '%': share(octezBoard, relayBoard),
          },
          {
            beyond: "a bare SIGN: the client's own work on two connections counts as the bridge's",
            '%': share(octezBoard, bareBoard),
          },
          { beyond: 'the device, within the daemon, by its log: without HTTP', '%': board.own },
        ],
      },
      {
        title: 'Where the time of an Octez sequence goes',
        rows: splitRows({ zero: zero.split, board: board.split }),
      },
    ],
    plots: {
      'relay-zero': percentilePlot('Requests with a board that answers at once', zero.distributions),
      'relay-board': percentilePlot("Requests with a real board's times", signing(board.distributions), {
        isFromZero: false,
      }),
      'relay-split': stackPlot('Where the time of an Octez sequence goes (`zero`)', 'ms', {
        zero: zero.split,
      }),
    },
    targets: [
      judge('octez-median', octez.p50 - bare.p50),
      judge('octez-p99', octez.p99 - bare.p99),
      judge('board-share', share(octezBoard, relayBoard)),
      judge('refusal-median', Math.max(...REFUSALS.map((name) => zero.distributions[name].p50))),
    ],
  }
}

/** How much of the whole a sequence takes beyond something else, in percent of medians. */
function share(sequence, other) {
  return rounded((100 * (sequence.p50 - other.p50)) / sequence.p50)
}

/** All that waits for a board. */
function signing(distributions) {
  const waits = Object.entries(distributions).filter(([name]) => name !== PLAIN)
  return Object.fromEntries(waits)
}

const PLAIN = 'two requests to a plain server'
const REFUSALS = ['refused by a mark', 'refused by policy']

/** Distributions of everything that is compared, in turns, and the split of the Octez sequence. */
async function sequences(stand, latency, count) {
  const bareBoard = await stand.board(latency)
  const board = await stand.board(latency)
  const daemon = await stand.daemon(board, { aliases: [ALIAS] })
  const [plain, relayed] = [await stand.plainServer(), await stand.board(latency)]
  const bareRelay = await stand.bareRelay(relayed)
  const taquito = taquitoClient(daemon)
  const [next, nextOfRelay] = [levelsFrom(FIRST_LEVEL), levelsFrom(FIRST_LEVEL)]
  const tasks = {
    'bare serialport': bareSigning(bareBoard.path),
    [PLAIN]: { run: () => octezSequence(plain, 'any', attestation(FIRST_LEVEL)) },
    'bare relay': { run: () => octezSequence(bareRelay, 'any', attestation(nextOfRelay())) },
    'Octez sequence': { run: () => octezSequence(daemon, daemon.key, attestation(next())) },
    'Taquito sequence': { run: () => taquito.sign(daemon.key, attestation(next())) },
    ...(latency === 'zero' ? refusals(daemon) : {}),
  }
  const distributions = await measure(tasks, { count, warmUp: latency === 'zero' ? 100 : 3 })
  taquito.close()
  const signed = daemon
    .log()
    .filter(({ event, outcome }) => event === 'signature.decided' && outcome === 'signed')
  const split = splitOf(signed, distributions['Octez sequence'].p50)
  const own = distributionOf(
    signed.map(({ deviceMs, totalMs }) => (100 * (totalMs - deviceMs)) / totalMs),
  ).p50
  for (const { stop } of [daemon, bareRelay, plain, relayed, board, bareBoard]) await stop()
  return { distributions, split, own }
}

/** Another payload below the mark, and an operation where only consensus is allowed: no device is asked. */
function refusals(daemon) {
  const [belowMark, forbidden] = [attestation(FIRST_LEVEL - 1), Buffer.from('03', 'hex')]
  return {
    [REFUSALS[0]]: { run: () => octezSign(daemon, daemon.key, belowMark, 409) },
    [REFUSALS[1]]: { run: () => octezSign(daemon, daemon.key, forbidden, 403) },
  }
}

/** Medians in ms of what signatures spent in each step, by the daemon's own log. */
function splitOf(signed, clientMs) {
  const median = (of) => distributionOf(signed.map(of)).p50
  const parts = {
    parse: median(({ parseMs }) => parseMs),
    policy: median(({ policyMs }) => policyMs),
    queue: median(({ queueMs, parseMs, policyMs }) => queueMs - parseMs - policyMs),
    journal: median(({ syncMs }) => syncMs),
    device: median(({ deviceMs }) => deviceMs),
    verify: median(({ verifyMs }) => verifyMs),
    rest: median(restMs),
  }
  return { ...parts, HTTP: clientMs - median(({ totalMs }) => totalMs) }
}

/** What no other step is: checks of the journal, the storing of the signature, the steps between. */
function restMs({ queueMs, syncMs, deviceMs, verifyMs, totalMs }) {
  return totalMs - queueMs - syncMs - deviceMs - verifyMs
}

function splitRows(splits) {
  return Object.entries(splits).map(([latency, split]) => ({ 'ms of': latency, ...split }))
}
