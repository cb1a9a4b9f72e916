import {
  createSimulatedTezio,
  keysFromSecrets,
  ManualClock,
  type SimulatedTezio,
  type SimulatedTezioOptions,
} from '../../hw-sim/index.js'
import { encodeCommand, joinBody, MODE, OPCODE, scanReply } from '../../src/device/tezio/index.js'
import { concatBytes, fromHex } from '../../src/tezos/index.js'

/** Bytes of hex that is known to be right. */
export const hex = (text: string): Uint8Array => fromHex(text)!

/** The keys of the transcripts. */
export const TEST_KEYS = keysFromSecrets({
  auth: hex('6f1b0c1c2d3e4f5061728394a5b6c7d8e9fa0b1c2d3e4f506172839405162701'),
  ed25519: hex('3c4b0c1c2d3e4f5061728394a5b6c7d8e9fa0b1c2d3e4f506172839405162704'),
  secp256k1: hex('4d3b0c1c2d3e4f5061728394a5b6c7d8e9fa0b1c2d3e4f506172839405162703'),
  p256: hex('5e2b0c1c2d3e4f5061728394a5b6c7d8e9fa0b1c2d3e4f506172839405162702'),
})

/** A device on the bench: time stands still, and every reply is kept. */
export type Bench = {
  readonly device: SimulatedTezio
  readonly clock: ManualClock
  /** Whole frames, in the order they were sent. */
  readonly replies: Uint8Array[]
  /** The body of the answer to a command, given its body. For latency `zero`. */
  readonly ask: (body: Uint8Array) => Uint8Array
  /** SIGN, mode 3 unless given: the signature or the status byte. */
  readonly sign: (alias: number, data: Uint8Array, mode?: number) => Uint8Array
}

export function bench(options: Partial<SimulatedTezioOptions> = {}): Bench {
  const clock = new ManualClock()
  const device = createSimulatedTezio({ keys: TEST_KEYS, clock, ...options })
  const replies: Uint8Array[] = []
  device.connect({ send: (bytes) => replies.push(bytes.slice()), unplug: () => undefined })
  const ask = (body: Uint8Array): Uint8Array => {
    const before = replies.length
    device.receive(encodeCommand(body))
    return bodyOf(replies[before])
  }
  const sign = (alias: number, data: Uint8Array, mode: number = MODE.messageRaw): Uint8Array =>
    ask(joinBody({ opcode: OPCODE.sign, param1: alias, param2: mode, param3: 0, data }))
  return { device, clock, replies, ask, sign }
}

/** The body in a reply frame; throws when it is not exactly one. */
export function bodyOf(frame: Uint8Array | undefined): Uint8Array {
  const scan = scanReply(frame ?? new Uint8Array())
  if (scan.kind !== 'reply' || scan.size !== frame?.length) throw new Error('not one reply frame')
  return scan.body
}

/** A preattestation (0x12) or attestation (0x13) as far as the device reads it. */
export function vote(magicByte: number, level: number, round: number, chain = 0x7a06a770): Uint8Array {
  const payload = new Uint8Array(80)
  const view = new DataView(payload.buffer)
  payload[0] = magicByte
  view.setUint32(1, chain)
  view.setUint32(40, level)
  view.setUint32(44, round)
  return payload
}

/** A block whose fitness is `fitnessLength` bytes and ends with the round. */
export function block(level: number, round: number, fitnessLength = 28): Uint8Array {
  const head = new Uint8Array(87)
  const view = new DataView(head.buffer)
  head[0] = 0x11
  view.setUint32(5, level)
  view.setUint32(83, fitnessLength)
  const fitness = new Uint8Array(fitnessLength)
  new DataView(fitness.buffer).setUint32(fitnessLength - 4, round)
  return concatBytes(head, fitness, new Uint8Array(80))
}

/** The bytes of a whole GET_PK command for the compressed Ed25519 key. */
export const GET_PK = hex('0307001101023386')
/** Its answer with the transcripts' keys. */
export const GET_PK_REPLY = hex('24005e9fe50e7613be77195aa8b2078b0afef2004dad823d8cf5b7f76a7cddcd0826de77')
