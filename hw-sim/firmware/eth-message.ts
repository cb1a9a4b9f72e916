import { equalBytes } from '../../src/tezos/index.js'
import type { EthPolicy } from '../eth-policy.js'
import type { Status } from '../profile.js'

/** The first byte of every EIP-191 preimage, and the versions that are signed. */
const EIP191 = 0x19
const TYPED_DATA = 0x01
const PERSONAL_MESSAGE = 0x45

/** 0x19 0x01, the domain separator, the hash of the struct. */
const TYPED_DATA_SIZE = 2 + 32 + 32

const HEADING = new TextEncoder().encode('\u0019Ethereum Signed Message:\n')

/** Why an EIP-191 preimage is not signed; `undefined` when it is. */
export function judgeEthMessage(data: Uint8Array, policy: EthPolicy): Status | undefined {
  const [first, version] = data
  if (first !== EIP191) return 'eth-message-malformed'
  if (version === TYPED_DATA) return judgeTypedData(data, policy)
  return version === PERSONAL_MESSAGE ? judgePersonalMessage(data, policy) : 'eth-message-malformed'
}

function judgeTypedData(data: Uint8Array, { domainSeparators }: EthPolicy): Status | undefined {
  if (data.length !== TYPED_DATA_SIZE) return 'eth-message-malformed'
  const separator = data.subarray(2, 34)
  const isProvisioned = domainSeparators.some((known) => equalBytes(known, separator))
  return isProvisioned ? undefined : 'eth-domain-not-provisioned'
}

function judgePersonalMessage(data: Uint8Array, { messagePrefixes }: EthPolicy): Status | undefined {
  const message = messageIn(data)
  if (message === undefined) return 'eth-message-malformed'
  const isProvisioned = messagePrefixes.some(
    (prefix) => message.length >= prefix.length && equalBytes(prefix, message.subarray(0, prefix.length)),
  )
  return isProvisioned ? undefined : 'eth-prefix-not-provisioned'
}

/**
 * The message behind heading and length. The length is written in decimal and ends nowhere: it is what its own digits
 * and the bytes after them add up to, of which there is one way at most for each size of `data`.
 */
function messageIn(data: Uint8Array): Uint8Array | undefined {
  if (!equalBytes(data.subarray(0, HEADING.length), HEADING)) return undefined
  const rest = data.subarray(HEADING.length)
  for (let digits = 1; digits <= 4 && digits <= rest.length; digits += 1) {
    const length = new TextEncoder().encode(String(rest.length - digits))
    if (equalBytes(rest.subarray(0, digits), length)) return rest.subarray(digits)
  }
  return undefined
}
