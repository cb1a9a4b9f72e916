import { openBarePort, signCommand } from '../../harness/bare-port.mjs'
import { crowd, pace, perSecond, times } from '../../harness/crowd.mjs'
import { distributionOf, rounded } from '../../harness/distribution.mjs'
import { attestation } from '../../harness/payload.mjs'
import { judge } from '../../harness/targets.mjs'
import { votesInOrder } from '../../harness/votes.mjs'

/** The P-256 key, which bakers use. */
const ALIAS = 3
const CLIENTS = 8

/** How near eight clients come to what a board as slow as a real one can do: SIGN after SIGN on its bare port. */
export async function ceilingOfBoard(stand, { isQuick }) {
  const [rounds, count] = isQuick ? [2, 12] : [4, 35]
  const bareBoard = await stand.board('board')
  const daemon = await stand.daemon(await stand.board('board'), { aliases: [ALIAS] })
  const vote = votesInOrder(daemon)
  const exchanges = []
  const paces = []
  const answers = []
  await crowd({ clients: CLIENTS, count: CLIENTS, run: vote }) // warm up
  for (let round = 0; round < rounds; round += 1) {
    exchanges.push(...(await bare(bareBoard.path, 1 + round * count, count)))
    const signed = await crowd({ clients: CLIENTS, count, run: vote })
    paces.push(pace(signed))
    answers.push(...signed)
  }
  const exchange = distributionOf(exchanges)
  const ceiling = 1000 / exchange.p50
  const throughput = perSecond(paces)
  return {
    table: {
      title: `A board's own ceiling, P-256, \`board\``,
      rows: [
        {
          what: 'bare SIGN exchange, median',
          value: rounded(exchange.p50),
          unit: 'ms',
          count: exchange.count,
        },
        {
          what: 'ceiling: one after another',
          value: rounded(ceiling),
          unit: 'signatures/s',
          count: exchange.count,
        },
        {
          what: `${CLIENTS} clients`,
          value: rounded(throughput),
          unit: 'signatures/s',
          count: answers.length,
        },
        { what: 'of the ceiling', value: rounded(throughput / ceiling), unit: '×', count: answers.length },
        {
          what: 'Octez sequence, median',
          value: rounded(distributionOf(times(answers)).p50),
          unit: 'ms',
          count: answers.length,
        },
      ],
    },
    target: judge('throughput', throughput / ceiling),
  }
}

async function bare(path, firstLevel, count) {
  const port = await openBarePort(path)
  let level = firstLevel
  const run = () => port.exchange(signCommand(ALIAS, attestation(level++)))
  const answers = await crowd({ clients: 1, count, run })
  await port.close()
  return times(answers)
}
