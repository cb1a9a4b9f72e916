import { ed25519 } from '@noble/curves/ed25519.js'
import { p256 } from '@noble/curves/nist.js'
import { secp256k1 } from '@noble/curves/secp256k1.js'
import { bytesToNumberBE, bytesToNumberLE } from '@noble/curves/utils.js'
import { sha256, sha512 } from '@noble/hashes/sha2.js'
import {
  encodeCommand,
  encodeFrame,
  joinBody,
  KEY_FORMAT,
  MODE,
  OPCODE,
  splitBody,
  statusByte,
  type CommandFields,
} from '../../src/device/tezio/index.js'
import {
  concatBytes,
  decodeSignature,
  encodeSignature,
  payloadDigest,
  type Curve,
} from '../../src/tezos/index.js'
import {
  ALIASES,
  KEY_NAMES,
  keyAddresses,
  systemRandom,
  type Behaviour,
  type Exchange,
  type Exchanger,
  type PolicyOptions,
  type SimulatedTezio,
  type Status,
} from '../../hw-sim/index.js'
import { bodyOf, hex, TEST_KEYS } from './bench.js'

/** A simulated device with one planted defect, and the check that must find it. */
export type Mutant = {
  readonly name: string
  readonly caughtBy: string
  readonly isDestructive?: true
  readonly policy?: PolicyOptions
  /** Plants the defect; returns the cable to judge the device through. */
  readonly plant: (device: SimulatedTezio, cable: Exchanger) => Exchanger
}

type Change = (body: Uint8Array, exchange: Exchange) => Uint8Array

const SECRET = {
  ed25519: hex('3c4b0c1c2d3e4f5061728394a5b6c7d8e9fa0b1c2d3e4f506172839405162704'),
  p256: hex('5e2b0c1c2d3e4f5061728394a5b6c7d8e9fa0b1c2d3e4f506172839405162702'),
}
const P256 = 3

