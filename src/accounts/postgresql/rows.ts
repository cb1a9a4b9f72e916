import { z } from 'zod'
import { durability } from '../../shared-marks/index.js'
import { accountRecordSchema, creationIntentSchema } from '../account-record.js'
import { vaultHeaderSchema } from '../accounts-store.js'

const mine = z.boolean()

/** What the statements return. */
export const doneRow = durability.extend({ done: z.boolean() })
export const accountRow = durability.extend({ record: accountRecordSchema })
export const knownRow = accountRow.extend({ mine })
export const accountsRow = durability.extend({ records: z.array(accountRecordSchema) })
export const intentRow = durability.extend({ record: creationIntentSchema, mine })
export const intentsRow = durability.extend({ records: z.array(creationIntentSchema) })
export const vaultRow = durability.extend({ header: vaultHeaderSchema })
export const writtenRow = durability.extend({ mine })
