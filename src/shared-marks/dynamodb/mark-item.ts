import type { AttributeValue } from '@aws-sdk/client-dynamodb'
import { z } from 'zod'
import { StateError, type Mark, type MarkKey, type MarkRecord } from '../../policy/index.js'
import { markItemName } from './item-name.js'

/** One item as DynamoDB gives it. */
export type Item = Readonly<Record<string, AttributeValue>>

/** The partition key of tacoinfra's table. */
export const KEY_ATTRIBUTE = 'sig_type'

/** Levels and rounds are int32 in Tezos. An item without a round counts as the highest: nothing more at its level. */
const INT32_MAX = 2_147_483_647

/** The instant of marks that nobody wrote a time to. */
const EPOCH = new Date(0).toISOString()

const textValue = z.object({ S: z.string() }).transform(({ S }) => S)
const int32Value = z
  .object({ N: z.string().regex(/^\d{1,10}$/) })
  .transform(({ N }) => Number(N))
  .refine((number) => number <= INT32_MAX)
const hexValue = (digits: number) =>
  textValue.refine((text) => new RegExp(`^[0-9a-f]{${digits}}$`).test(text))

/** What we add to an item of theirs, in one attribute; it counts only while its level and round are the item's own. */
const ownPart = z.object({
  level: int32Value,
  round: int32Value,
  digest: hexValue(64).optional(),
  signature: hexValue(128).optional(),
  at: textValue,
})

const markItem = z.object({
  lastblock: int32Value,
  lastround: int32Value.optional(),
  tezio: z
    .object({ M: ownPart })
    .transform(({ M }) => M)
    .optional(),
})

/** Reads a mark's item. Throws `marks-schema` where it is not as tacoinfra's signer or we would have written it. */
export function readMark(key: MarkKey, item: Item): MarkRecord {
  const { data, error } = markItem.safeParse(item)
  if (data === undefined) {
    const where = error.issues[0]?.path.join('.') ?? ''
    throw new StateError('marks-schema', notAMark(markItemName(key), where))
  }
  const { lastblock: level, lastround: round = INT32_MAX, tezio } = data
  const { chain, kind, key: hash } = key
  const place = { chain, key: hash, kind, level, round }
  // another signer raised it since: its payload is not known
  if (tezio?.level !== level || tezio.round !== round) {
    return { ...place, digest: undefined, signature: undefined, raisedAt: EPOCH }
  }
  return { ...place, digest: tezio.digest, signature: tezio.signature, raisedAt: tezio.at }
}

function notAMark(name: string, where: string): string {
  return (
    `the item ${name} of the marks table is no mark, by its attribute ${where}; lastblock and lastround have to be` +
    ` whole numbers from 0 to ${INT32_MAX}, and tezio what this program wrote: mend the item, above all that was ever signed`
  )
}

/** The attributes that both signers read. */
export function sharedPart({ level, round }: Pick<Mark, 'level' | 'round'>): Item {
  return { lastblock: { N: String(level) }, lastround: { N: String(round) } }
}

/** The attributes that only we read, of one raise. */
export function ownAttributes({ level, round, digest, signature }: Mark): Item {
  return {
    level: { N: String(level) },
    round: { N: String(round) },
    ...(digest === undefined ? {} : { digest: { S: digest } }),
    ...(signature === undefined ? {} : { signature: { S: signature } }),
  }
}
