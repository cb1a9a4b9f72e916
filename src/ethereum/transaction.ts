import { RLP } from 'micro-eth-signer/core/rlp.js'
import { ethAddressBytes, type EthAddress } from './address.js'
import { concatBytes } from './bytes.js'
import type { EthSignature } from './signature.js'

type Common = {
  readonly chainId: bigint
  readonly nonce: bigint
  readonly gasLimit: bigint
  readonly to: EthAddress
  /** Wei. */
  readonly value: bigint
  readonly data: Uint8Array
}

/** A transaction before EIP-2718, bound to its chain by EIP-155. Prices are wei per gas. */
export type LegacyTransaction = Common & { readonly type: 'legacy'; readonly gasPrice: bigint }

/** A transaction of EIP-1559, without an access list. Prices are wei per gas. */
export type Eip1559Transaction = Common & {
  readonly type: 'eip1559'
  readonly maxPriorityFeePerGas: bigint
  readonly maxFeePerGas: bigint
}

/** What can be signed; there are no other kinds here, and none without a chain. */
export type UnsignedTransaction = LegacyTransaction | Eip1559Transaction

/** The kinds of transactions by name. */
export const TRANSACTION_TYPES = ['legacy', 'eip1559'] as const

/** The name of a kind of transaction. */
export type TransactionType = UnsignedTransaction['type']

const EIP1559 = Uint8Array.of(0x02)

/** What is hashed and signed: of a legacy transaction the nine fields of EIP-155, else 0x02 and the list. */
export function unsignedBytes(tx: UnsignedTransaction): Uint8Array {
  if (tx.type === 'legacy') return RLP.encode([...fields(tx), tx.chainId, 0n, 0n])
  return concatBytes(EIP1559, RLP.encode(fields(tx)))
}

/** What is sent to a node. `v` is 35 + 2 * chainId + parity (EIP-155), or the parity alone (EIP-1559). */
export function signedBytes(tx: UnsignedTransaction, { r, s, yParity }: EthSignature): Uint8Array {
  if (tx.type === 'legacy') {
    const v = 35n + 2n * tx.chainId + BigInt(yParity)
    return RLP.encode([...fields(tx), v, r, s])
  }
  return concatBytes(EIP1559, RLP.encode([...fields(tx), BigInt(yParity), r, s]))
}

/** The most that a transaction can pay for gas, in wei. */
export function maxFee(tx: UnsignedTransaction): bigint {
  return tx.gasLimit * (tx.type === 'legacy' ? tx.gasPrice : tx.maxFeePerGas)
}

function fields(tx: UnsignedTransaction) {
  const to = ethAddressBytes(tx.to)
  if (tx.type === 'legacy') return [tx.nonce, tx.gasPrice, tx.gasLimit, to, tx.value, tx.data]
  const { chainId, nonce, maxPriorityFeePerGas, maxFeePerGas, gasLimit, value, data } = tx
  return [chainId, nonce, maxPriorityFeePerGas, maxFeePerGas, gasLimit, to, value, data, []]
}
