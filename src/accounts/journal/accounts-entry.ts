import { z } from 'zod'
import { lineHead, openingSchema, type Unchained } from '../../policy/index.js'
import { accountRecordSchema, creationIntentSchema } from '../account-record.js'
import { vaultHeaderSchema } from '../accounts-store.js'

/** How each line of `accounts.journal` is written. */
export const accountsEntrySchema = z.discriminatedUnion('type', [
  openingSchema,
  /** The vault with all of its slots, for the first time or with others than before. */
  z.strictObject({ ...lineHead, type: z.literal('vault'), vault: vaultHeaderSchema }),
  /** An account, whole; it ends the intent of the same account. */
  z.strictObject({ ...lineHead, type: z.literal('account'), account: accountRecordSchema }),
  /** A token is going to be asked for a key. */
  z.strictObject({ ...lineHead, type: z.literal('intent'), intent: creationIntentSchema }),
  /** The key of an intent never came to be. */
  z.strictObject({ ...lineHead, type: z.literal('intent-closed'), accountId: z.string() }),
])

/** A line before it gets its place in the chain. */
export type AccountsEntry = Unchained<z.infer<typeof accountsEntrySchema>>
