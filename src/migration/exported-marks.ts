import { createHash } from 'node:crypto'
import { z } from 'zod'
import { markName, type ImportedMark, type Quarantine, type Spend } from '../policy/index.js'
import { amountField, chainField, digestField, keyField, kindField, levelField } from './fields.js'

const FORMAT = 'tezio-bridge-export'
const VERSION = 1

/** What one state directory hands over to another. */
export type ExportedMarks = {
  /** ISO 8601. */
  readonly exportedAt: string
  readonly marks: readonly ImportedMark[]
  readonly quarantines: readonly Quarantine[]
  /** What keys with spend windows were let through. */
  readonly spends: readonly Spend[]
}

const bodySchema = z.strictObject({
  format: z.literal(FORMAT),
  version: z.literal(VERSION),
  exportedAt: z.iso.datetime(),
  marks: z.array(
    z.strictObject({
      chain: chainField,
      key: keyField,
      kind: kindField,
      level: levelField,
      round: levelField,
      digest: digestField.nullable(),
    }),
  ),
  quarantines: z.array(z.strictObject({ key: keyField, digest: digestField, since: z.iso.datetime() })),
  /** Not there where nothing was spent: older versions write none, and take no other. */
  spends: z
    .array(
      z.strictObject({
        key: keyField,
        digest: digestField,
        mutez: amountField,
        feeMutez: amountField,
        at: z.iso.datetime(),
      }),
    )
    .default([]),
})

const sealedSchema = z.looseObject({ format: z.literal(FORMAT), sum: z.string() })

/** The file's text: JSON, with a checksum over all the rest. */
export function exportText({ exportedAt, marks, quarantines, spends }: ExportedMarks): string {
  const body = {
    format: FORMAT,
    version: VERSION,
    exportedAt,
    marks: marks.map(({ chain, key, kind, level, round, digest }) => {
      return { chain, key, kind, level, round, digest: digest ?? null }
    }),
    quarantines,
    ...(spends.length === 0 ? {} : { spends: spends.map(spendText) }),
  }
  return `${JSON.stringify({ ...body, sum: checksum(body) }, null, 2)}\n`
}

function spendText({ key, digest, mutez, feeMutez, at }: Spend) {
  return { key, digest, mutez: String(mutez), feeMutez: String(feeMutez), at }
}

/** Whether a file's value claims to be an export of this program. */
export function isExport(value: unknown): boolean {
  return sealedSchema.safeParse(value).success
}

/** What an export says, or a sentence that tells why it cannot be relied on. Throws a ZodError for a malformed one. */
export function readExport(value: unknown): ExportedMarks | string {
  const { sum, ...rest } = sealedSchema.parse(value)
  if (checksum(rest) !== sum) return 'its checksum is wrong: it was changed, or it is not whole'
  const { exportedAt, marks, quarantines, spends } = bodySchema.parse(rest)
  const names = new Set<string>()
  for (const mark of marks) {
    const name = markName(mark)
    if (names.has(name)) return `it holds the mark of ${name} twice`
    names.add(name)
  }
  const imported = marks.map((mark) => ({ ...mark, digest: mark.digest ?? undefined }))
  return { exportedAt, marks: imported, quarantines, spends }
}

/** SHA-256 over the compact JSON of everything but the checksum, in the order of the file. */
function checksum(body: object): string {
  return createHash('sha256').update(JSON.stringify(body)).digest('hex')
}
