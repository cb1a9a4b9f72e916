import {
  decodeBytes,
  joinBody,
  MAX_MESSAGE_SIZE,
  MODE,
  OPCODE,
  SIGNATURE_SIZE,
  type Answer,
  type Command,
  type KeyAlias,
} from './command.js'
import { statusByte } from './status.js'

/**
 * The operations docs/firmware-eth.md adds to the protocol. No board runs them today: a stock board answers both with
 * 0xA2, which is what makes GET_INFO a safe question.
 */
export const ETH_OPCODE = { getInfo: 0x01, signEth: 0x31 } as const

/** The key that signs for Ethereum: the one secp256k1 key. */
export const ETH_ALIAS: KeyAlias = 2

/** What SIGN_ETH is given: an EIP-191 preimage, an unsigned EIP-1559 transaction, an unsigned EIP-155 one. */
export type EthForm = 'eip191' | 'eip1559' | 'legacy'

/** SIGN_ETH's second parameter. */
export const ETH_FORM: Readonly<Record<EthForm, number>> = { eip191: 1, eip1559: 2, legacy: 3 }

/** The bit of each capability in GET_INFO's reply. Bits that are not here are for later firmware, and are ignored. */
export const CAPABILITY_BIT = {
  /** SIGN_ETH is there, with a Keccak-256 of its own. */
  'eth-keccak': 0,
  /** Policy tables are read within their bounds, and SIGN takes no digests. */
  'strict-prehash': 1,
  /** The device's own watermarks survive a power cut. */
  'hwm-persist': 2,
  /** The device wraps keys for the host. */
  wrap: 3,
  /** An Ethereum policy is provisioned: the secp256k1 key signs by SIGN_ETH, and by SIGN no more. */
  'eth-provisioned': 4,
} as const

/** What a firmware can do beyond the stock one. */
export type DeviceCapability = keyof typeof CAPABILITY_BIT

/** What GET_INFO told: `stock`, `unknown` (another refusal, or another layout), or the firmware's version as MAJOR.MINOR.PATCH, and what it can do. */
export type DeviceInfo = { readonly firmware: string; readonly capabilities: readonly DeviceCapability[] }

const CAPABILITIES: readonly DeviceCapability[] = [
  'eth-keccak',
  'strict-prehash',
  'hwm-persist',
  'wrap',
  'eth-provisioned',
]

const STOCK: DeviceInfo = { firmware: 'stock', capabilities: [] }
/** It may bake as well as any: what it cannot tell is no reason to lose it. */
const UNKNOWN: DeviceInfo = { firmware: 'unknown', capabilities: [] }
/** The first byte of the reply: another one means another layout. */
const INFO_FORMAT = 1
const INFO_SIZE = 8
const CAPABILITIES_AT = 4

/** What the firmware is, and what it can do. 0xA2 is an answer and not a refusal here: it is the stock firmware. */
export const getInfo: Command<undefined, DeviceInfo> = {
  name: 'GET_INFO',
  opcode: ETH_OPCODE.getInfo,
  encode: () => joinBody({ opcode: ETH_OPCODE.getInfo }),
  bodySizes: () => [INFO_SIZE],
  decode: decodeInfo,
}

/** The body of GET_INFO's reply, as the device makes it; a version's parts are 0 to 255. */
export function encodeInfo({ firmware, capabilities }: DeviceInfo): Uint8Array {
  const body = new Uint8Array(INFO_SIZE)
  body.set([INFO_FORMAT, ...firmware.split('.').map(Number)])
  const bits = capabilities.reduce((sofar, capability) => sofar | (1 << CAPABILITY_BIT[capability]), 0)
  new DataView(body.buffer).setUint32(CAPABILITIES_AT, bits, true)
  return body
}

