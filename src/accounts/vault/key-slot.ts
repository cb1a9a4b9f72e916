import { z } from 'zod'
import { parsePublicKeyHash, type PublicKeyHash } from '../../tezos/index.js'
import { kdfSchema } from './kdf.js'
import { seal, sealedSchema, unseal, type ClearFields } from './seal.js'

const id = z.string().regex(/^[0-9a-f]{32}$/)
const common = { v: z.literal(1), vaultId: id, slotId: id, kdf: kdfSchema, createdAt: z.iso.datetime() }
const address = z.custom<PublicKeyHash>(
  (value) => typeof value === 'string' && parsePublicKeyHash(value) !== undefined,
)

/** How a slot is written. */
export const keySlotSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    ...common,
    kind: z.literal('device'),
    /** The device's Ed25519 key. */
    device: address,
    /** First byte of what the device signs; its own policy must allow it. */
    op: z.int().min(0).max(255),
    sealed: sealedSchema,
  }),
  z.strictObject({ ...common, kind: z.literal('recovery'), sealed: sealedSchema }),
])

/** One way to open a vault: its key, sealed with a key of what a person and a device know. */
export type KeySlot = z.infer<typeof keySlotSchema>

type Unsealed<Slot> = Slot extends KeySlot ? Omit<Slot, 'sealed'> : never

/** A slot before its key is in it. */
export type SlotFacts = Unsealed<KeySlot>

/** Puts a vault's key into a slot. */
export function fillSlot(facts: SlotFacts, kek: Uint8Array, vaultKey: Uint8Array): KeySlot {
  return { ...facts, sealed: seal(kek, clearOf(facts), vaultKey) }
}

/** A vault's key out of a slot, for the caller to wipe; `undefined` with another key, or for a changed slot. */
export function openSlot({ sealed, ...facts }: KeySlot, kek: Uint8Array): Buffer | undefined {
  return unseal(kek, clearOf(facts), sealed)
}

function clearOf({ kdf, ...facts }: SlotFacts): ClearFields {
  return { ...facts, what: 'slot', kdf: kdf.name, kdfN: kdf.n, kdfR: kdf.r, kdfP: kdf.p }
}
