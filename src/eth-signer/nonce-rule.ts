import type { UnsignedTransaction } from '../ethereum/index.js'
import { refuse, type EthRefusal } from './eth-refusal.js'
import type { TransferRecord } from './ledger-state.js'

/**
 * What rule E8 says of a transaction.
 * - `known`: this very one was let through before.
 * - `fresh`: its nonce is higher than all before, or it may take the place of the last ones with it.
 */
export type NonceVerdict =
  { readonly outcome: 'known'; readonly record: TransferRecord } | { readonly outcome: 'fresh' } | EthRefusal

/** A transaction and the digest of what was asked for (hex). */
export type AskedTransaction = { readonly transaction: UnsignedTransaction; readonly asked: string }

/** Rule E8. `before` are the transactions of this key on this chain. */
export function judgeNonce(
  { transaction, asked }: AskedTransaction,
  before: readonly TransferRecord[],
  isReplacement: boolean,
): NonceVerdict {
  const record = before.find((one) => one.asked === asked || one.digest === asked)
  if (record !== undefined) return { outcome: 'known', record }
  const { nonce, chainId } = transaction
  const newest = before.reduce(
    (most, one) => (one.transaction.nonce > most ? one.transaction.nonce : most),
    -1n,
  )
  if (nonce > newest) return { outcome: 'fresh' }
  const same = before.filter((one) => one.transaction.nonce === nonce)
  if (nonce < newest || !isReplacement) {
    const replace = nonce < newest ? '' : ', or replace: true with a fee that is a tenth higher'
    const text = `nonce ${nonce} of chain ${chainId} is not above ${newest}, the last one that was let through; use ${newest + 1n} or higher${replace}`
    return refuse('nonce-used', text, 'E8')
  }
  for (const { transaction: earlier } of same) {
    const reason = replacementProblem(transaction, earlier)
    if (reason === undefined) continue
    return refuse(
      'replacement-not-allowed',
      `nonce ${nonce} of chain ${chainId} cannot be replaced: ${reason}`,
      'E8',
    )
  }
  return { outcome: 'fresh' }
}

function replacementProblem(tx: UnsignedTransaction, earlier: UnsignedTransaction): string | undefined {
  const isSame = tx.to === earlier.to && tx.value === earlier.value && tx.type === earlier.type
  if (!isSame || Buffer.compare(tx.data, earlier.data) !== 0) {
    return 'to, value, data and type must be those of the transaction before; only the fee may be another'
  }
  for (const [name, price] of prices(tx)) {
    const [, before = 0n] = prices(earlier).find(([other]) => other === name) ?? []
    const least = (before * 110n + 99n) / 100n // nodes take a replacement from 10 % on
    if (price < least) return `${name} is ${price}; it must be at least ${least}, a tenth more than before`
  }
  return undefined
}

function prices(tx: UnsignedTransaction): readonly (readonly [string, bigint])[] {
  if (tx.type === 'legacy') return [['gasPrice', tx.gasPrice]]
  return [
    ['maxFeePerGas', tx.maxFeePerGas],
    ['maxPriorityFeePerGas', tx.maxPriorityFeePerGas],
  ]
}
