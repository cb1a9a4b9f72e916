import { scanReply, splitBody, type KeyAlias } from '../src/device/tezio/index.js'
import { decodeSignature, fromHex, toHex, verifySignature, type PublicKey } from '../src/tezos/index.js'
import { signingCommand } from './signing-command.js'
import { expectedSignature, type TranscriptCase } from './transcript.js'

/** The public key of an alias; `undefined` when it is not known. */
export type PublicKeyOf = (alias: KeyAlias) => PublicKey | undefined

/**
 * What is wrong with a reply (empty when none arrived) to a recorded command, as one line; `undefined` when it is as
 * recorded: the same bytes, or a signature that verifies. Never throws.
 */
export function judgeReply(
  recorded: TranscriptCase,
  reply: Uint8Array,
  keyOf: PublicKeyOf,
): string | undefined {
  const expected = expectedSignature(recorded)
  if (expected === undefined) {
    const got = reply.length === 0 ? null : toHex(reply)
    return got === recorded.reply ? undefined : `expected ${shown(recorded.reply)}, got ${shown(got)}`
  }
  const wanted = `expected a signature by key ${expected.alias}`
  const scan = scanReply(reply)
  if (scan.kind !== 'reply' || scan.size !== reply.length) return `${wanted}, got ${shown(toHex(reply))}`
  const key = keyOf(expected.alias)
  if (key === undefined) return `${wanted}, whose public key is not known`
  const isRaw = expected.mode % 2 === 1
  const signature = isRaw ? scan.body : decodeSignature(key.curve, new TextDecoder().decode(scan.body))
  if (signature?.length !== 64) return `${wanted}, got ${shown(toHex(reply))}`
  const digest = signedDigest(recorded)
  return digest !== undefined && verifySignature(key, digest, signature)
    ? undefined
    : `${wanted}, got one that does not verify`
}

/** The digest a recorded command asked to be signed. */
function signedDigest(recorded: TranscriptCase): Uint8Array | undefined {
  const sent = fromHex(recorded.send)
  const start = sent?.indexOf(0x03) ?? -1
  if (sent === undefined || start === -1) return undefined
  return signingCommand(splitBody(sent.slice(start + 3, -2)))?.digest
}

const shown = (bytes: string | null): string => (bytes === null || bytes === '' ? 'nothing' : bytes)
