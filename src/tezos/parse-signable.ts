import { equalBytes } from './bytes.js'
import { malformed } from './malformed.js'
import { parseBlock } from './parse-block.js'
import { parseVote } from './parse-vote.js'
import type { Parsed, Signable } from './signable.js'
import { walkOperation } from './walk-operation.js'

/** What follows 0x80 in an off-chain message (TZIP-26 draft). */
const OFFCHAIN_PREFIX = new TextEncoder().encode('tezos signed offchain message')

/**
 * What a payload, watermark byte included, asks to be signed. Total: no input makes it throw.
 * Blocks and votes are read strictly, every byte accounted for. An operation (0x03) is never malformed: a policy reads
 * the kinds of its contents, and refuses `unknown`. Other payloads are known by their first bytes alone.
 * Source: octez `signature_v3.ml:831-836`, `operation_repr.ml:219-225,2131-2142`, `block_header_repr.ml:52-56`.
 */
export function parseSignable(bytes: Uint8Array): Parsed {
  const magicByte = bytes[0]
  switch (magicByte) {
    case undefined:
      return malformed('payload of 0 bytes: at least a watermark byte expected')
    case 0x03:
      return parsed({ kind: 'operation', magicByte, contents: walkOperation(bytes) })
    case 0x04:
      return parsed({ kind: 'authenticated_request', magicByte })
    case 0x05:
      return parsed({ kind: 'michelson_data', magicByte })
    case 0x11:
      return parseBlock(bytes)
    case 0x12:
    case 0x13:
      return parseVote(bytes, magicByte)
    case 0x80:
      return isOffchainMessage(bytes)
        ? parsed({ kind: 'offchain_message', magicByte })
        : unknownMagicByte(magicByte)
    default:
      return unknownMagicByte(magicByte)
  }
}

function parsed(signable: Signable): Parsed {
  return { outcome: 'parsed', signable }
}

function unknownMagicByte(magicByte: number): Parsed {
  return { outcome: 'unknown-magic-byte', magicByte }
}

function isOffchainMessage(bytes: Uint8Array): boolean {
  return equalBytes(bytes.subarray(1, 1 + OFFCHAIN_PREFIX.length), OFFCHAIN_PREFIX)
}
