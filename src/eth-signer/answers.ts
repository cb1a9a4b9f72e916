import {
  fromHex0x,
  keccak256,
  readSignature,
  signatureBytes,
  signedBytes,
  toHex0x,
  type EthAddress,
  type EthSignature,
  type UnsignedTransaction,
} from '../ethereum/index.js'
import { StateError } from '../policy/index.js'
import type { EthRefusal } from './eth-refusal.js'

/** A signature and what it is of; all in lower-case hex with `0x`. */
export type SignedDigest = {
  readonly outcome: 'signed'
  /** Whether the answer was there already, and the device was not asked. */
  readonly repeated: boolean
  /** 32 bytes. */
  readonly digest: string
  /** R, S and 27 or 28: 65 bytes. */
  readonly signature: string
}

/** A signed claim, with the leaf and the proof that the contract wants beside it. */
export type SignedClaim = SignedDigest & {
  readonly userId: bigint
  readonly userAddress: EthAddress
  readonly userAmount: bigint
  readonly delegateAddress: EthAddress
  readonly leaf: string
  readonly proof: readonly string[]
}

/** A signed transaction: `raw` is what a node takes, `hash` what the chain calls it. */
export type SignedTransaction = SignedDigest & {
  readonly transaction: UnsignedTransaction
  readonly raw: string
  readonly hash: string
}

/** What becomes of a request. */
export type EthResult<Signed extends SignedDigest = SignedDigest> = Signed | EthRefusal

/** A signature as the ledger keeps it. */
export function keptSignature(signature: EthSignature): string {
  return toHex0x(signatureBytes(signature)).slice(2)
}

/** The answer for a transaction whose signature is kept. */
export function transactionAnswer(
  transaction: UnsignedTransaction,
  {
    digest,
    signature,
    repeated,
  }: { readonly digest: string; readonly signature: string; readonly repeated: boolean },
): SignedTransaction {
  const read = readSignature(fromHex0x(`0x${signature}`) ?? new Uint8Array())
  if (read === undefined)
    throw new StateError('journal-damaged', `the ledger's signature of ${digest} is none`)
  const raw = signedBytes(transaction, read)
  return {
    ...{ outcome: 'signed', repeated, digest: `0x${digest}`, signature: `0x${signature}`, transaction },
    ...{ raw: toHex0x(raw), hash: toHex0x(keccak256(raw)) },
  }
}

/**
 * Keeps what may be lost: the reservation stands on the disk, and what is kept of its outcome spares the device a second
 * question. A write that fails is told by the journal's own event, and the next request waits for a sound journal.
 */
export function keepQuietly(keep: () => void): void {
  try {
    keep()
  } catch (error) {
    if (!(error instanceof StateError)) throw error
  }
}
