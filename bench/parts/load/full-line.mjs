import { octezSign } from '../../harness/clients.mjs'
import { crowd, endlessCrowd, times } from '../../harness/crowd.mjs'
import { distributionOf } from '../../harness/distribution.mjs'
import { transfer } from '../../harness/payload.mjs'
import { percentilePlot } from '../../harness/plot.mjs'
import { latencyRows } from '../../harness/report.mjs'

/** Ed25519, the slowest on a board: 850 ms pass between two places that become free. */
const ALIAS = 1
/** One in hand, 100 waiting (`QUEUE_CAPACITY` in src/cli/bridge.ts), and one who is refused until a place is free. */
const CLIENTS = 102
/** Michelson data, which the key may not sign. */
const FORBIDDEN = Buffer.from('05010000000568656c6c6f', 'hex')
const WARM_UP = 50

/** How soon the bridge says that it has no place, compared with how soon it says that a rule forbids a payload. */
export async function fullLine(stand, { isQuick }) {
  const count = isQuick ? 300 : 2000
  const daemon = await stand.daemon(await stand.board('board'), {
    ...{ aliases: [ALIAS], allowed: [0x03] },
    config: { server: { listen: '127.0.0.1:0', queue_timeout_ms: 30_000 } },
  })
  const distributions = {
    'by a rule, nobody waits': await refusalsByRule(daemon, count),
    'queue-full, 100 wait': await refusalsOfFullLine(daemon, count),
  }
  await daemon.stop() // those who wait are turned away
  return {
    table: { title: 'From a request to its refusal, the POST alone', rows: latencyRows(distributions) },
    plot: percentilePlot('From a request to its refusal', distributions),
  }
}

async function refusalsByRule(daemon, count) {
  const run = () => octezSign(daemon, daemon.key, FORBIDDEN, 403)
  const answers = await crowd({ clients: 1, count: WARM_UP + count, run })
  return distributionOf(times(answers.slice(WARM_UP)))
}

/** Whoever has an answer asks again: as soon as all places are taken, one client at a time hears that they are. */
async function refusalsOfFullLine(daemon, count) {
  const refusals = []
  let enough
  const isEnough = new Promise((resolve) => (enough = resolve))
  const run = async () => {
    const startedAt = performance.now()
    const refused = await octezSign(daemon, daemon.key, transfer()).then(() => false, isForFullLine)
    if (refused) refusals.push(performance.now() - startedAt)
    if (refusals.length === WARM_UP + count) enough()
  }
  const { failed, end } = endlessCrowd({ clients: CLIENTS, run })
  await Promise.race([failed, isEnough])
  end()
  return distributionOf(refusals.slice(WARM_UP))
}

function isForFullLine(error) {
  if (/: 500 .*"queue-full:/.test(error.message)) return true
  throw error
}
