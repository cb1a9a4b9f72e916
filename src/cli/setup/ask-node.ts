import { isRefused, readRpcUrl } from '../../config/index.js'
import { octezHeader } from '../../octez/index.js'
import { chainName, type ChainId } from '../../tezos/index.js'
import { RefusedError } from '../exit-code.js'
import type { Wizard } from './wizard.js'

/** A node of the chosen chain and its head. */
export type NodeHead = {
  readonly rpc: string
  readonly level: number
  /** Whether the head is so old that the node is behind the chain, or its clock or this one is wrong. */
  readonly isStale: boolean
}

const DEFAULT_RPC = 'http://127.0.0.1:8732'
const NODE_TIMEOUT_MS = 5000
/** Blocks come every few seconds; a chain without one for so long has stopped, or the node does not hear of it. */
const STALE_MS = 2 * 60_000

/** Asks the operator's node for its head; `undefined` when there is none. Throws a RefusedError for a node of another chain. */
export async function askNode(wizard: Wizard, chain: ChainId): Promise<NodeHead | undefined> {
  const rpc = await rpcOf(wizard)
  return rpc === undefined ? undefined : headAt(wizard, rpc, chain)
}

/** The head of the node at `rpc` now. */
export async function headAt(wizard: Wizard, rpc: string, chain: ChainId): Promise<NodeHead | undefined> {
  const answer = await octezHeader(rpc, AbortSignal.timeout(NODE_TIMEOUT_MS))
  if (answer.outcome === 'unknown') {
    wizard.say(`The node at ${rpc} does not tell the chain's head: ${answer.reason}.`)
    return undefined
  }
  if (answer.chain !== chain) {
    throw new RefusedError(
      `the node at ${rpc} is a node of ${chainName(answer.chain)}, and the chosen chain is ${chainName(chain)}; name a node of ${chainName(chain)} with --node, choose the other chain with --chain, or ask no node with --no-node`,
    )
  }
  const ageMs = answer.timestamp && wizard.now().getTime() - answer.timestamp.getTime()
  const isStale = ageMs !== undefined && Math.abs(ageMs) > STALE_MS
  wizard.say(`The node at ${rpc} is a node of ${chainName(chain)}; its head is level ${answer.level}.`)
  if (isStale) wizard.warn(staleText(ageMs))
  return { rpc, level: answer.level, isStale }
}

function staleText(ageMs: number): string {
  const minutes = Math.round(Math.abs(ageMs) / 60_000)
  return ageMs > 0
    ? `The node's head is ${minutes} minutes old: it is not synchronised, so its level is not the chain's.`
    : `The node's head is ${minutes} minutes in the future: this machine's clock or the node's is wrong.`
}

async function rpcOf({ options, answers }: Wizard): Promise<string | undefined> {
  if (options.node === false) return undefined
  if (options.node !== undefined) return options.node
  return answers.text<string | undefined>({
    message: "Your node's RPC address, for the chain's head (- for none):",
    option: '--node',
    suggested: DEFAULT_RPC,
    unasked: DEFAULT_RPC,
    read: (text) => {
      if (text === '-') return { value: undefined }
      const url = readRpcUrl(text)
      return isRefused(url) ? { problem: `it ${url.refused}` } : { value: url }
    },
  })
}

/** Whether the configuration names the node for the head check. Without a node that answers it is not asked. */
export async function wantsHeadCheck(
  wizard: Wizard,
  node: NodeHead | undefined,
): Promise<string | undefined> {
  const { options, answers } = wizard
  if (options.headCheck === false) return undefined
  if (options.headCheck === true) return node?.rpc ?? rpcOf(wizard)
  if (node === undefined) return undefined
  const isWanted = await answers.confirm({
    message: "Compare every block and vote with this node's head? (refuses levels that are far from it)",
    option: '--head-check',
    unasked: false,
  })
  return isWanted ? node.rpc : undefined
}
