import { maxFee, type UnsignedTransaction } from '../../ethereum/index.js'
import { refused, type AccountsRefused } from '../refusal.js'
import type { AccountsSettings } from '../settings.js'

/** Whether something is for a chain that accounts are used on; `undefined` where it is. */
export function chainRefusal(
  chainId: bigint,
  { chains }: Pick<AccountsSettings, 'chains'>,
): AccountsRefused | undefined {
  if (chains.some((id) => BigInt(id) === chainId)) return undefined
  const listed = chains.join(', ') || 'none'
  return refused('chain-not-allowed', `chain ${chainId} is not among those of accounts: ${listed}`)
}

/** Whether an account may sign a transaction; `undefined` when it may. */
export function transactionRefusal(
  transaction: UnsignedTransaction,
  settings: Pick<AccountsSettings, 'chains' | 'maxWei' | 'maxFeeWei'>,
): AccountsRefused | undefined {
  const { maxWei, maxFeeWei } = settings
  const foreign = chainRefusal(transaction.chainId, settings)
  if (foreign !== undefined) return foreign
  if (maxWei !== undefined && transaction.value > maxWei) {
    return refused('transaction-not-allowed', `value is ${transaction.value} wei; ${maxWei} is the most`)
  }
  const fee = maxFee(transaction)
  if (maxFeeWei !== undefined && fee > maxFeeWei) {
    return refused('transaction-not-allowed', `gas may cost ${fee} wei; ${maxFeeWei} is the most`)
  }
  return undefined
}