function decodeInfo(body: Uint8Array): Answer<DeviceInfo> {
  const [first = 0, major, minor, patch] = body
  if (body.length === 1) {
    return { kind: 'value', value: first === statusByte('opcode-unknown') ? STOCK : UNKNOWN }
  }
  if (body.length !== INFO_SIZE) return { kind: 'malformed', bodyBytes: body.length }
  if (first !== INFO_FORMAT) return { kind: 'value', value: UNKNOWN }
  const bits = new DataView(body.buffer, body.byteOffset).getUint32(CAPABILITIES_AT, true)
  const capabilities = CAPABILITIES.filter((each) => (bits & (1 << CAPABILITY_BIT[each])) !== 0)
  return { kind: 'value', value: { firmware: `${major}.${minor}.${patch}`, capabilities } }
}

/** What is to be signed for Ethereum: `data` is what Keccak-256 is taken of, 1 to 1015 bytes. */
export type SignEthRequest = { readonly form: EthForm; readonly data: Uint8Array }

/**
 * A raw signature, R then S, by the secp256k1 key over Keccak-256 of `data`, which the device takes apart and judges
 * itself. Neither a low S nor a recovery id is promised: both are the host's work. Encoding throws a RangeError for
 * data that does not begin as its form does.
 */
export const signEth: Command<SignEthRequest, Uint8Array> = {
  name: 'SIGN_ETH',
  opcode: ETH_OPCODE.signEth,
  encode: ({ form, data }) =>
    joinBody({
      opcode: ETH_OPCODE.signEth,
      param1: ETH_ALIAS,
      param2: ETH_FORM[form],
      param3: 0,
      data: ofForm(form, data),
    }),
  bodySizes: () => [SIGNATURE_SIZE],
  decode: decodeBytes([SIGNATURE_SIZE]),
}

const EIP191 = 0x19
const EIP1559 = 0x02
/** An RLP list begins here. */
const LIST = 0xc0

function ofForm(form: EthForm, data: Uint8Array): Uint8Array {
  if (data.length < 1 || data.length > MAX_MESSAGE_SIZE) {
    throw new RangeError(`SIGN_ETH of ${data.length} bytes: the device takes 1 to ${MAX_MESSAGE_SIZE}`)
  }
  const [first = 0] = data
  const isOfForm = { eip191: first === EIP191, eip1559: first === EIP1559, legacy: first >= LIST }[form]
  if (isOfForm) return data
  const expected = { eip191: '0x19', eip1559: '0x02', legacy: '0xc0 or above' }[form]
  throw new RangeError(`SIGN_ETH ${form}: the data begins with 0x${first.toString(16)}, not ${expected}`)
}

const TRANSFER = 0x03
const DIGEST_SIZE = 32

/**
 * A raw signature over a digest that begins with 0x03, by SIGN mode 1 with the secp256k1 key: for a transfer whose gas
 * limit was searched for such a digest, where the operator has asked for that, because stock firmware takes a digest's
 * first byte for the magic byte and 0x03 is the one that is enabled. Stock firmware lets other first bytes pass as
 * well, by reading past the end of its table; that is undefined behaviour which differs from board to board, so
 * encoding throws a RangeError for every other byte. The device protects nothing in this mode: the host's policy is
 * the only guard.
 */
export const signDigest: Command<{ readonly digest: Uint8Array }, Uint8Array> = {
  name: 'SIGN',
  opcode: OPCODE.sign,
  encode: ({ digest }) =>
    joinBody({
      opcode: OPCODE.sign,
      param1: ETH_ALIAS,
      param2: MODE.prehashedRaw,
      param3: 0,
      data: transferDigest(digest),
    }),
  bodySizes: () => [SIGNATURE_SIZE],
  decode: decodeBytes([SIGNATURE_SIZE]),
}

function transferDigest(digest: Uint8Array): Uint8Array {
  if (digest.length !== DIGEST_SIZE) throw new RangeError(`a digest of ${digest.length} bytes, not 32`)
  const [first = 0] = digest
  if (first === TRANSFER) return digest
  throw new RangeError(
    `a digest that begins with 0x${first.toString(16)}: SIGN takes digests that begin with 0x03 alone`,
  )
}
