import { z } from 'zod'
import type { ChainId } from '../tezos/index.js'
import { failureText, getJson } from './get-json.js'
import { octezHeader } from './octez-head.js'

/** What a node tells of itself, or why it does not: words without its address, for an RPC's path may hold a secret. */
export type NodeReport =
  | {
      readonly outcome: 'told'
      readonly chain: ChainId
      readonly level: number
      /** When the head was made, in ms since 1970. */
      readonly headAt: number
      /** Whether the node believes that it has caught up with its peers; `undefined`: it does not say. */
      readonly isSynced: boolean | undefined
    }
  | { readonly outcome: 'silent'; readonly reason: string }

/** `GET /chains/main/is_bootstrapped`. */
const bootstrapped = z.object({ bootstrapped: z.boolean(), sync_state: z.string() })

/**
 * Asks the node at `rpc` (a URL without a slash at its end) what it is and how far it has come. It never rejects, and
 * gives up when `signal` is aborted.
 */
export async function nodeReport(rpc: string, signal: AbortSignal): Promise<NodeReport> {
  try {
    const head = await octezHeader(rpc, signal)
    if (head.outcome === 'unknown') return { outcome: 'silent', reason: head.reason }
    const { chain, level, timestamp } = head
    if (timestamp === undefined) {
      return { outcome: 'silent', reason: 'its answer is not the header of a block' }
    }
    const headAt = timestamp.getTime()
    return { outcome: 'told', chain, level, headAt, isSynced: await isSynced(rpc, signal) }
  } catch (error) {
    return { outcome: 'silent', reason: failureText(error, signal) }
  }
}

async function isSynced(rpc: string, signal: AbortSignal): Promise<boolean | undefined> {
  const answer = await getJson(`${rpc}/chains/main/is_bootstrapped`, signal)
  const parsed = bootstrapped.safeParse(answer.outcome === 'answered' ? answer.value : undefined)
  return parsed.success ? parsed.data.bootstrapped && parsed.data.sync_state === 'synced' : undefined
}
