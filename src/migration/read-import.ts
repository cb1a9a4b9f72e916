import { readdirSync, readFileSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { z } from 'zod'
import type { ImportedMark, Quarantine, Spend } from '../policy/index.js'
import { isExport, readExport } from './exported-marks.js'
import { MigrationError } from './migration-error.js'
import { octezSignerKind, readOctezSigner } from './octez-signer.js'
import { readSignatory, signatoryChain } from './signatory.js'
import { parseStrictJson } from '../strict-json.js'

/** What files of marks say together. */
export type Import = {
  readonly files: readonly string[]
  readonly marks: readonly ImportedMark[]
  readonly quarantines: readonly Quarantine[]
  readonly spends: readonly Spend[]
}

/** Files of marks hold a few lines for each key; more than this is something else. */
const MAX_BYTES = 16 * 1024 * 1024

const UNDERSTOOD =
  'what "tezio-bridge marks export" wrote, octez-signer\'s block_high_watermarks, preattestation_high_watermarks and attestation_high_watermarks (or the older names with endorsement), and Signatory\'s watermark_v2/<chain>.json'

/**
 * Reads files of marks. A directory stands for the files in it that are known by their names. Throws a MigrationError
 * when any of them cannot be relied on from its first to its last byte, or what the system says.
 */
export function readImport(paths: readonly string[]): Import {
  const files = paths.flatMap(filesOf)
  const read = files.map(readFile)
  return {
    files,
    marks: read.flatMap(({ marks }) => marks),
    quarantines: read.flatMap(({ quarantines }) => quarantines),
    spends: read.flatMap(({ spends }) => spends),
  }
}

function filesOf(path: string): readonly string[] {
  if (!statSync(path).isDirectory()) return [path]
  const names = readdirSync(path).filter((name) => octezSignerKind(name) ?? signatoryChain(name))
  if (names.length > 0) return names.sort().map((name) => join(path, name))
  throw new MigrationError(`${path}: no file in it is known by its name; understood are ${UNDERSTOOD}`)
}

type FileMarks = Pick<Import, 'marks' | 'quarantines' | 'spends'>

function readFile(path: string): FileMarks {
  const stat = statSync(path)
  if (!stat.isFile()) throw new MigrationError(`${path}: it is not a regular file`)
  const { size } = stat
  if (size > MAX_BYTES) {
    throw new MigrationError(`${path}: it has ${size} bytes, and a file of marks has ${MAX_BYTES} at most`)
  }
  const parsed = parseStrictJson(readFileSync(path, 'utf8'))
  if (parsed.problem !== undefined) throw new MigrationError(`${path}: ${parsed.problem}`)
  try {
    return marksOf(path, parsed.value)
  } catch (error) {
    if (!(error instanceof z.ZodError)) throw error
    throw new MigrationError(`${path}: ${problemOf(error)}`)
  }
}

function marksOf(path: string, value: unknown): FileMarks {
  if (isExport(value)) {
    const content = readExport(value)
    if (typeof content === 'string') throw new MigrationError(`${path}: ${content}`)
    return content
  }
  const name = basename(path)
  const kind = octezSignerKind(name)
  if (kind !== undefined) return { marks: readOctezSigner(kind, value), quarantines: [], spends: [] }
  const chain = signatoryChain(name)
  if (chain !== undefined) return { marks: readSignatory(chain, value), quarantines: [], spends: [] }
  throw new MigrationError(
    `${path}: neither its name nor its content tells what it is; understood are ${UNDERSTOOD}`,
  )
}

/** The first thing that is wrong; a file of a million entries may have a million. */
function problemOf(error: z.ZodError): string {
  const [issue] = error.issues
  const place = issue?.path.join('.') ?? ''
  const inner = issue?.code === 'invalid_key' ? issue.issues[0]?.message : issue?.message
  return `${place === '' ? 'the file' : place}: ${inner ?? 'it is malformed'}`
}
