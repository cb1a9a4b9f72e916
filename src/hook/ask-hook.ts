import { z } from 'zod'
import { failureText, readBounded } from '../octez/index.js'
import { decodeSignature, payloadDigest, verifySignature, type PublicKey } from '../tezos/index.js'

/** Where a policy hook is, and how its answers are known to be its own. */
export type HookAddress = {
  /** An http or https URL without user, query and fragment. */
  readonly url: string
  /** The key that signs its answers; `undefined`: they are believed as they come. */
  readonly publicKey: PublicKey | undefined
  /** A text that was never used before and cannot be guessed. */
  readonly newNonce: () => string
}

type Fault = 'connection-failed' | 'bad-status' | 'too-long' | 'malformed' | 'not-signed' | 'wrong-nonce'

/** What a hook said, or why that is no answer; in words without its address. */
export type HookReply =
  | { readonly outcome: 'allowed' }
  | { readonly outcome: 'refused'; readonly reason: string }
  | { readonly outcome: 'silent'; readonly code: Fault; readonly reason: string }

/** The form of question and reply. */
const VERSION = 1
/** A reply has a hundred bytes; whatever is much longer is none. */
const MAX_BODY_BYTES = 16 * 1024
/** The longest reason that is passed on. */
const MAX_REASON = 200

/** The header that carries the signature over the exact bytes of a reply's body. */
export const SIGNATURE_HEADER = 'x-tezio-signature'

const replySchema = z.strictObject({
  allow: z.boolean(),
  reason: z.string().optional(),
  nonce: z.string().optional(),
})

/**
 * Asks the hook in one POST: it follows no redirect, reads a bounded body, never rejects, and gives up when `signal` is
 * aborted. docs/config.md has the form of question and reply.
 */
export function hookClient(
  address: HookAddress,
): (question: Readonly<Record<string, unknown>>, signal: AbortSignal) => Promise<HookReply> {
  return async (question, signal) => {
    const nonce = address.newNonce()
    try {
      const response = await post(address.url, { version: VERSION, nonce, ...question }, signal)
      if (response.status !== 200) {
        await response.body?.cancel()
        return silent('bad-status', `it answered with status ${response.status}`)
      }
      const body = await readBounded(response.body, MAX_BODY_BYTES)
      if (body === undefined) return silent('too-long', `its answer is longer than ${MAX_BODY_BYTES} bytes`)
      return readReply(body, response.headers.get(SIGNATURE_HEADER), nonce, address.publicKey)
    } catch (error) {
      return silent('connection-failed', failureText(error, signal))
    }
  }
}

function post(url: string, question: object, signal: AbortSignal): Promise<Response> {
  const headers = {
    'content-type': 'application/json',
    accept: 'application/json',
    'accept-encoding': 'identity', // what is signed is what is sent
  }
  return fetch(url, { method: 'POST', body: JSON.stringify(question), headers, signal, redirect: 'manual' })
}

/** A reply, once its signature and its nonce have shown that it is one to this very question. */
function readReply(
  body: Uint8Array,
  signature: string | null,
  nonce: string,
  publicKey: PublicKey | undefined,
): HookReply {
  if (publicKey !== undefined && !isSigned(body, signature, publicKey)) {
    return silent('not-signed', `its answer is not signed by the configured public_key (${SIGNATURE_HEADER})`)
  }
  const reply = replySchema.safeParse(jsonOf(body)).data
  if (reply === undefined) return silent('malformed', 'its answer is not {"allow": true} or {"allow": false}')
  if (publicKey !== undefined && reply.nonce !== nonce) {
    return silent('wrong-nonce', 'its answer does not repeat the nonce of the question')
  }
  return reply.allow ? { outcome: 'allowed' } : { outcome: 'refused', reason: printable(reply.reason) }
}

function isSigned(body: Uint8Array, text: string | null, key: PublicKey): boolean {
  const signature = text === null ? undefined : decodeSignature(key.curve, text.trim())
  return signature !== undefined && verifySignature(key, payloadDigest(body), signature)
}

function jsonOf(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body))
  } catch {
    return undefined // not UTF-8, or not JSON
  }
}

/** Foreign words, short and without what could move a terminal's cursor or end a line. */
function printable(text = ''): string {
  const clean = text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, ' ').trim()
  if (clean === '') return 'it gave no reason'
  return clean.length > MAX_REASON ? `${clean.slice(0, MAX_REASON)}...` : clean
}

function silent(code: Fault, reason: string): HookReply {
  return { outcome: 'silent', code, reason }
}