export const MUTANTS: readonly Mutant[] = [
  frames('a checksum with a flipped bit', 'link.answers', (frame) => flip(frame, frame.length - 1)),
  frames('a checksum with its bytes swapped', 'link.answers', (frame) =>
    concatBytes(frame.slice(0, -2), frame.slice(-2).reverse()),
  ),
  frames('a reply without its last byte', 'link.answers', (frame) => frame.slice(0, -1)),
  frames('two more bytes after each reply', 'keys.raw.auth', (frame) => concatBytes(frame, hex('0d0a'))),
  actions('every answer twice', 'keys.raw.auth', (all) => [...all, ...all]),
  actions('every ninth answer after 2.5 s', 'timing.ed25519', (all, { number }) =>
    number % 9 === 0 ? all.map((action) => ({ ...action, afterMs: 2500 })) : all,
  ),
  actions('signatures after 2.5 s', 'sign.message-raw.p256', (all, exchange) =>
    isSign(exchange, P256) ? all.map((action) => ({ ...action, afterMs: 2500 })) : all,
  ),
  actions('no answer to any signing', 'sign.message-raw.auth', (all, { name }) =>
    name === 'SIGN' ? [] : all,
  ),
  actions('a line of text after SIGN', 'sign.message-raw.auth', (all, { name }) =>
    name === 'SIGN'
      ? [...all, { kind: 'write', afterMs: 10, bytes: new TextEncoder().encode('ok\r\n') }]
      : all,
  ),
  bodies('an address where base58check was asked for', 'keys.formats.ed25519', (body, { command }) =>
    command?.opcode === OPCODE.getPublicKey && command.param2 === KEY_FORMAT.base58check
      ? body.slice(0, 36)
      : body,
  ),
  bodies('the other sign in compressed keys', 'keys.formats.p256', (body, { command }) =>
    command?.opcode === OPCODE.getPublicKey && command.param2 === KEY_FORMAT.compressed && body.length === 33
      ? flip(body, 0, 1)
      : body,
  ),
  bodies('another key the second time', 'keys.raw.ed25519', (body, { number }) =>
    number % 2 === 0 && body.length === 32
      ? TEST_KEYS.ed25519.sign(new Uint8Array(32), systemRandom).slice(32)
      : body,
  ),
  status('0xab for an unknown key', 'keys.errors', 'param1-invalid', 'param2-invalid'),
  status('0xa7 for an unknown opcode', 'framing.opcode', 'opcode-unknown', 'checksum-wrong'),
  status('0xa8 for a wrong checksum', 'framing.crc-wrong', 'checksum-wrong', 'packet-length-differs'),
  status(
    '0xad for a digest that is not 32 bytes',
    'sign.prehashed.p256',
    'digest-not-32-bytes',
    'data-invalid',
  ),
  status(
    '0xb0 for a magic byte that is not enabled',
    'policy.not-enabled.p256',
    'magic-byte-not-enabled',
    'hsm-operation-disabled',
  ),
  commands('a checksum that is not looked at', 'framing.crc-wrong', (bytes) =>
    isWhole(bytes) ? encodeCommand(bytes.slice(3, -2)) : bytes,
  ),
  commands(
    'noise that is not skipped',
    'framing.noise',
    (bytes) => (bytes[0] === 3 ? bytes : undefined),
    true,
  ),
  commands('only the first piece of a command', 'framing.split', (bytes) =>
    bytes[0] === 3 ? bytes : undefined,
  ),
  commands(
    'aliases 1 and 2 exchanged',
    'keys.raw.ed25519',
    withFields((fields) => {
      const swapped = fields.param1 === 1 ? 2 : fields.param1 === 2 ? 1 : fields.param1
      return { ...fields, ...(swapped === undefined ? {} : { param1: swapped }) }
    }),
  ),
  commands(
    'two P-256 keys exchanged in SIGN',
    'sign.message-raw.auth',
    withFields((fields) => {
      return fields.opcode === OPCODE.sign && fields.param1 === 0 ? { ...fields, param1: P256 } : fields
    }),
  ),
  commands(
    'messages cut off at 512 bytes',
    'sign.lengths.secp256k1',
    withFields((fields) =>
      fields.opcode === OPCODE.sign && fields.data ? { ...fields, data: fields.data.slice(0, 512) } : fields,
    ),
  ),
  commands(
    'mode 5 taken for mode 4',
    'sign.errors.auth',
    withFields((fields) =>
      fields.opcode === OPCODE.sign && fields.param2 === 5 ? { ...fields, param2: 4 } : fields,
    ),
  ),
  signatures('a hash that is not BLAKE2b', 'sign.message-raw.ed25519', 1, (data) =>
    TEST_KEYS.ed25519.sign(sha256(data), systemRandom),
  ),
  signatures('high S on secp256k1', 'signatures.low-s.secp256k1', 2, (_, made) => {
    const { r, s } = secp256k1.Signature.fromBytes(made)
    return new secp256k1.Signature(r, secp256k1.Point.Fn.neg(s)).toBytes()
  }),
  signatures('random nonces on Ed25519', 'signatures.deterministic.ed25519', 1, (data) =>
    randomEd25519(payloadDigest(data)),
  ),
  signatures('one nonce on P-256', 'signatures.nonces.p256', P256, (data) =>
    fixedNonceP256(payloadDigest(data)),
  ),
  signatures('a flipped bit in P-256 signatures', 'sign.message-raw.p256', P256, (_, made) => flip(made, 7)),
  bodies('the generic sig prefix in mode 4', 'sign.message-base58.p256', (body, exchange) =>
    isSign(exchange, P256) && exchange.command?.param2 === MODE.messageBase58
      ? recoded(body, 'p256', 'ed25519')
      : body,
  ),
  bodies('a default signature of another curve', 'sign.default.secp256k1', (body, exchange) =>
    isSign(exchange, 2) && exchange.command?.param2 === MODE.defaultSignature
      ? recoded(body, 'secp256k1', 'p256')
      : body,
  ),
  bodies('a digest that is hashed once more', 'sign.prehashed.p256', (body, exchange) => {
    const { command } = exchange
    if (!isSign(exchange, P256) || command?.param2 !== MODE.prehashedRaw || body.length !== 64) return body
    return TEST_KEYS.p256.sign(payloadDigest(command.data!), systemRandom)
  }),
  bodies('digests that policy is not asked about', 'policy.digest.p256', (body, exchange) => {
    const { command } = exchange
    const isDigest =
      isSign(exchange, P256) && command?.param2 === MODE.prehashedRaw && command.data?.length === 32
    return isDigest ? TEST_KEYS.p256.sign(command.data, systemRandom) : body
  }),
  bodies('VERIFY that is always content', 'verify.bad.ed25519', (body, { name }) =>
    name === 'VERIFY' && body[0]! < 2 ? hex('01') : body,
  ),
  bodies('VERIFY that is never content', 'verify.good.ed25519', (body, { name }) =>
    name === 'VERIFY' && body[0]! < 2 ? hex('00') : body,
  ),
  actions('a prefix alone left unanswered', 'framing.prefix-alone', (all, { packet }) =>
    packet.length < 2 ? [] : all,
  ),
  {
    name: 'a greeting that nobody asked for',
    caughtBy: 'link.quiet',
    plant: (_, cable) => {
      let greeting = new TextEncoder().encode('Tezio HSM\r\n')
      const read = async (waitMs: number) => {
        const bytes = concatBytes(greeting, await cable.read(waitMs))
        greeting = new Uint8Array()
        return bytes
      }
      return { now: () => cable.now(), write: (bytes) => cable.write(bytes), read }
    },
  },
  bodies('an address of another curve', 'keys.formats.p256', (body, { command }) =>
    command?.opcode === OPCODE.getPublicKey &&
    command.param1 === P256 &&
    command.param2 === KEY_FORMAT.address
      ? new TextEncoder().encode(keyAddresses(TEST_KEYS).secp256k1)
      : body,
  ),
  commands('a checksum of zeros taken for none', 'framing.crc-zero', (bytes) =>
    isWhole(bytes) && bytes.at(-1) === 0 && bytes.at(-2) === 0 ? encodeCommand(bytes.slice(3, -2)) : bytes,
  ),
  commands('a big endian checksum taken as well', 'framing.crc-swapped', (bytes) => {
    const right = isWhole(bytes) ? encodeCommand(bytes.slice(3, -2)) : bytes
    return right.at(-1) === bytes.at(-2) && right.at(-2) === bytes.at(-1) ? right : bytes
  }),
  status(
    '0xa9 for a packet that is too short',
    'framing.declared-short',
    'packet-too-short',
    'packet-reset-failed',
  ),
  status(
    '0xa7 for a length that differs',
    'framing.length-differs',
    'packet-length-differs',
    'checksum-wrong',
  ),
  bodies('0xa0 for an unknown key in SIGN', 'sign.errors', (body, { name, command }) =>
    name === 'SIGN' && command!.param1! > 3 ? hex('a0') : body,
  ),
  bodies('0xa0 for an unknown key in VERIFY', 'verify.errors', (body, { name, command }) =>
    name === 'VERIFY' && command!.param1! > 3 ? hex('a0') : body,
  ),
  status(
    '0xad for a message length that is missing',
    'verify.errors.ed25519',
    'param3-invalid',
    'data-invalid',
  ),
  bodies('0xaf for a magic byte beyond the table', 'policy.overrun.p256', (body, { name, command }) =>
    name === 'SIGN' && command?.data?.[0] === 0x20 ? hex('af') : body,
  ),
  {
    ...bodies('policy that gives way the second time', 'watermarks.policy', (body, exchange) => {
      const data = isSign(exchange, 0) ? exchange.command?.data : undefined
      const isSecond = data?.[0] === 0x12 && body[0] === 0xd4 && body.length === 1
      return isSecond ? TEST_KEYS.auth.sign(payloadDigest(data), systemRandom) : body
    }),
    isDestructive: true,
  },
  {
    ...bodies('rounds of a long fitness not looked at', 'watermarks.rules.block.p256', (body, exchange) => {
      const data = isSign(exchange, P256) ? exchange.command?.data : undefined
      const isLong = data?.[0] === 0x11 && data[86]! > 28
      return isLong ? TEST_KEYS.p256.sign(payloadDigest(data), systemRandom) : body
    }),
    isDestructive: true,
  },
  {
    name: 'deaf after a packet that was cut off',
    caughtBy: 'framing.declared-long',
    plant: (device, cable) => {
      let isDeaf = false
      device.onExchange(({ packet }) => (isDeaf ||= packet[0] === 32 && packet.length === 7))
      return onWrite(cable, (bytes) => (isDeaf ? undefined : bytes))
    },
  },
  {
    name: 'one command lost after a packet that was cut off',
    caughtBy: 'framing.length-differs',
    plant: (device, cable) => {
      let isLosing = false
      device.onExchange(({ outcome }) => {
        isLosing = outcome.kind === 'refusal' && outcome.status === 'packet-length-differs'
      })
      return onWrite(cable, (bytes) => {
        const lost = isLosing
        isLosing = false
        return lost ? undefined : bytes
      })
    },
  },
  {
    name: 'watermarks that are not kept',
    caughtBy: 'watermarks.rules.attestation.p256',
    isDestructive: true,
    plant: (device, cable) =>
      onWrite(cable, (bytes) => {
        if (bytes[3] === OPCODE.sign) device.reboot()
        return bytes
      }),
  },
  marks('a mark shared between keys', 'watermarks.separate', ({ data }) => `${data[0]}`),
  marks('a mark shared between magic bytes', 'watermarks.separate', ({ alias }) => `${alias}`),
  marks(
    'levels compared without rounds',
    'watermarks.rules.attestation.p256',
    ({ alias, data }) => `${alias}/${data[0]}`,
    () => 0,
  ),
  marks(
    'rounds compared as signed numbers',
    'watermarks.rules.preattestation.p256',
    ({ alias, data }) => `${alias}/${data[0]}`,
    (round) => round | 0,
  ),
  {
    ...bodies('marks of its own for another chain', 'watermarks.rules.block.p256', (body, exchange) => {
      const data = isSign(exchange, P256) ? exchange.command?.data : undefined
      const isOther = data !== undefined && data[0]! >= 0x11 && data[0]! <= 0x13 && data[1] === 0x6f
      return isOther ? TEST_KEYS.p256.sign(payloadDigest(data), systemRandom) : body
    }),
    isDestructive: true,
  },
  {
    ...status(
      '0xb8 for what the watermark refuses',
      'watermarks.rules.block.p256',
      'packet-parsed',
      'magic-byte-not-enabled',
    ),
    isDestructive: true,
  },
]

