import { keccak_256 } from '@noble/hashes/sha3.js'
import { ETH_OPCODE, MODE, OPCODE, type CommandFields } from '../src/device/tezio/index.js'
import { payloadDigest } from '../src/tezos/index.js'

/** What a command that signs asks for. */
export type SigningCommand = {
  readonly digest: Uint8Array
  /** Whether the signature is answered as bytes, not as base58check. */
  readonly isRaw: boolean
}

/** The digest a command asks a signature of; `undefined` for one that signs nothing, the default signature included. */
export function signingCommand({ opcode, param2 = 0, data }: CommandFields): SigningCommand | undefined {
  if (data === undefined) return undefined
  if (opcode === ETH_OPCODE.signEth) return { digest: keccak_256(data), isRaw: true }
  if (opcode !== OPCODE.sign || param2 === MODE.defaultSignature) return undefined
  return { digest: param2 < MODE.messageRaw ? data : payloadDigest(data), isRaw: param2 % 2 === 1 }
}
