import { readFileSync } from 'node:fs'
import { MODE, splitBody } from '../../src/device/tezio/index.js'
import { decodeSignature, equalBytes, payloadDigest, toHex, verifySignature } from '../../src/tezos/index.js'
import { KEY_NAMES } from '../../hw-sim/index.js'
import { bodyOf, hex, TEST_KEYS } from './bench.js'

/** One recorded exchange: whole commands and reply frames in hex. */
export type TranscriptCase = {
  readonly name: string
  readonly send: string
  readonly reply: string
  readonly match: string
}

const path = new URL('../vectors/tezio-transcripts.json', import.meta.url)

/** All recorded exchanges, in the order they were recorded. */
export const CASES = (JSON.parse(readFileSync(path, 'utf8')) as { readonly cases: readonly TranscriptCase[] })
  .cases

/** What is wrong with a reply to a recorded command; `undefined` when it is as recorded. */
export function judgeReply(recorded: TranscriptCase, reply: Uint8Array): string | undefined {
  if (recorded.match === 'exact') {
    return toHex(reply) === recorded.reply ? undefined : `expected ${recorded.reply}, got ${toHex(reply)}`
  }
  const [, alias = '', modeText = ''] = recorded.match.split(':')
  const key = TEST_KEYS[KEY_NAMES[Number(alias)]!]
  const mode = Number(modeText)
  const { data } = splitBody(hex(recorded.send).slice(3, -2))
  const digest = mode < MODE.messageRaw ? data! : payloadDigest(data!)
  const body = bodyOf(reply)
  const signature = mode % 2 === 1 ? body : decodeSignature(key.curve, new TextDecoder().decode(body))
  if (signature === undefined) return `not a signature: ${toHex(body)}`
  if (equalBytes(body, bodyOf(hex(recorded.reply)))) return 'the recorded signature: the nonce is not random'
  return verifySignature(key.publicKey, digest, signature) ? undefined : 'the signature does not verify'
}
