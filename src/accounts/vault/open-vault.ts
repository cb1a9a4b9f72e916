import { publicKeyHash } from '../../tezos/index.js'
import type { VaultHeader } from '../accounts-store.js'
import { refused, type AccountsRefused } from '../refusal.js'
import { deviceKek, recoveryKek } from './kek.js'
import { kdfProblem } from './kdf.js'
import { openSlot, type KeySlot } from './key-slot.js'
import { signLabel } from './label-signature.js'
import { readRecoveryWords } from './recovery-code.js'
import type { VaultDevice } from './vault-device.js'

/** Whether a vault is open now. */
export type Opened = { readonly outcome: 'opened' } | AccountsRefused

type DeviceSlot = Extract<KeySlot, { readonly kind: 'device' }>

/** A vault's key, by the first device that has a slot, for the caller to wipe. */
export async function openWithDevice(
  { vaultId, slots }: VaultHeader,
  devices: readonly VaultDevice[],
  passphrase: Uint8Array,
): Promise<Buffer | AccountsRefused> {
  const own = slots.filter((slot) => slot.kind === 'device')
  let failure: AccountsRefused | undefined
  for (const device of devices) {
    const key = device.publicKey()
    const address = key && publicKeyHash(key)
    for (const slot of own.filter((one) => one.device === address)) {
      const opened = await openDeviceSlot(slot, Buffer.from(vaultId, 'hex'), device, passphrase)
      if (Buffer.isBuffer(opened)) return opened
      failure = opened
    }
  }
  return failure ?? noSlotRefusal(own, devices)
}

async function openDeviceSlot(
  slot: DeviceSlot,
  vaultId: Uint8Array,
  device: VaultDevice,
  passphrase: Uint8Array,
): Promise<Buffer | AccountsRefused> {
  const problem = kdfProblem(slot.kdf)
  if (problem !== undefined) return refused('kdf-too-costly', `slot ${slot.slotId}: ${problem}`)
  const signed = await signLabel(device, slot.op, vaultId)
  if (signed.outcome === 'refused') return signed
  const kek = await deviceKek({ passphrase, signature: signed.signature }, vaultId, slot.kdf)
  signed.signature.fill(0)
  const key = openSlot(slot, kek)
  kek.fill(0)
  if (key !== undefined) return key
  const text = `slot ${slot.slotId} of ${device.name} does not open: the passphrase is another one, or the slot was changed, or the device signs otherwise than it did`
  return refused('vault-wrong-secret', text)
}

/** A vault's key, by the words of a recovery slot, for the caller to wipe. */
export async function openWithRecovery(
  { vaultId, slots }: VaultHeader,
  words: string,
): Promise<Buffer | AccountsRefused> {
  const code = readRecoveryWords(words)
  if (code === undefined) {
    return refused(
      'vault-wrong-secret',
      'these are not the 24 words of a recovery code: one is missing or misspelt',
    )
  }
  try {
    for (const slot of slots.filter(({ kind }) => kind === 'recovery')) {
      const problem = kdfProblem(slot.kdf)
      if (problem !== undefined) return refused('kdf-too-costly', `slot ${slot.slotId}: ${problem}`)
      const kek = await recoveryKek(code, Buffer.from(vaultId, 'hex'), slot.kdf)
      const key = openSlot(slot, kek)
      kek.fill(0)
      if (key !== undefined) return key
    }
  } finally {
    code.fill(0)
  }
  const text =
    'no slot of this vault opens with these words: they are of another vault, or of a slot that was removed or changed'
  return refused('vault-wrong-secret', text)
}

function noSlotRefusal(slots: readonly DeviceSlot[], devices: readonly VaultDevice[]): AccountsRefused {
  const wanted = slots.map(({ device }) => device).join(', ') || 'no device'
  const there = devices.map((device) => `${device.name} (${addressOf(device)})`).join(', ') || 'none'
  const text = `the vault has slots of ${wanted}; configured for it are ${there}: connect the device, or use a recovery code`
  return refused('vault-wrong-device', text)
}

function addressOf(device: VaultDevice): string {
  const key = device.publicKey()
  return key === undefined ? 'not seen yet' : publicKeyHash(key)
}
