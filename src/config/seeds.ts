import { hexByte, MARK_BYTES, type MarkKind } from '../tezos/index.js'
import type { Config } from './config.js'
import { suggestion, type Findings, type Path } from './findings.js'
import type { FileContents } from './schema.js'

const NAMES = Object.values(MARK_BYTES).map(hexByte)

/** A Python Tezio Signer's table: a number for each watermark byte, written `0x11`, `'0x11'` or `17`. */
type Table = Readonly<Record<string, number | undefined>>

/** What `init` seeds: a level is never guessed, a round that is not given is 0. */
export function readSeeds(file: FileContents, findings: Findings): Config['seeds'] {
  if (!file.high_water_marks) return undefined
  const levels = byByte(file.high_water_marks.level ?? {}, ['high_water_marks', 'level'], findings)
  const rounds = byByte(file.high_water_marks.round ?? {}, ['high_water_marks', 'round'], findings)
  const seed = (kind: MarkKind) => {
    const byte = MARK_BYTES[kind]
    const level = levels.get(byte)
    if (level === undefined) {
      const path = ['high_water_marks', 'level']
      findings.refuse(
        path,
        `${hexByte(byte)} (${kind}) has no level; add it, or remove high_water_marks altogether`,
      )
    }
    return { level: level ?? 0, round: rounds.get(byte) ?? 0 }
  }
  return { block: seed('block'), preattestation: seed('preattestation'), attestation: seed('attestation') }
}

function byByte(table: Table, path: Path, findings: Findings): ReadonlyMap<number, number> {
  const found = new Map<number, number>()
  for (const [key, value] of Object.entries(table)) {
    const byte = /^(?:0x[0-9a-f]+|\d+)$/i.test(key) ? Number(key) : NaN
    if (!NAMES.includes(hexByte(byte))) {
      const close = suggestion(key, NAMES)
      findings.refuse([...path, key], `is not a byte with a mark${close}; use ${NAMES.join(', ')}`)
    } else if (found.has(byte)) {
      findings.refuse([...path, key], `is ${hexByte(byte)} once more; remove one of them`)
    } else if (value !== undefined) found.set(byte, value)
  }
  return found
}
