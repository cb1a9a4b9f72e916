import { systemErrorCode } from '../system-error.js'
import { readBounded } from './read-bounded.js'

/** What a node answered, `undefined` for what is not JSON; or why nothing of it can be read. */
export type JsonAnswer =
  | { readonly outcome: 'answered'; readonly value: unknown }
  | { readonly outcome: 'refused'; readonly reason: string }

/** A header has 1 to 2 KiB; whatever is much longer is none. */
const MAX_BODY_BYTES = 16 * 1024

/** One request: it follows no redirect and reads a bounded body. Rejects where the connection fails or is given up. */
export async function getJson(url: string, signal: AbortSignal): Promise<JsonAnswer> {
  const headers = { accept: 'application/json' }
  const response = await fetch(url, { signal, headers, redirect: 'manual' })
  if (response.status !== 200) {
    await response.body?.cancel()
    return { outcome: 'refused', reason: `it answered with status ${response.status}` }
  }
  const body = await readBounded(response.body, MAX_BODY_BYTES)
  if (body === undefined) {
    return { outcome: 'refused', reason: `its answer is longer than ${MAX_BODY_BYTES} bytes` }
  }
  return { outcome: 'answered', value: jsonOf(body) }
}

/** Why a request failed, in words that hold no address. */
export function failureText(error: unknown, signal: AbortSignal): string {
  if (signal.aborted) return 'the question was given up'
  // fetch wraps what went wrong on the connection; only its own refusals, like "bad port", have no code
  const cause = error instanceof Error ? error.cause : undefined
  const detail =
    systemErrorCode(cause) ?? (cause instanceof Error ? cause.message.slice(0, 60) : 'no reason told')
  return `the connection failed (${detail})`
}

function jsonOf(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body))
  } catch {
    return undefined // not UTF-8, or not JSON
  }
}
