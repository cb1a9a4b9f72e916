import { FRAME_OVERHEAD, MAX_COMMAND_SIZE } from './frame.js'
import { statusName, type StatusName } from './status.js'

/** First byte of a command's body. */
export const OPCODE = { getPublicKey: 0x11, sign: 0x21, verify: 0x22 } as const

/** The key a command speaks of: 0 authentication (P-256), 1 Ed25519 (tz1), 2 secp256k1 (tz2), 3 P-256 (tz3). */
export type KeyAlias = 0 | 1 | 2 | 3

/** GET_PK's second parameter: how the key is written. */
export const KEY_FORMAT = { raw: 1, compressed: 2, base58check: 3, address: 4 } as const

/**
 * SIGN's and VERIFY's second parameter. The prehashed modes are here for the simulator and for judging a device:
 * the driver never sends them, because the firmware takes a digest's first byte for the magic byte. The one exception
 * is `signDigest` (eth-command.ts), which says what it is for.
 */
export const MODE = {
  defaultSignature: 0,
  prehashedRaw: 1,
  prehashedBase58: 2,
  messageRaw: 3,
  messageBase58: 4,
} as const

/** Opcode, three parameters of 1, 1 and 2 bytes. */
const HEAD_SIZE = 5
/** A raw signature: R then S. */
export const SIGNATURE_SIZE = 64

/** The longest message SIGN takes: what is left of 1024 bytes. */
export const MAX_MESSAGE_SIZE = MAX_COMMAND_SIZE - FRAME_OVERHEAD - HEAD_SIZE

/** A command's body, taken apart. A field is present only if all before it are. */
export type CommandFields = {
  readonly opcode: number
  readonly param1?: number
  readonly param2?: number
  readonly param3?: number
  readonly data?: Uint8Array
}

/** A row of the command table: how it is asked, how long its answers are, and what they mean. */
export type Command<Request, Reply> = {
  readonly name: string
  readonly opcode: number
  readonly encode: (request: Request) => Uint8Array
  /** Sizes of the bodies that answer, beside the one byte of a refusal. */
  readonly bodySizes: (request: Request) => readonly number[]
  readonly decode: (body: Uint8Array) => Answer<Reply>
}

/** What a reply's body says: a value, a refusal by name, or nothing this command can be answered with. */
export type Answer<Reply> =
  | { readonly kind: 'value'; readonly value: Reply }
  | { readonly kind: 'refusal'; readonly status: StatusName; readonly statusByte: number }
  | { readonly kind: 'malformed'; readonly bodyBytes: number }

/** A body from its fields; the simulator reads it back with `splitBody`. */
export function joinBody(fields: CommandFields): Uint8Array {
  const { opcode, param1, param2, param3, data = new Uint8Array() } = fields
  const head = [opcode]
  if (param1 !== undefined) head.push(param1)
  if (param2 !== undefined) head.push(param2)
  if (param3 !== undefined) head.push(param3 & 0xff, param3 >> 8)
  const body = new Uint8Array(head.length + data.length)
  body.set(head)
  body.set(data, head.length)
  return body
}

/** The fields of a body of at least one byte, as the firmware takes it apart. */
export function splitBody(body: Uint8Array): CommandFields {
  const [opcode = 0, param1, param2, low, high] = body
  return {
    opcode,
    ...(param1 === undefined ? {} : { param1 }),
    ...(param2 === undefined ? {} : { param2 }),
    ...(low === undefined || high === undefined ? {} : { param3: low | (high << 8) }),
    ...(body.length > HEAD_SIZE ? { data: body.slice(HEAD_SIZE) } : {}),
  }
}

/** The answer that is one status byte. */
export const refusal = <Reply>(byte: number): Answer<Reply> => ({
  kind: 'refusal',
  status: statusName(byte),
  statusByte: byte,
})

/** A decoder of replies whose body is bytes of one of these sizes. */
export function decodeBytes(sizes: readonly number[]) {
  return (body: Uint8Array): Answer<Uint8Array> => {
    if (body.length === 1) return refusal(body[0] ?? 0)
    return sizes.includes(body.length)
      ? { kind: 'value', value: body }
      : { kind: 'malformed', bodyBytes: body.length }
  }
}

function decodeVerdict(body: Uint8Array): Answer<boolean> {
  const [byte = 0] = body
  if (body.length !== 1) return { kind: 'malformed', bodyBytes: body.length }
  return byte <= 1 ? { kind: 'value', value: byte === 1 } : refusal(byte)
}

function messageOf(message: Uint8Array, spare: number): Uint8Array {
  if (message.length < 1 || message.length > MAX_MESSAGE_SIZE - spare) {
    throw new RangeError(
      `message of ${message.length} bytes: the device takes 1 to ${MAX_MESSAGE_SIZE - spare}`,
    )
  }
  return message
}

/** A key as raw bytes: 32 for Ed25519, X then Y (64) for the others. */
export const getPublicKey: Command<{ readonly alias: KeyAlias }, Uint8Array> = {
  name: 'GET_PK',
  opcode: OPCODE.getPublicKey,
  encode: ({ alias }) => joinBody({ opcode: OPCODE.getPublicKey, param1: alias, param2: KEY_FORMAT.raw }),
  bodySizes: ({ alias }) => [alias === 1 ? 32 : 64],
  decode: decodeBytes([32, 64]),
}

/** A raw signature, R then S, over BLAKE2b-256 of a message of 1 to 1015 bytes (mode 3; no other is ever sent). */
export const sign: Command<{ readonly alias: KeyAlias; readonly message: Uint8Array }, Uint8Array> = {
  name: 'SIGN',
  opcode: OPCODE.sign,
  encode: ({ alias, message }) =>
    joinBody({
      opcode: OPCODE.sign,
      param1: alias,
      param2: MODE.messageRaw,
      param3: 0,
      data: messageOf(message, 0),
    }),
  bodySizes: () => [SIGNATURE_SIZE],
  decode: decodeBytes([SIGNATURE_SIZE]),
}

export type VerifyRequest = {
  readonly alias: KeyAlias
  readonly message: Uint8Array
  readonly signature: Uint8Array
}

/** Whether a raw signature is one by the key over a message of 1 to 951 bytes, in the device's own opinion. */
export const verify: Command<VerifyRequest, boolean> = {
  name: 'VERIFY',
  opcode: OPCODE.verify,
  encode: ({ alias, message, signature }) => {
    const data = new Uint8Array(message.length + SIGNATURE_SIZE)
    data.set(messageOf(message, SIGNATURE_SIZE))
    data.set(signature, message.length)
    return joinBody({
      opcode: OPCODE.verify,
      param1: alias,
      param2: MODE.messageRaw,
      param3: message.length,
      data,
    })
  },
  bodySizes: () => [1],
  decode: decodeVerdict,
}
