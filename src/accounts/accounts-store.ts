import { z } from 'zod'
import type { AccountRecord, CreationIntent } from './account-record.js'
import { keySlotSchema } from './vault/key-slot.js'

/** How a vault is written: who it is, and the ways to open it. */
export const vaultHeaderSchema = z.strictObject({
  v: z.literal(1),
  vaultId: z.string().regex(/^[0-9a-f]{32}$/),
  createdAt: z.iso.datetime(),
  /** Counts the changes of its slots. */
  revision: z.int().min(1),
  slots: z.array(keySlotSchema).min(2),
})

/** A vault as it is kept. */
export type VaultHeader = z.infer<typeof vaultHeaderSchema>

/** `known`: this very account is there, or the same owner made one under the same idempotency key; nothing was stored. */
export type StoredAccount =
  { readonly outcome: 'stored' } | { readonly outcome: 'known'; readonly account: AccountRecord }

/** `pending`: the same owner's creation under the same idempotency key has not ended. */
export type StoredIntent = StoredAccount | { readonly outcome: 'pending'; readonly intent: CreationIntent }

/**
 * Where the vault and accounts are kept. What a method stored would survive a power cut when it resolves; what it
 * rejects with (an AccountsError) may be stored or not, and asking again tells. No method ever answers what is not
 * stored. Accounts and slots are never lost by a later change.
 */
export type AccountsStore = {
  readonly vault: () => Promise<VaultHeader | undefined>
  /** Puts a first vault there; false where there is one. */
  readonly createVault: (header: VaultHeader) => Promise<boolean>
  /** Puts other slots in the place of those of the revision before; false where it is another one by now. */
  readonly replaceSlots: (header: VaultHeader) => Promise<boolean>
  readonly accounts: () => Promise<readonly AccountRecord[]>
  readonly account: (address: string) => Promise<AccountRecord | undefined>
  readonly accountOf: (owner: string, idempotencyKey: string) => Promise<AccountRecord | undefined>
  /** Keeps an account, and ends the intent of the same account, in one step. */
  readonly addAccount: (account: AccountRecord) => Promise<StoredAccount>
  readonly intents: () => Promise<readonly CreationIntent[]>
  readonly addIntent: (intent: CreationIntent) => Promise<StoredIntent>
  /** Ends an intent whose key never came to be. */
  readonly closeIntent: (accountId: string) => Promise<void>
  readonly close: () => Promise<void>
}
