import { randomBytes } from 'node:crypto'
import { refused, type AccountsRefused } from '../refusal.js'
import { deviceKek, recoveryKek } from './kek.js'
import { kdfProblem } from './kdf.js'
import { fillSlot, type KeySlot, type SlotFacts } from './key-slot.js'
import { signLabelTwice } from './label-signature.js'
import { RECOVERY_BYTES, recoveryWords } from './recovery-code.js'
import type { VaultDevice } from './vault-device.js'

/** A new slot; a recovery slot's words are told once. */
export type SlotAdded = {
  readonly outcome: 'added'
  readonly slot: KeySlot
  readonly words?: string | undefined
}

/** A way to open a vault that is to be added. */
export type WantedSlot =
  | {
      readonly kind: 'device'
      readonly device: string
      readonly op: number
      readonly passphrase: Uint8Array
    }
  | { readonly kind: 'recovery' }

/** Bytes of the shortest passphrase that is taken. */
export const SHORTEST_PASSPHRASE = 12

/** What every new slot says. */
export type NewSlot = Pick<SlotFacts, 'vaultId' | 'kdf' | 'createdAt'>

/** A slot that a device and a passphrase open. */
export async function newDeviceSlot(
  facts: NewSlot,
  { device: name, op, passphrase }: Extract<WantedSlot, { kind: 'device' }>,
  devices: readonly VaultDevice[],
  vaultKey: Uint8Array,
): Promise<SlotAdded | AccountsRefused> {
  const problem = kdfProblem(facts.kdf)
  if (problem !== undefined) return refused('kdf-too-costly', problem)
  if (passphrase.length < SHORTEST_PASSPHRASE) {
    const text = `the passphrase has ${passphrase.length} bytes; ${SHORTEST_PASSPHRASE} are the fewest`
    return refused('weak-passphrase', text)
  }
  const device = devices.find((one) => one.name === name)
  if (device === undefined) {
    const names = devices.map((one) => one.name).join(', ') || 'none'
    return refused('vault-wrong-device', `no device ${name} is configured for the vault; there is ${names}`)
  }
  const vaultId = Buffer.from(facts.vaultId, 'hex')
  const signed = await signLabelTwice(device, op, vaultId)
  if (signed.outcome === 'refused') return signed
  const kek = await deviceKek({ passphrase, signature: signed.signature }, vaultId, facts.kdf)
  signed.signature.fill(0)
  const slotFacts = {
    v: 1,
    slotId: newSlotId(),
    ...facts,
    kind: 'device',
    device: signed.device,
    op,
  } as const
  const slot = fillSlot(slotFacts, kek, vaultKey)
  kek.fill(0)
  return { outcome: 'added', slot }
}

/** A slot that a random code opens, which is told in words, once. */
export async function newRecoverySlot(facts: NewSlot, vaultKey: Uint8Array): Promise<SlotAdded> {
  const code = randomBytes(RECOVERY_BYTES)
  const kek = await recoveryKek(code, Buffer.from(facts.vaultId, 'hex'), facts.kdf)
  const slot = fillSlot({ v: 1, slotId: newSlotId(), ...facts, kind: 'recovery' }, kek, vaultKey)
  const words = recoveryWords(code)
  kek.fill(0)
  code.fill(0)
  return { outcome: 'added', slot, words }
}

function newSlotId(): string {
  return randomBytes(16).toString('hex')
}
