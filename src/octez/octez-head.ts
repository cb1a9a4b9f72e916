import { z } from 'zod'
import { systemErrorCode } from '../system-error.js'
import { parseChainId, type ChainId } from '../tezos/index.js'
import { readBounded } from './read-bounded.js'

/** A node's head, or why there is none: words without addresses, for an RPC's path may hold a secret. */
export type NodeAnswer =
  | { readonly outcome: 'head'; readonly level: number }
  | { readonly outcome: 'unknown'; readonly reason: string }

/** A header has 1 to 2 KiB; whatever is much longer is none. */
const MAX_BODY_BYTES = 16 * 1024

/** `GET /chains/main/blocks/head/header` of Octez (`octez-client rpc describe`), as far as it is needed. */
const header = z.object({ chain_id: z.string(), level: z.int().min(0).max(0x7fff_ffff) })

/**
 * Asks the node at `rpc` (a URL without a slash at its end) for its head. `head` makes one request, follows no
 * redirect, reads a bounded body, never rejects, and gives up when `signal` is aborted.
 */
export function octezHead(rpc: string): {
  readonly head: (chain: ChainId, signal: AbortSignal) => Promise<NodeAnswer>
} {
  const url = `${rpc}/chains/main/blocks/head/header`
  return {
    head: async (chain, signal) => {
      try {
        const headers = { accept: 'application/json' }
        const response = await fetch(url, { signal, headers, redirect: 'manual' })
        if (response.status !== 200) {
          await response.body?.cancel()
          return unknown(`it answered with status ${response.status}`)
        }
        const body = await readBounded(response.body, MAX_BODY_BYTES)
        if (body === undefined) return unknown(`its answer is longer than ${MAX_BODY_BYTES} bytes`)
        return headOf(body, chain)
      } catch (error) {
        return unknown(failureText(error, signal))
      }
    },
  }
}

function headOf(body: Uint8Array, chain: ChainId): NodeAnswer {
  const parsed = header.safeParse(jsonOf(body))
  const nodeChain = parsed.data && parseChainId(parsed.data.chain_id)
  if (!parsed.success || nodeChain === undefined) return unknown('its answer is not the header of a block')
  if (nodeChain !== chain) return unknown(`it is a node of ${nodeChain}`)
  return { outcome: 'head', level: parsed.data.level }
}

function jsonOf(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body))
  } catch {
    return undefined // not UTF-8, or not JSON
  }
}

function failureText(error: unknown, signal: AbortSignal): string {
  if (signal.aborted) return 'the question was given up'
  // fetch wraps what went wrong on the connection; only its own refusals, like "bad port", have no code
  const cause = error instanceof Error ? error.cause : undefined
  const detail =
    systemErrorCode(cause) ?? (cause instanceof Error ? cause.message.slice(0, 60) : 'no reason told')
  return `the connection failed (${detail})`
}

function unknown(reason: string): NodeAnswer {
  return { outcome: 'unknown', reason }
}
