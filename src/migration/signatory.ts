import { z } from 'zod'
import type { ImportedMark } from '../policy/index.js'
import { parseChainId, type ChainId } from '../tezos/index.js'
import { keyField, kindNameField, levelField } from './fields.js'

const FILE_NAME = /^(Net[1-9A-HJ-NP-Za-km-z]{12})\.json$/

/**
 * Signatory's `watermark_v2/<chain>.json`: key, kind of request, mark. Source: Signatory
 * `pkg/signatory/watermark/file.go`.
 */
const fileSchema = z.record(
  keyField,
  z.record(kindNameField, z.object({ level: levelField, round: levelField.nullish() })),
)

/** The chain whose marks a file of this name holds; `undefined` for every other file. */
export function signatoryChain(fileName: string): ChainId | undefined {
  const id = FILE_NAME.exec(fileName)?.[1]
  return id === undefined ? undefined : parseChainId(id)
}

/** The marks of Signatory's file, without its hashes: then nothing more is signed at their very level and round. */
export function readSignatory(chain: ChainId, value: unknown): readonly ImportedMark[] {
  return Object.entries(fileSchema.parse(value)).flatMap(([key, kinds]) =>
    Object.entries(kinds).map(([name, { level, round }]) => {
      const place = { chain, key: keyField.parse(key), kind: kindNameField.parse(name) }
      return { ...place, level, round: round ?? 0, digest: undefined }
    }),
  )
}
