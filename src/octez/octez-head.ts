import { z } from 'zod'
import { parseChainId, type ChainId } from '../tezos/index.js'
import { failureText, getJson } from './get-json.js'

/** A node's head, or why there is none: words without addresses, for an RPC's path may hold a secret. */
export type NodeAnswer =
  | { readonly outcome: 'head'; readonly level: number }
  | { readonly outcome: 'unknown'; readonly reason: string }

/** The header of a node's head as far as it is needed, whatever its chain; `timestamp` where it tells a right one. */
export type HeaderAnswer =
  | { readonly outcome: 'header'; readonly chain: ChainId; readonly level: number; readonly timestamp?: Date }
  | { readonly outcome: 'unknown'; readonly reason: string }

/** `GET /chains/main/blocks/head/header` of Octez (`octez-client rpc describe`), as far as it is needed. */
const header = z.object({
  chain_id: z.string(),
  level: z.int().min(0).max(0x7fff_ffff),
  timestamp: z.unknown().optional(),
})

/**
 * Asks the node at `rpc` (a URL without a slash at its end) for its head. `head` makes one request, follows no
 * redirect, reads a bounded body, never rejects, and gives up when `signal` is aborted.
 */
export function octezHead(rpc: string): {
  readonly head: (chain: ChainId, signal: AbortSignal) => Promise<NodeAnswer>
} {
  return {
    head: async (chain, signal) => {
      const answer = await octezHeader(rpc, signal)
      if (answer.outcome === 'unknown') return answer
      if (answer.chain !== chain) return unknown(`it is a node of ${answer.chain}`)
      return { outcome: 'head', level: answer.level }
    },
  }
}

/** Asks in the same way, of no chain in particular. */
export async function octezHeader(rpc: string, signal: AbortSignal): Promise<HeaderAnswer> {
  try {
    const answer = await getJson(`${rpc}/chains/main/blocks/head/header`, signal)
    return answer.outcome === 'answered' ? headerOf(answer.value) : unknown(answer.reason)
  } catch (error) {
    return unknown(failureText(error, signal))
  }
}

function headerOf(value: unknown): HeaderAnswer {
  const parsed = header.safeParse(value)
  const chain = parsed.data && parseChainId(parsed.data.chain_id)
  if (!parsed.success || chain === undefined) return unknown('its answer is not the header of a block')
  const { level, timestamp } = parsed.data
  const at = z.iso.datetime().safeParse(timestamp)
  return { outcome: 'header', chain, level, ...(at.success ? { timestamp: new Date(at.data) } : {}) }
}

function unknown(reason: string): { readonly outcome: 'unknown'; readonly reason: string } {
  return { outcome: 'unknown', reason }
}
