import { maxFee, TRANSACTION_TYPES, type UnsignedTransaction } from '../ethereum/index.js'
import { refuse, type EthRefusal } from './eth-refusal.js'
import type { TransferRules } from './eth-rules.js'
import type { TransferRequest } from './read-transfer.js'

/** What a payment to somebody without code takes, and no transaction takes less. */
const TRANSFER_GAS = 21_000n

/** The transaction that is asked for. Without a gas limit it has as much as its destination may have. */
export function transactionOf(request: TransferRequest, rules: TransferRules): UnsignedTransaction {
  const destination = rules.destinations.find(({ address }) => address === request.to)
  const gasLimit = request.gasLimit ?? destination?.gasLimit ?? TRANSFER_GAS
  const { chainId, nonce, to, value } = request
  const common = { chainId, nonce, to, value, gasLimit, data: new Uint8Array() }
  if (request.type === 'legacy') return { type: 'legacy', ...common, gasPrice: request.gasPrice }
  const { maxPriorityFeePerGas, maxFeePerGas } = request
  return { type: 'eip1559', ...common, maxPriorityFeePerGas, maxFeePerGas }
}

/** Rules E10 and E6: what kind of transaction, to whom, and how much at once. */
export function transferRefusal(tx: UnsignedTransaction, rules: TransferRules): EthRefusal | undefined {
  return chainRefusal(tx, rules) ?? destinationRefusal(tx, rules) ?? amountRefusal(tx, rules)
}

/** The part of rule E6 that a raised gas limit can break. */
export function feeRefusal(tx: UnsignedTransaction, { maxFeeWei }: TransferRules): EthRefusal | undefined {
  const fee = maxFee(tx)
  if (fee <= maxFeeWei) return undefined
  const text = `the fee can be ${fee} wei (gas limit times price); at most ${maxFeeWei} are allowed (max_fee_wei); lower the price`
  return refuse('fee-too-high', text, 'E6')
}

function chainRefusal(
  { chainId, type }: UnsignedTransaction,
  { chains }: TransferRules,
): EthRefusal | undefined {
  const chain = chains.find((one) => one.chainId === chainId)
  if (chain === undefined) {
    const known = chains.map((one) => String(one.chainId)).join(', ')
    return refuse('chain-not-allowed', `chain ${chainId} is not configured; allowed: ${known}`, 'E6')
  }
  if (chain.types.includes(type) && TRANSACTION_TYPES.includes(type)) return undefined
  const text = `${type} transactions are not allowed on chain ${chainId}; allowed: ${chain.types.join(', ')}`
  return refuse('transaction-type-not-allowed', text, 'E10')
}

function destinationRefusal(
  { to, data, gasLimit }: UnsignedTransaction,
  { destinations }: TransferRules,
): EthRefusal | undefined {
  const destination = destinations.find(({ address }) => address === to)
  if (destination === undefined) {
    const text = `${to} is none of the ${destinations.length} configured destinations; add it to ethereum.transfers.destinations to allow it`
    return refuse('destination-not-allowed', text, 'E6')
  }
  if (data.length > 0) {
    const text = `the transaction has ${data.length} bytes of data; only payments without data are signed`
    return refuse('data-not-empty', text, 'E6')
  }
  if (gasLimit >= TRANSFER_GAS && gasLimit <= destination.gasLimit) return undefined
  const text = `the gas limit is ${gasLimit}; for ${to} it can be ${TRANSFER_GAS} to ${destination.gasLimit}`
  return refuse('gas-not-allowed', text, 'E6')
}

function amountRefusal(tx: UnsignedTransaction, rules: TransferRules): EthRefusal | undefined {
  if (tx.value < 0n || tx.value > rules.maxWei) {
    const text = `the value is ${tx.value} wei; it can be 0 to ${rules.maxWei} (max_wei)`
    return refuse('value-too-high', text, 'E6')
  }
  if (tx.type === 'eip1559' && tx.maxPriorityFeePerGas > tx.maxFeePerGas) {
    const text = `maxPriorityFeePerGas is ${tx.maxPriorityFeePerGas}, above maxFeePerGas, ${tx.maxFeePerGas}; no node takes that, lower it`
    return refuse('fee-too-high', text, 'E6')
  }
  return feeRefusal(tx, rules)
}
