import { z } from 'zod'
import { MARK_KINDS, parseChainId, parsePublicKeyHash } from '../../tezos/index.js'
import { TableFault } from './fault.js'
import { durability, refuseUnsafeServer } from './server-facts.js'

const uint31 = z.int().min(0).max(0x7fff_ffff)
const at = z.iso.datetime()
const hex = z.string().regex(/^[0-9a-f]+$/)
const optional = hex.nullable().transform((value) => value ?? undefined)
const key = z.string().transform((text, context) => parsePublicKeyHash(text) ?? refuse(context, text))
const chain = z.string().transform((text, context) => parseChainId(text) ?? refuse(context, text))
const mark = { level: uint31, round: uint31, digest: optional, signature: optional }
const spend = z.object({
  key,
  digest: hex,
  mutez: z.string().transform(BigInt),
  feeMutez: z.string().transform(BigInt),
  at,
})

/** What a raise returns. */
export const raisedRow = durability.extend({ ...mark, raised: z.boolean() })
export const lockedRow = z.object({ ...mark, raised: z.boolean(), raisedAt: at })
export const seededRow = durability.extend({ mine: z.boolean() })
export const quarantineRow = z.object({ token: z.string() })
export const spendsRow = durability.extend({ now: at, spends: z.array(spend) })
export const contentsRow = durability.extend({
  marks: z.array(z.object({ chain, key, kind: z.enum(MARK_KINDS), ...mark, raisedAt: at })),
  quarantines: z.array(z.object({ key, digest: hex, since: at })),
  spends: z.array(spend),
})

/** The first of the rows as `schema` has it; `undefined` where there is none. Throws `marks-schema` for another shape. */
export function firstRow<Schema extends z.ZodType>(
  schema: Schema,
  rows: readonly unknown[],
): z.output<Schema> | undefined {
  if (rows[0] === undefined) return undefined
  const parsed = schema.safeParse(rows[0])
  if (parsed.success) return parsed.data
  const text = `the table holds what this program does not understand (${z.prettifyError(parsed.error)})`
  throw new TableFault('marks-schema', text, false)
}

/** The same, of a server whose commits count: told by the very statement, for a session's settings may be somebody else's. */
export function reliableRow<Schema extends z.ZodType<z.infer<typeof durability>>>(
  schema: Schema,
  rows: readonly unknown[],
  servers: number,
): z.output<Schema> | undefined {
  const row = firstRow(schema, rows)
  if (row !== undefined) refuseUnsafeServer(row, servers)
  return row
}

function refuse(context: z.RefinementCtx, text: string): never {
  context.addIssue({ code: 'custom', message: `${JSON.stringify(text)} is not of this kind` })
  return z.NEVER
}