function actions(
  name: string,
  caughtBy: string,
  change: (all: Parameters<Behaviour['apply']>[0], exchange: Exchange) => ReturnType<Behaviour['apply']>,
): Mutant {
  return {
    name,
    caughtBy,
    plant: (device, cable) => {
      device.addBehaviour({ name, apply: (all, { exchange }) => change(all, exchange) })
      return cable
    },
  }
}

function frames(
  name: string,
  caughtBy: string,
  change: (frame: Uint8Array, exchange: Exchange) => Uint8Array,
): Mutant {
  return actions(name, caughtBy, (all, exchange) =>
    all.map((action) =>
      action.kind === 'write' ? { ...action, bytes: change(action.bytes, exchange) } : action,
    ),
  )
}

function bodies(name: string, caughtBy: string, change: Change): Mutant {
  return frames(name, caughtBy, (frame, exchange) => encodeFrame(change(bodyOf(frame), exchange)))
}

function status(name: string, caughtBy: string, from: Status, to: Status): Mutant {
  return bodies(name, caughtBy, (body, { outcome }) =>
    outcome.kind === 'refusal' && outcome.status === from ? Uint8Array.of(statusByte(to)) : body,
  )
}

/** Replaces what SIGN in modes 3 and 4 answers with one key, in the form of the mode. */
function signatures(
  name: string,
  caughtBy: string,
  alias: number,
  change: (data: Uint8Array, made: Uint8Array) => Uint8Array,
): Mutant {
  return bodies(name, caughtBy, (body, exchange) => {
    const { command } = exchange
    const data = isSign(exchange, alias) && command!.param2! >= MODE.messageRaw ? command!.data : undefined
    if (data === undefined || body.length === 1) return body
    const { curve } = TEST_KEYS[KEY_NAMES[alias]!]
    if (command!.param2 === MODE.messageRaw) return change(data, body)
    const made = decodeSignature(curve, new TextDecoder().decode(body))!
    return new TextEncoder().encode(encodeSignature(curve, change(data, made)))
  })
}

