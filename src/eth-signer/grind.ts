import { keccak256, unsignedBytes, type UnsignedTransaction } from '../ethereum/index.js'

/** What a digest must begin with, so that a board with stock firmware takes it for an operation that it may sign. */
const FIRST_BYTE = 0x03
/** How much gas may be added: each one more is another digest, and none fits once in ten million times. */
const MOST_ADDED = 4096n

/**
 * The same transaction with the smallest gas limit, at most 4096 higher, whose digest begins with 0x03; `undefined` where
 * none does. Gas that is not used is not paid.
 */
export function grindGasLimit(tx: UnsignedTransaction): UnsignedTransaction | undefined {
  for (let added = 0n; added <= MOST_ADDED; added += 1n) {
    const candidate = { ...tx, gasLimit: tx.gasLimit + added }
    if (keccak256(unsignedBytes(candidate))[0] === FIRST_BYTE) return candidate
  }
  return undefined
}
