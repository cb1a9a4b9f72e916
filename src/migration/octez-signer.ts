import { z } from 'zod'
import type { ImportedMark } from '../policy/index.js'
import type { MarkKind } from '../tezos/index.js'
import { chainField, digestField, keyField, kindByName, levelField } from './fields.js'

/**
 * One file for each kind in octez-signer's base directory: chain, key, mark. Source: octez
 * `src/bin_signer/handler.ml:28-49`; the names with endorsement are those before version 23.
 */
const FILE_NAME = /^([a-z]+)_high_watermarks?$/

const fileSchema = z.record(
  chainField,
  z.record(
    keyField,
    z.object({
      level: levelField,
      round: levelField.nullish(),
      hash: digestField.nullish(),
    }),
  ),
)

/** The kind of marks in a file of this name; `undefined` for every other file. */
export function octezSignerKind(fileName: string): MarkKind | undefined {
  return kindByName(FILE_NAME.exec(fileName)?.[1] ?? '')
}

/**
 * The marks of octez-signer's file. Its hash is the BLAKE2b-256 of the whole payload, as here
 * (`handler.ml:160-185`); its signatures are not taken over, because nothing verifies them here.
 */
export function readOctezSigner(kind: MarkKind, value: unknown): readonly ImportedMark[] {
  return Object.entries(fileSchema.parse(value)).flatMap(([chain, keys]) =>
    Object.entries(keys).map(([key, { level, round, hash }]) => {
      const place = { chain: chainField.parse(chain), key: keyField.parse(key), kind }
      return { ...place, level, round: round ?? 0, digest: hash ?? undefined }
    }),
  )
}
