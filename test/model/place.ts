import { keyAddresses, type DeviceKeys } from '../../hw-sim/index.js'
import type { KeyAlias } from '../../src/device/index.js'
import { markName, type MarkKey, type Position } from '../../src/policy/index.js'
import {
  encodeChainId,
  payloadDigest,
  toHex,
  type MarkKind,
  type PublicKey,
  type PublicKeyHash,
} from '../../src/tezos/index.js'
import { transcriptKeys } from '../device/support.js'
import { BLOCK, block, vote } from '../tezos/build-payload.js'

/** The board's keys. */
export const KEYS: DeviceKeys = transcriptKeys()

/** What the bench signs with: a key whose signatures are always the same, and one whose signatures never are. */
const ADDRESSES = keyAddresses(KEYS)
export const TZ1 = ADDRESSES.ed25519
export const TZ3 = ADDRESSES.p256

/** Where a key is on the board. */
export const ALIAS: ReadonlyMap<PublicKeyHash, KeyAlias> = new Map<PublicKeyHash, KeyAlias>([
  [TZ1, 1],
  [TZ3, 3],
])

const CHAIN_BYTES = { here: BLOCK.chainId, there: Uint8Array.of(1, 2, 3, 4) } as const
const HERE = encodeChainId(CHAIN_BYTES.here)
const THERE = encodeChainId(CHAIN_BYTES.there)

/** The chains that may be signed for. */
export const CHAINS = [HERE, THERE] as const

/** What has a mark from the start. */
export const MARKED: readonly MarkKey[] = [
  ...CHAINS.flatMap((chain) => [
    { chain, key: TZ3, kind: 'block' as const },
    { chain, key: TZ3, kind: 'attestation' as const },
  ]),
  { chain: HERE, key: TZ3, kind: 'preattestation' },
  { chain: HERE, key: TZ1, kind: 'block' },
  { chain: HERE, key: TZ1, kind: 'attestation' },
]

/** A mark that nobody ever set. */
export const UNMARKED: MarkKey = { chain: THERE, key: TZ1, kind: 'block' }

/** Payloads there are for one place. */
export const VARIANTS = 3

/** One payload that may be asked for: its place, and which of the payloads for it. */
export type Asked = { readonly place: Position; readonly variant: number }

/** A place's name: chain, key, kind, level and round. */
export function placeName(place: Position): string {
  return `${markName(place)} ${place.level}/${place.round}`
}

/** A payload for a place; another variant is another payload for the same place. */
export function payloadOf({ place, variant }: Asked): Uint8Array {
  const { chain, kind, level, round } = place
  const chainId = chain === HERE ? CHAIN_BYTES.here : CHAIN_BYTES.there
  if (kind === 'block')
    return block({ chainId, level, round, payloadRound: 0, predecessorRound: -1 - variant })
  const slot = Uint8Array.of(0, variant)
  // the last variant of an attestation is one in another form, with a DAL attestation
  const tag = kind === 'preattestation' ? 0x14 : variant === VARIANTS - 1 ? 0x17 : 0x15
  return vote({ chainId, level, round, slot, tag })
}

/** The digest of a payload, as marks keep it. */
export function digestOf(asked: Asked): string {
  return toHex(payloadDigest(payloadOf(asked)))
}

/** The first byte of a kind's payloads; the board keeps one mark for each key and first byte, whatever the chain. */
export const MAGIC_BYTE: Readonly<Record<MarkKind, number>> = {
  block: 0x11,
  preattestation: 0x12,
  attestation: 0x13,
}

/** The public key of an address. */
export function publicKeyOf(address: PublicKeyHash): PublicKey {
  return address === TZ1 ? KEYS.ed25519.publicKey : KEYS.p256.publicKey
}
