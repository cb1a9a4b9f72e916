import { randomBytes } from 'node:crypto'
import type { AccountsStore, VaultHeader } from '../accounts-store.js'
import { refused, type AccountsRefused } from '../refusal.js'
import { SCRYPT, type Kdf } from './kdf.js'
import type { KeySlot } from './key-slot.js'
import { newDeviceSlot, newRecoverySlot, type SlotAdded, type WantedSlot } from './new-slot.js'
import { openWithDevice, openWithRecovery, type Opened } from './open-vault.js'
import { VaultKey } from './vault-key.js'
import type { VaultDevice } from './vault-device.js'

/** A vault with fewer ways to open it is one broken device away from being lost. */
export const FEWEST_SLOTS = 2

export type VaultOptions = {
  readonly store: AccountsStore
  readonly devices: readonly VaultDevice[]
  /** For slots to come; the others say how they were made. */
  readonly kdf?: Kdf
  readonly now?: () => Date
}

/** The vault of a store: closed until somebody opens it with a device or a recovery code. */
export class Vault {
  readonly #options: VaultOptions
  #key: VaultKey | undefined

  constructor(options: VaultOptions) {
    this.#options = options
  }

  get isOpen(): boolean {
    return this.#key !== undefined
  }

  /** The key of the open vault; `undefined` while it is locked. Do not keep it. */
  get key(): VaultKey | undefined {
    return this.#key
  }

  /** Makes the vault, with a slot of a device and one for recovery, and opens it. The passphrase is the caller's to wipe. */
  async create(
    wanted: Extract<WantedSlot, { kind: 'device' }>,
  ): Promise<
    { readonly outcome: 'created'; readonly header: VaultHeader; readonly words: string } | AccountsRefused
  > {
    const { store } = this.#options
    if ((await store.vault()) !== undefined) return EXISTS
    const vaultId = randomBytes(16).toString('hex')
    const key = randomBytes(32)
    const first = await this.#newSlot(vaultId, wanted, key)
    const second =
      first.outcome === 'refused' ? first : await this.#newSlot(vaultId, { kind: 'recovery' }, key)
    if (first.outcome === 'refused' || second.outcome === 'refused' || second.words === undefined) {
      key.fill(0)
      return first.outcome === 'refused' ? first : EXISTS
    }
    const slots = [first.slot, second.slot]
    const header: VaultHeader = { v: 1, vaultId, createdAt: this.#at(), revision: 1, slots }
    const isMine = await store.createVault(header).catch((error: unknown) => {
      key.fill(0)
      throw error
    })
    if (!isMine) {
      key.fill(0)
      return EXISTS
    }
    this.#take(new VaultKey(key))
    return { outcome: 'created', header, words: second.words }
  }

  /** Opens it with a device that has a slot. The passphrase is the caller's to wipe. */
  unlock(passphrase: Uint8Array): Promise<Opened> {
    return this.#open((header) => openWithDevice(header, this.#options.devices, passphrase))
  }

  /** Opens it with the words that were told once. */
  recover(words: string): Promise<Opened> {
    return this.#open((header) => openWithRecovery(header, words))
  }

  /** Wipes its key; nothing is signed with vault accounts until somebody opens it again. */
  lock(): void {
    this.#key?.wipe()
    this.#key = undefined
  }

  /** Adds a way to open it. */
  async addSlot(wanted: WantedSlot): Promise<SlotAdded | AccountsRefused> {
    const header = await this.#options.store.vault()
    if (header === undefined) return MISSING
    const key = this.#key
    if (key === undefined) return LOCKED
    const copy = key.copy() // somebody may lock the vault while a passphrase is stretched
    const added = await this.#newSlot(header.vaultId, wanted, copy).finally(() => copy.fill(0))
    if (added.outcome === 'refused') return added
    return (await this.#replace(header, [...header.slots, added.slot])) ?? added
  }

  /** Takes a way to open it away; two are left at least. */
  async removeSlot(slotId: string): Promise<{ readonly outcome: 'removed' } | AccountsRefused> {
    const header = await this.#options.store.vault()
    if (header === undefined) return MISSING
    if (this.#key === undefined) return LOCKED
    const left = header.slots.filter((slot) => slot.slotId !== slotId)
    if (left.length === header.slots.length) {
      return refused(
        'vault-slot-unknown',
        `the vault has no slot ${slotId}; see: tezio-bridge accounts vault slots`,
      )
    }
    if (left.length < FEWEST_SLOTS) {
      const text = `${left.length} slot would be left, and ${FEWEST_SLOTS} are the fewest; add another one first: tezio-bridge accounts vault add-slot`
      return refused('vault-few-slots', text)
    }
    return (await this.#replace(header, left)) ?? { outcome: 'removed' }
  }

  async #open(open: (header: VaultHeader) => Promise<Opened | Buffer>): Promise<Opened> {
    const header = await this.#options.store.vault()
    if (header === undefined) return MISSING
    const opened = await open(header)
    if (!Buffer.isBuffer(opened)) return opened
    this.#take(new VaultKey(opened))
    return { outcome: 'opened' }
  }

  #take(key: VaultKey): void {
    this.lock()
    this.#key = key
  }

  #newSlot(vaultId: string, wanted: WantedSlot, key: Uint8Array): Promise<SlotAdded | AccountsRefused> {
    const { devices, kdf = SCRYPT } = this.#options
    const facts = { vaultId, kdf, createdAt: this.#at() }
    return wanted.kind === 'recovery'
      ? newRecoverySlot(facts, key)
      : newDeviceSlot(facts, wanted, devices, key)
  }

  async #replace(before: VaultHeader, slots: readonly KeySlot[]): Promise<AccountsRefused | undefined> {
    const header = { ...before, revision: before.revision + 1, slots: [...slots] }
    if (await this.#options.store.replaceSlots(header)) return undefined
    return refused(
      'vault-busy',
      'somebody else changed the slots at the same time; look at them and try again',
    )
  }

  #at(): string {
    return (this.#options.now?.() ?? new Date()).toISOString()
  }
}

const EXISTS = refused('vault-exists', 'there is a vault already; to open it: tezio-bridge accounts unlock')
const MISSING = refused(
  'vault-missing',
  'there is no vault yet; to make it: tezio-bridge accounts vault create',
)
const LOCKED = refused('vault-locked', 'the vault is locked; to open it: tezio-bridge accounts unlock')
