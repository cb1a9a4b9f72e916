import type { Config } from '../../../config/index.js'
import type { NodeReport } from '../../../octez/index.js'
import { chainName } from '../../../tezos/index.js'
import { fail, pass, skip, warn, type Check, type Finding } from '../check.js'

/** Whether the node answers; without one the head check only costs. */
export function judgeNodeAnswer(report: NodeReport, onError: 'allow' | 'refuse' | undefined): Finding {
  if (report.outcome === 'told') return pass(`its head is at level ${report.level}`)
  const remedy =
    'start the node, or mend its address in head_check.rpc: curl -s URL/chains/main/blocks/head/header'
  const words = `the node does not answer: ${report.reason}`
  if (onError === 'allow') return warn(`${words}; blocks and votes are signed without its check`, remedy)
  return fail(onError === 'refuse' ? `${words}; blocks and votes are refused` : words, remedy)
}

/** Whether the node follows a chain that is signed for. */
export function judgeNodeChain(
  { chain }: Extract<NodeReport, { outcome: 'told' }>,
  config: Config | undefined,
): Finding {
  if (config === undefined) return pass(chainName(chain))
  const known = [...new Set(config.keys.flatMap(({ chains }) => chains))]
  if (known.includes(chain)) return pass(chainName(chain))
  return fail(
    `it is a node of ${chainName(chain)}, and the keys sign for ${known.map(chainName).join(', ')}`,
    'name a node of the right chain in head_check.rpc, or the chain in chains',
  )
}

/** Whether the node has caught up, in its own words. */
export function judgeNodeHead({ level, isSynced }: Extract<NodeReport, { outcome: 'told' }>): Finding {
  if (isSynced === true) return pass(`level ${level}, it has caught up with its peers`)
  const wait = 'wait until it has caught up: octez-client bootstrapped'
  if (isSynced === false) return warn(`level ${level}, it has not caught up with its peers yet`, wait)
  return warn(`level ${level}, it does not say whether it has caught up`, wait)
}

/** The Octez node, where one is named. */
export const nodeChecks: readonly Check[] = [
  {
    id: 'node-answers',
    title: 'The node answers',
    run: async ({ node, config, options }) => {
      const report = await node()
      const loaded = config()
      if (report === undefined) return skip('no node is named: head_check.rpc, or --node URL')
      const isConfigured = options.node === undefined && loaded.outcome === 'loaded'
      return judgeNodeAnswer(report, isConfigured ? loaded.config.headCheck?.onError : undefined)
    },
  },
  {
    id: 'node-chain',
    title: 'Chain of the node',
    run: async ({ node, config }) => {
      const report = await node()
      const loaded = config()
      if (report?.outcome !== 'told') return skip('no node answers')
      return judgeNodeChain(report, loaded.outcome === 'loaded' ? loaded.config : undefined)
    },
  },
  {
    id: 'node-head',
    title: 'Head of the node',
    run: async ({ node }) => {
      const report = await node()
      return report?.outcome === 'told' ? judgeNodeHead(report) : skip('no node answers')
    },
  },
]
