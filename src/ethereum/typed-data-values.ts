import { toUSVString } from 'node:util'
import { ethAddressBytes, parseEthAddress } from './address.js'
import { bigEndian, concatBytes, fromHex0x } from './bytes.js'
import { EthereumError } from './ethereum-error.js'
import { keccak256 } from './keccak.js'

const WORD = 32

/** The 32 bytes of a value of one of Solidity's own types. Throws an EthereumError that names where it stands. */
export function encodeAtomic(type: string, value: unknown, path: string): Uint8Array {
  if (type === 'string') return keccak256(Buffer.from(textOf(value, path), 'utf8'))
  if (type === 'bytes') return keccak256(bytesOf(value, undefined, path))
  if (type === 'address') return concatBytes(new Uint8Array(12), addressOf(value, path))
  if (type === 'bool') return bigEndian(booleanOf(value, path) ? 1n : 0n, WORD)
  if (type.startsWith('bytes')) return bytesOf(value, Number(type.slice('bytes'.length)), path)
  return integerOf(type, value, path)
}

function textOf(value: unknown, path: string): string {
  if (typeof value === 'string' && toUSVString(value) === value) return value // no half of a pair
  throw new EthereumError(`${path} is no text`)
}

function booleanOf(value: unknown, path: string): boolean {
  if (typeof value === 'boolean') return value
  throw new EthereumError(`${path} is neither true nor false`)
}

function addressOf(value: unknown, path: string): Uint8Array {
  const address = typeof value === 'string' ? parseEthAddress(value) : undefined
  if (address !== undefined) return ethAddressBytes(address)
  throw new EthereumError(`${path} is no address in lower case or with a right checksum`)
}

/** Bytes as they are, or, of a given size, filled up with zeros at their end. */
function bytesOf(value: unknown, size: number | undefined, path: string): Uint8Array {
  const bytes = typeof value === 'string' ? fromHex0x(value) : undefined
  if (bytes === undefined) throw new EthereumError(`${path} is not 0x and pairs of hex digits`)
  if (size === undefined) return bytes
  if (bytes.length !== size)
    throw new EthereumError(`${path} has ${bytes.length} bytes, and its type ${size}`)
  return concatBytes(bytes, new Uint8Array(WORD - size))
}

/** A number is taken only where JSON cannot have changed it. */
function integerOf(type: string, value: unknown, path: string): Uint8Array {
  const number = wholeNumber(value)
  if (number === undefined) {
    throw new EthereumError(`${path} is no whole number: write it as a text of decimal or 0x hex digits`)
  }
  const isSigned = type.startsWith('int')
  const bits = BigInt(type.replace(/^u?int/, ''))
  const [least, most] = isSigned ? [-(1n << (bits - 1n)), (1n << (bits - 1n)) - 1n] : [0n, (1n << bits) - 1n]
  if (number < least || number > most) throw new EthereumError(`${path} is ${number}, which is no ${type}`)
  return bigEndian(BigInt.asUintN(256, number), WORD)
}

function wholeNumber(value: unknown): bigint | undefined {
  if (typeof value === 'bigint') return value
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : undefined
  if (typeof value !== 'string') return undefined
  return /^(?:0|-?[1-9]\d{0,77}|0x[0-9a-fA-F]{1,64})$/.test(value) ? BigInt(value) : undefined
}
