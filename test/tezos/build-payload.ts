import { concatBytes } from '../../src/tezos/index.js'

/** Four bytes, big-endian, of a signed or an unsigned number. */
export function be32(value: number): Uint8Array {
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setUint32(0, value >>> 0)
  return bytes
}

/** Bytes behind their length as a uint32. */
export function counted(bytes: Uint8Array): Uint8Array {
  return concatBytes(be32(bytes.length), bytes)
}

/** `size` bytes of one value. */
export function filled(size: number, value = 0xab): Uint8Array {
  return new Uint8Array(size).fill(value)
}

/** A non-negative number as zarith N. */
export function zarithN(value: bigint): Uint8Array {
  const groups: number[] = []
  for (let left = value; groups.length === 0 || left > 0n; left >>= 7n) groups.push(Number(left & 0x7fn))
  return Uint8Array.from(groups, (group, index) => (index < groups.length - 1 ? group | 0x80 : group))
}

/** A number as signed zarith Z. */
export function zarithZ(value: bigint): Uint8Array {
  const size = value < 0n ? -value : value
  const first = Number(size & 0x3fn) | (value < 0n ? 0x40 : 0)
  return size >> 6n === 0n
    ? Uint8Array.of(first)
    : concatBytes(Uint8Array.of(first | 0x80), zarithN(size >> 6n))
}

export type BlockFields = {
  readonly chainId: Uint8Array
  readonly level: number
  readonly fitnessLevel: number
  readonly lockedRound: number | undefined
  readonly predecessorRound: number
  readonly round: number
  readonly payloadRound: number
  readonly seedNonce: Uint8Array
  readonly votes: number
  readonly version: number
}

export const BLOCK: BlockFields = {
  chainId: Uint8Array.of(0x7a, 0x06, 0xa7, 0x70),
  level: 1000,
  fitnessLevel: 1000,
  lockedRound: undefined,
  predecessorRound: -1,
  round: 2,
  payloadRound: 1,
  seedNonce: Uint8Array.of(0x00),
  votes: 0,
  version: 0x02,
}

/** A block header's payload; fields that are not given are those of `BLOCK`. */
export function block(fields: Partial<BlockFields> = {}): Uint8Array {
  const all = { fitnessLevel: fields.level ?? BLOCK.level }
  const { chainId, level, seedNonce, payloadRound, votes, ...rest } = { ...BLOCK, ...all, ...fields }
  return concatBytes(
    ...[Uint8Array.of(0x11), chainId, be32(level), filled(1 + 32 + 8 + 1 + 32)],
    counted(fitness(rest)),
    ...[filled(32 + 32), be32(payloadRound), filled(8), seedNonce, Uint8Array.of(votes)],
  )
}

type Fitness = Pick<BlockFields, 'version' | 'fitnessLevel' | 'lockedRound' | 'predecessorRound' | 'round'>

function fitness({ version, fitnessLevel, lockedRound, predecessorRound, round }: Fitness): Uint8Array {
  const locked = lockedRound === undefined ? new Uint8Array() : be32(lockedRound)
  return concatBytes(
    ...[Uint8Array.of(version), be32(fitnessLevel), locked, be32(predecessorRound), be32(round)].map(counted),
  )
}

export type VoteFields = {
  readonly tag: number
  readonly magicByte: number
  readonly chainId: Uint8Array
  readonly slot: Uint8Array
  readonly level: number
  readonly round: number
  readonly dal: Uint8Array
}

/** A vote's payload as its tag lays it out. Tags that are no votes get the slot layout. */
export function vote(fields: Partial<VoteFields> & { readonly tag: number }): Uint8Array {
  const isBls = fields.tag === 0x28 || fields.tag === 0x29
  const isPreattestation = fields.tag === 0x14 || fields.tag === 0x28
  const { magicByte, chainId, slot, level, round, tag, dal } = {
    magicByte: isPreattestation ? 0x12 : 0x13,
    chainId: BLOCK.chainId,
    slot: isBls ? new Uint8Array() : Uint8Array.of(0x12, 0x34),
    level: 1000,
    round: 2,
    dal: fields.tag === 0x17 ? Uint8Array.of(0x01) : new Uint8Array(),
    ...fields,
  }
  const head = concatBytes(Uint8Array.of(magicByte), chainId, filled(32), Uint8Array.of(tag))
  return concatBytes(head, slot, be32(level), be32(round), filled(32), dal)
}

/** An operation's payload from its contents' bytes, tag bytes included. */
export function operation(...contents: readonly Uint8Array[]): Uint8Array {
  return concatBytes(Uint8Array.of(0x03), filled(32), ...contents)
}

const PUBLIC_KEY_HASH = concatBytes(Uint8Array.of(0x00), filled(20))

/** A content that may be batched: tag, source, fee, counter, gas limit, storage limit and its own fields. */
export function managerContent(tag: number, ...fields: readonly Uint8Array[]): Uint8Array {
  const numbers = [1000n, 1n, 0n, 300n].map(zarithN)
  return concatBytes(Uint8Array.of(tag), PUBLIC_KEY_HASH, ...numbers, ...fields)
}

/** A content that must be alone. */
export function content(tag: number, ...fields: readonly Uint8Array[]): Uint8Array {
  return concatBytes(Uint8Array.of(tag), ...fields)
}

/** A transaction of nothing to an implicit account. */
export const TRANSACTION = managerContent(
  108,
  Uint8Array.of(0x00, 0x00),
  PUBLIC_KEY_HASH,
  Uint8Array.of(0x00),
)
