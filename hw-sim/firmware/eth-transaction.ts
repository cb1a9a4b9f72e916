import { RLP } from 'micro-eth-signer/core/rlp.js'
import { equalBytes } from '../../src/tezos/index.js'
import { ADDRESS_SIZE } from '../eth-address.js'
import type { EthPolicy } from '../eth-policy.js'
import type { Status } from '../profile.js'

/** What the device takes out of a transaction to judge it. */
type Transfer = {
  readonly chainId: bigint
  /** 20 bytes, or none: a contract is made then. */
  readonly to: Uint8Array
  readonly value: bigint
  readonly gasLimit: bigint
  /** The most one unit of gas can cost. */
  readonly gasPrice: bigint
  readonly data: Uint8Array
  readonly hasAccessList: boolean
}

const EIP1559 = 0x02
/** EIP-2930 transactions, blobs (EIP-4844), EIP-7702 transactions and the authorisations in them. */
const REFUSED_TYPES: readonly number[] = [0x01, 0x03, 0x04, 0x05]
const FIELDS = 9
/** What a transaction without a chain has: whoever signs one signs for every chain. */
const FIELDS_BEFORE_EIP155 = 6

/** Bytes of each number at most. A price has room for any price there can be; its product with the gas fits 24 bytes. */
const U64 = 8
const PRICE = 16
const U256 = 32

/** Why an unsigned EIP-1559 transaction is not signed; `undefined` when it is. */
export function judgeEip1559(data: Uint8Array, policy: EthPolicy): Status | undefined {
  const [type = 0] = data
  if (REFUSED_TYPES.includes(type)) return 'eth-transaction-type-refused'
  if (type !== EIP1559) return 'eth-transaction-malformed'
  const transfer = readEip1559(data.subarray(1))
  return transfer === undefined ? 'eth-transaction-malformed' : judgeTransfer(transfer, policy)
}

/** Why an unsigned EIP-155 transaction is not signed; `undefined` when it is. */
export function judgeLegacy(data: Uint8Array, policy: EthPolicy): Status | undefined {
  const items = listIn(data)
  if (items?.length === FIELDS_BEFORE_EIP155) return 'eth-transaction-type-refused'
  const transfer = items === undefined ? undefined : readLegacy(items)
  return transfer === undefined ? 'eth-transaction-malformed' : judgeTransfer(transfer, policy)
}

function judgeTransfer(transfer: Transfer, policy: EthPolicy): Status | undefined {
  const { chainId, to, value, gasLimit, gasPrice, data, hasAccessList } = transfer
  if (!policy.chainIds.includes(chainId)) return 'eth-chain-not-provisioned'
  if (to.length === 0) return 'eth-destination-missing'
  if (!policy.destinations.some((known) => equalBytes(known, to))) return 'eth-destination-not-provisioned'
  if (data.length > 0) return 'eth-data-not-empty'
  if (hasAccessList) return 'eth-access-list-not-empty'
  if (value > policy.maxWei) return 'eth-value-above-cap'
  return gasLimit * gasPrice > policy.maxFeeWei ? 'eth-fee-above-cap' : undefined
}

function readEip1559(rlp: Uint8Array): Transfer | undefined {
  const items = listIn(rlp)
  if (items?.length !== FIELDS) return undefined
  const accessList = items.at(-1)
  const fields = stringsIn(items.slice(0, -1))
  if (fields === undefined || !Array.isArray(accessList)) return undefined
  const [chain, nonce, tip, price, gas, to = EMPTY, wei, data = EMPTY] = fields
  const numbers = numbersIn([chain, U64], [nonce, U64], [tip, PRICE], [price, PRICE], [gas, U64], [wei, U256])
  if (numbers === undefined || !isDestination(to)) return undefined
  const [chainId = 0n, , highestTip = 0n, gasPrice = 0n, gasLimit = 0n, value = 0n] = numbers
  if (highestTip > gasPrice) return undefined
  return { chainId, to, value, gasLimit, gasPrice, data, hasAccessList: accessList.length > 0 }
}

function readLegacy(items: readonly unknown[]): Transfer | undefined {
  const fields = stringsIn(items)
  if (fields?.length !== FIELDS) return undefined
  const [nonce, price, gas, to = EMPTY, wei, data = EMPTY, chain, r, s] = fields
  if (r?.length !== 0 || s?.length !== 0) return undefined
  const numbers = numbersIn([nonce, U64], [price, PRICE], [gas, U64], [wei, U256], [chain, U64])
  if (numbers === undefined || !isDestination(to)) return undefined
  const [, gasPrice = 0n, gasLimit = 0n, value = 0n, chainId = 0n] = numbers
  return { chainId, to, value, gasLimit, gasPrice, data, hasAccessList: false }
}

const EMPTY = new Uint8Array()

const isDestination = (to: Uint8Array) => to.length === 0 || to.length === ADDRESS_SIZE

/** The items of a canonical RLP list that takes up all of `rlp`. */
function listIn(rlp: Uint8Array): readonly unknown[] | undefined {
  try {
    const item: unknown = RLP.decode(rlp)
    return Array.isArray(item) ? item : undefined
  } catch {
    return undefined // it throws on what is not canonical, cut off or followed by more
  }
}

function stringsIn(items: readonly unknown[]): readonly Uint8Array[] | undefined {
  const strings = items.filter((item) => item instanceof Uint8Array)
  return strings.length === items.length ? strings : undefined
}

/** Numbers of so many bytes at most, big endian without leading zeros; `undefined` when one is not. */
function numbersIn(
  ...fields: readonly (readonly [bytes: Uint8Array | undefined, most: number])[]
): readonly bigint[] | undefined {
  const isNumber = fields.every(([bytes = EMPTY, most]) => bytes.length <= most && bytes[0] !== 0)
  return isNumber ? fields.map(([bytes = EMPTY]) => numberOf(bytes)) : undefined
}

const numberOf = (bytes: Uint8Array) => bytes.reduce((sofar, byte) => (sofar << 8n) | BigInt(byte), 0n)