/** Changes or drops what is written; `isAlone` looks at writes that hold a whole command alone. */
function commands(
  name: string,
  caughtBy: string,
  change: (bytes: Uint8Array) => Uint8Array | undefined,
  isAlone = false,
): Mutant {
  const isConcerned = (bytes: Uint8Array) => !isAlone || bytes.length > 8
  return {
    name,
    caughtBy,
    plant: (_, cable) => onWrite(cable, (bytes) => (isConcerned(bytes) ? change(bytes) : bytes)),
  }
}

/** A second gate before the device's own: a mark by another key, or compared in another way. */
function marks(
  name: string,
  caughtBy: string,
  keyOf: (asked: { readonly alias: number; readonly data: Uint8Array }) => string,
  seen: (round: number) => number = (round) => round,
): Mutant {
  const known = new Map<string, readonly [number, number]>()
  const change: Change = (body, { name: command, command: fields }) => {
    const data = command === 'SIGN' ? fields?.data : undefined
    if (data === undefined || data[0]! < 0x11 || data[0]! > 0x13) return body
    const view = new DataView(data.buffer, data.byteOffset, data.length)
    const isBlock = data[0] === 0x11
    const level = view.getUint32(isBlock ? 5 : 40)
    const round = seen(view.getUint32(isBlock ? 83 + view.getUint32(83) : 44))
    const key = keyOf({ alias: fields!.param1!, data })
    const [markLevel, markRound] = known.get(key) ?? [0, 0]
    if (level < markLevel || (level === markLevel && round <= markRound)) return Uint8Array.of(0xd4)
    known.set(key, [level, round])
    return body
  }
  return { ...bodies(name, caughtBy, change), isDestructive: true }
}

