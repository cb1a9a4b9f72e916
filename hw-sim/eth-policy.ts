import { z } from 'zod'
import { checksummed, ADDRESS_SIZE } from './eth-address.js'
import type { Profile } from './profile.js'
import { fromHex } from '../src/tezos/index.js'

/** What a device was provisioned to sign for Ethereum. An empty list allows nothing. */
export type EthPolicy = {
  readonly chainIds: readonly bigint[]
  /** 32 bytes each. */
  readonly domainSeparators: readonly Uint8Array[]
  /** What a signed message has to begin with, in UTF-8. */
  readonly messagePrefixes: readonly Uint8Array[]
  /** 20 bytes each. */
  readonly destinations: readonly Uint8Array[]
  /** The most one transaction may move, and the most its fee may be: gas limit times price of gas. */
  readonly maxWei: bigint
  readonly maxFeeWei: bigint
}

/** An Ethereum policy that is refused. The message names the file, the entry and the rule. */
export class EthPolicyError extends Error {
  override readonly name = 'EthPolicyError'
}

/** Entries of each list: what a board keeps in flash. */
const MAX_ENTRIES = 16
/** Bytes of a prefix. */
const MAX_PREFIX_SIZE = 64
const MAX_U64 = 2n ** 64n - 1n
const MAX_U256 = 2n ** 256n - 1n

const entries = <Entry extends z.ZodType>(entry: Entry) =>
  z.array(entry, 'expected a list').max(MAX_ENTRIES, `at most ${MAX_ENTRIES} entries`)

const decimal = (least: bigint, most: bigint) =>
  z
    .string('expected a decimal number as a string')
    .regex(/^(?:0|[1-9]\d{0,77})$/, 'expected a decimal number as a string')
    .transform(BigInt)
    .refine((value) => value >= least && value <= most, `expected ${least} to ${most}`)

const hexBytes = (size: number) =>
  z.string(`expected ${size} bytes as 0x and hex`).transform((text, context) => {
    const bytes = text.startsWith('0x') ? fromHex(text.slice(2)) : undefined
    if (bytes?.length === size) return bytes
    context.addIssue({ code: 'custom', message: `expected ${size} bytes as 0x and hex` })
    return z.NEVER
  })

const separator = hexBytes(32)

const address = z.string('expected an address').transform((text, context) => {
  const bytes = hexBytes(ADDRESS_SIZE).safeParse(text).data
  const isAddress = bytes?.some((byte) => byte !== 0) === true
  if (isAddress && (text === text.toLowerCase() || text === checksummed(bytes))) return bytes
  context.addIssue({
    code: 'custom',
    message: 'expected an address, not the zero one, with a right EIP-55 checksum or all in lower case',
  })
  return z.NEVER
})

const prefix = z
  .string('expected a text')
  .transform((text) => new TextEncoder().encode(text))
  .refine(({ length }) => length >= 1 && length <= MAX_PREFIX_SIZE, `expected 1 to ${MAX_PREFIX_SIZE} bytes`)

const schema = z.strictObject({
  chain_ids: entries(decimal(1n, MAX_U64)),
  domain_separators: entries(separator),
  message_prefixes: entries(prefix),
  destinations: entries(address),
  max_wei: decimal(0n, MAX_U256),
  max_fee_wei: decimal(0n, MAX_U256),
})

/** The policy in the text of a JSON file. Every entry has to be there. Throws an EthPolicyError that names `file`. */
export function parseEthPolicy(text: string, file: string): EthPolicy {
  const result = schema.safeParse(parseJson(text, file))
  if (!result.success) {
    const [issue] = result.error.issues
    const place = issue === undefined ? '' : `${issue.path.join('.')}: ${issue.message}`
    throw new EthPolicyError(`${file}: not an Ethereum policy: ${place.replace(/^: /, '')}`)
  }
  const written = result.data
  return {
    chainIds: written.chain_ids,
    domainSeparators: written.domain_separators,
    messagePrefixes: written.message_prefixes,
    destinations: written.destinations,
    maxWei: written.max_wei,
    maxFeeWei: written.max_fee_wei,
  }
}

/** The policy a device with this profile gets. Throws a RangeError for one that the profile has no use for. */
export function ethPolicyFor(profile: Profile, policy: EthPolicy | undefined): EthPolicy | undefined {
  if (policy === undefined || profile.signsEthereum) return policy
  throw new RangeError(
    `profile ${profile.name} signs nothing for Ethereum: a policy for it needs profile eth`,
  )
}

function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new EthPolicyError(`${file}: not JSON`)
  }
}
