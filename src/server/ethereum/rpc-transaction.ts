import {
  fromHex0x,
  parseEthAddress,
  type EthAddress,
  type UnsignedTransaction,
} from '../../ethereum/index.js'
import type { JobRefusal } from './jobs.js'

/** A transaction as JSON-RPC has it, and by whom it is to be signed. */
export type RpcTransaction = { readonly from: string | undefined; readonly transaction: UnsignedTransaction }

/** Fields of transactions that give away more than a value: never signed, whatever they hold. */
const NEVER = ['authorizationList', 'blobVersionedHashes', 'maxFeePerBlobGas', 'blobs', 'sidecars'] as const
const KNOWN: readonly string[] = [
  ...['from', 'to', 'gas', 'gasLimit', 'gasPrice', 'maxFeePerGas', 'maxPriorityFeePerGas', 'value', 'data'],
  ...['input', 'nonce', 'chainId', 'type', 'accessList'],
]
const TYPES: Readonly<Record<string, UnsignedTransaction['type']>> = { '0x0': 'legacy', '0x2': 'eip1559' }
const MAX_UINT256 = (1n << 256n) - 1n
const MAX_NONCE = (1n << 64n) - 2n

/** Thrown while reading, and told as a refusal. */
class FieldError extends Error {}

/**
 * Reads the parameter of `eth_signTransaction`. Quantities are hex with `0x`, `chainId` may be left out where there is one
 * chain (`onlyChain`), and the nonce may not: no node is asked for it.
 */
export function readRpcTransaction(
  value: unknown,
  onlyChain: bigint | undefined,
): RpcTransaction | { readonly refusal: JobRefusal } {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return malformed('the transaction is no object with from, to, gas, value, nonce and prices; send one')
  }
  const fields = new Map<string, unknown>(Object.entries(value).filter(([, field]) => field !== null))
  const kind = typeOf(fields)
  if ('refusal' in kind) return kind
  try {
    return { from: textOf(fields, 'from'), transaction: transactionOf(fields, kind.type, onlyChain) }
  } catch (error) {
    if (error instanceof FieldError) return malformed(error.message)
    throw error
  }
}

type Fields = ReadonlyMap<string, unknown>

function typeOf(
  fields: Fields,
): { readonly type: UnsignedTransaction['type'] } | { readonly refusal: JobRefusal } {
  const never = NEVER.find((name) => fields.has(name))
  if (never !== undefined) return never10(`it has ${never}`)
  const list = fields.get('accessList')
  if (list !== undefined && !(Array.isArray(list) && list.length === 0))
    return never10('it has an accessList')
  const given = fields.get('type')
  if (given === undefined) return { type: fields.has('gasPrice') ? 'legacy' : 'eip1559' }
  const type = typeof given === 'string' ? TYPES[given] : undefined
  return type === undefined ? never10(`its type is ${JSON.stringify(given).slice(0, 40)}`) : { type }
}

function transactionOf(
  fields: Fields,
  type: UnsignedTransaction['type'],
  onlyChain: bigint | undefined,
): UnsignedTransaction {
  const unknown = [...fields.keys()].find((name) => !KNOWN.includes(name))
  if (unknown !== undefined)
    throw new FieldError(`${unknown.slice(0, 40)} is no field of a transaction; remove it`)
  const chainId = fields.has('chainId') ? quantity(fields, 'chainId') : onlyChain
  if (chainId === undefined) throw new FieldError('chainId is missing, and there are several chains; send it')
  const common = {
    chainId,
    nonce: quantity(fields, 'nonce', MAX_NONCE),
    gasLimit: quantity(fields, fields.has('gasLimit') ? 'gasLimit' : 'gas'),
    to: addressOf(fields),
    value: fields.has('value') ? quantity(fields, 'value') : 0n,
    data: dataOf(fields),
  }
  if (type === 'legacy') {
    refuseField(fields, 'maxFeePerGas', type)
    refuseField(fields, 'maxPriorityFeePerGas', type)
    return { type, ...common, gasPrice: quantity(fields, 'gasPrice') }
  }
  refuseField(fields, 'gasPrice', type)
  const maxFeePerGas = quantity(fields, 'maxFeePerGas')
  return { type, ...common, maxFeePerGas, maxPriorityFeePerGas: quantity(fields, 'maxPriorityFeePerGas') }
}

function quantity(fields: Fields, name: string, max = MAX_UINT256): bigint {
  const value = fields.get(name)
  if (typeof value === 'string' && /^0x(?:0|[1-9a-fA-F][0-9a-fA-F]{0,63})$/.test(value)) {
    if (BigInt(value) <= max) return BigInt(value)
    throw new FieldError(`${name} is ${value}; it can be at most 0x${max.toString(16)}`)
  }
  throw new FieldError(`${name} is no quantity; send 0x and hex digits without leading zeros`)
}

function addressOf(fields: Fields): EthAddress {
  const text = textOf(fields, 'to')
  const address = text === undefined ? undefined : parseEthAddress(text)
  if (address !== undefined) return address
  throw new FieldError('to is no address; send 0x and 40 hex digits (contracts are not created here)')
}

function dataOf(fields: Fields): Uint8Array {
  const [data, input] = [textOf(fields, 'data'), textOf(fields, 'input')]
  if (data !== undefined && input !== undefined && data !== input) {
    throw new FieldError('data and input differ; send one of them')
  }
  const bytes = fromHex0x(data ?? input ?? '0x')
  if (bytes === undefined) throw new FieldError('data is not 0x and pairs of hex digits')
  return bytes
}

function textOf(fields: Fields, name: string): string | undefined {
  const value = fields.get(name)
  if (value === undefined || typeof value === 'string') return value
  throw new FieldError(`${name} is no text; send 0x and hex digits`)
}

function refuseField(fields: Fields, name: string, type: string): void {
  if (fields.has(name)) throw new FieldError(`${name} belongs to another type than ${type}; remove it`)
}

function malformed(message: string): { readonly refusal: JobRefusal } {
  return { refusal: { code: 'malformed-request', rule: 'E2', message } }
}

function never10(what: string): { readonly refusal: JobRefusal } {
  const message = `${what}; only legacy (0x0) and EIP-1559 (0x2) transactions without an access list are signed, never blobs or authorizations (EIP-7702)`
  return { refusal: { code: 'transaction-type-not-allowed', rule: 'E10', message } }
}