function onWrite(cable: Exchanger, change: (bytes: Uint8Array) => Uint8Array | undefined): Exchanger {
  return {
    now: () => cable.now(),
    read: (waitMs) => cable.read(waitMs),
    write: async (bytes) => {
      const changed = change(bytes)
      if (changed !== undefined) await cable.write(changed)
    },
  }
}

function withFields(change: (fields: CommandFields) => CommandFields) {
  return (bytes: Uint8Array) =>
    isWhole(bytes) ? encodeCommand(joinBody(change(splitBody(bytes.slice(3, -2))))) : bytes
}

/** A whole command with a length that is right; its checksum may be wrong. */
function isWhole(bytes: Uint8Array): boolean {
  return bytes[0] === 3 && bytes.length >= 6 && (bytes[1]! | (bytes[2]! << 8)) === bytes.length - 1
}

function isSign({ name, command }: Exchange, alias: number): boolean {
  return name === 'SIGN' && command?.param1 === ALIASES[alias]
}

function flip(bytes: Uint8Array, at: number, mask = 0x10): Uint8Array {
  const copy = bytes.slice()
  copy[at] = copy[at]! ^ mask
  return copy
}

function recoded(body: Uint8Array, from: Curve, to: Curve): Uint8Array {
  const signature = decodeSignature(from, new TextDecoder().decode(body))
  return signature === undefined ? body : new TextEncoder().encode(encodeSignature(to, signature))
}

/** A valid Ed25519 signature whose nonce is random rather than derived. */
function randomEd25519(digest: Uint8Array): Uint8Array {
  const { Fn, BASE } = ed25519.Point
  const { scalar, pointBytes } = ed25519.utils.getExtendedPublicKey(SECRET.ed25519)
  const nonce = Fn.create(bytesToNumberLE(systemRandom(32)))
  const r = BASE.multiply(nonce).toBytes()
  const challenge = Fn.create(bytesToNumberLE(sha512(concatBytes(r, pointBytes, digest))))
  return concatBytes(r, Fn.toBytes(Fn.create(nonce + challenge * scalar)))
}

/** A valid P-256 signature whose nonce is always the same. */
function fixedNonceP256(digest: Uint8Array): Uint8Array {
  const { Fn, BASE } = p256.Point
  const nonce = 0x1234567890abcdefn
  const r = Fn.create(BASE.multiply(nonce).toAffine().x)
  const s = Fn.mul(Fn.inv(nonce), Fn.create(bytesToNumberBE(digest) + r * bytesToNumberBE(SECRET.p256)))
  return concatBytes(Fn.toBytes(r), Fn.toBytes(s))
}
