import { concatBytes } from './bytes.js'
import { EthereumError } from './ethereum-error.js'
import { keccak256 } from './keccak.js'
import { encodeAtomic } from './typed-data-values.js'
import {
  checkTypes,
  encodeTypeOf,
  isAtomic,
  membersOf,
  readMemberType,
  type MemberType,
  type TypedDataTypes,
  type TypedMember,
} from './typed-data-types.js'

/** Values by the names of their members. */
export type TypedValues = Readonly<Record<string, unknown>>

/** Typed data of EIP-712, as wallets exchange it in JSON. */
export type TypedData = {
  readonly types: TypedDataTypes
  readonly primaryType: string
  readonly domain: TypedValues
  readonly message: TypedValues
}

const DOMAIN = 'EIP712Domain'
/** What a domain may say, in the order of EIP-712. */
const DOMAIN_MEMBERS: readonly TypedMember[] = [
  { name: 'name', type: 'string' },
  { name: 'version', type: 'string' },
  { name: 'chainId', type: 'uint256' },
  { name: 'verifyingContract', type: 'address' },
  { name: 'salt', type: 'bytes32' },
]

const MAX_DEPTH = 16
const MAX_VALUES = 4096

/**
 * The 66 bytes that are hashed and signed: 0x19, 0x01, the domain's separator, the message's hash. Every member must be
 * there and no other. Throws an EthereumError.
 */
export function typedDataPreimage(data: TypedData): Uint8Array {
  const { types, primaryType, domain, message } = data
  checkTypes(types)
  refuseOtherDomainType(types, domain)
  if (primaryType === DOMAIN) throw new EthereumError(`primaryType is ${DOMAIN}: there is no message`)
  const head = Uint8Array.of(0x19, 0x01)
  return concatBytes(head, domainSeparator(domain), hashStruct(types, primaryType, message))
}

/** The 32 bytes that stand for a domain: the members that it has, in the order of EIP-712. Throws an EthereumError. */
export function domainSeparator(domain: TypedValues): Uint8Array {
  return hashStruct({ [DOMAIN]: domainMembers(domain) }, DOMAIN, domain)
}

function domainMembers(domain: TypedValues): readonly TypedMember[] {
  const members = DOMAIN_MEMBERS.filter(({ name }) => Object.hasOwn(domain, name))
  if (members.length === 0) throw new EthereumError('the domain says nothing')
  return members
}

/** A domain's own type, where the data brings one, must be what the domain says: it decides the hash. */
function refuseOtherDomainType(types: TypedDataTypes, domain: TypedValues): void {
  if (!Object.hasOwn(types, DOMAIN)) return
  const own = encodeTypeOf({ [DOMAIN]: membersOf(types, DOMAIN) }, DOMAIN)
  const expected = encodeTypeOf({ [DOMAIN]: domainMembers(domain) }, DOMAIN)
  if (own !== expected) throw new EthereumError(`types has ${own}, and the domain is ${expected}`)
}

function hashStruct(types: TypedDataTypes, name: string, values: TypedValues): Uint8Array {
  return structHash({ types, values: { left: MAX_VALUES } }, name, values, name, 0)
}

/** What encoding needs beside the value; `values` counts, so that a small text cannot ask for much work. */
type Encoding = { readonly types: TypedDataTypes; readonly values: { left: number } }

function structHash(
  encoding: Encoding,
  name: string,
  values: unknown,
  path: string,
  depth: number,
): Uint8Array {
  const { types } = encoding
  const members = membersOf(types, name)
  if (!isRecord(values)) throw new EthereumError(`${path} is no ${name} with its members`)
  for (const key of Object.keys(values)) {
    if (!members.some((member) => member.name === key)) {
      throw new EthereumError(`${path}.${key.slice(0, 60)} is no member of ${name}`)
    }
  }
  const typeHash = keccak256(Buffer.from(encodeTypeOf(types, name), 'utf8'))
  const encoded = members.map((member) => {
    const at = `${path}.${member.name}`
    if (!Object.hasOwn(values, member.name)) throw new EthereumError(`${at} is missing`)
    return encodeValue(encoding, readMemberType(member.type), values[member.name], at, depth + 1)
  })
  return keccak256(concatBytes(typeHash, ...encoded))
}

function encodeValue(
  encoding: Encoding,
  { base, lengths }: MemberType,
  value: unknown,
  path: string,
  depth: number,
): Uint8Array {
  encoding.values.left -= 1
  if (encoding.values.left < 0) throw new EthereumError(`there are more than ${MAX_VALUES} values`)
  if (depth > MAX_DEPTH) throw new EthereumError(`${path} is deeper than ${MAX_DEPTH} structs and arrays`)
  if (lengths.length > 0) {
    const items = itemsOf(value, lengths.at(-1), path)
    const item = { base, lengths: lengths.slice(0, -1) }
    const encoded = items.map((one, index) =>
      encodeValue(encoding, item, one, `${path}[${index}]`, depth + 1),
    )
    return keccak256(concatBytes(...encoded))
  }
  return isAtomic(base) ? encodeAtomic(base, value, path) : structHash(encoding, base, value, path, depth)
}

function itemsOf(value: unknown, length: number | undefined, path: string): readonly unknown[] {
  if (!Array.isArray(value)) throw new EthereumError(`${path} is no list`)
  if (length !== undefined && value.length !== length) {
    throw new EthereumError(`${path} has ${value.length} items, and its type ${length}`)
  }
  return value
}

function isRecord(value: unknown): value is TypedValues {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
