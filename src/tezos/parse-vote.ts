import { hexByte } from './bytes.js'
import { encodeChainId } from './chain.js'
import { int32At } from './int32.js'
import { zarith } from './layout.js'
import { malformed, negativeFault } from './malformed.js'
import { operationKind } from './operation-kind.js'
import type { Parsed } from './signable.js'

type VoteForm = {
  readonly magicByte: 0x12 | 0x13
  readonly kind: 'preattestation' | 'attestation'
  readonly layout: 'slot' | 'bls'
  readonly hasDal: boolean
}

/** The sign of a Z number, in its first byte. */
const SIGN_BIT = 0x40

/** Behind the watermark byte, the chain id and the branch. */
const TAG_AT = 1 + 4 + 32

const FORMS: ReadonlyMap<number, VoteForm> = new Map<number, VoteForm>([
  [0x14, { magicByte: 0x12, kind: 'preattestation', layout: 'slot', hasDal: false }],
  [0x15, { magicByte: 0x13, kind: 'attestation', layout: 'slot', hasDal: false }],
  [0x17, { magicByte: 0x13, kind: 'attestation', layout: 'slot', hasDal: true }],
  [0x28, { magicByte: 0x12, kind: 'preattestation', layout: 'bls', hasDal: false }],
  [0x29, { magicByte: 0x13, kind: 'attestation', layout: 'bls', hasDal: false }],
])

const TAGS_UNDER = { 0x12: '0x14 or 0x28', 0x13: '0x15, 0x17 or 0x29' } as const

/**
 * A preattestation (0x12) or an attestation (0x13), every byte accounted for. The kind and the layout come from the tag
 * byte, never from the key. Source: octez `operation_repr.ml:180-201,1156-1223,1923-1994`.
 */
export function parseVote(bytes: Uint8Array, magicByte: 0x12 | 0x13): Parsed {
  const tag = bytes[TAG_AT]
  if (tag === undefined) return malformed(`vote of ${bytes.length} bytes: at least 78 expected`)
  const form = FORMS.get(tag)
  if (form?.magicByte !== magicByte) {
    return malformed(
      `operation tag ${hexByte(tag)} under ${hexByte(magicByte)}: ${TAGS_UNDER[magicByte]} expected`,
    )
  }
  return parseForm(bytes, form, operationKind(tag))
}

function parseForm(bytes: Uint8Array, form: VoteForm, operation: string): Parsed {
  const { magicByte, kind, layout } = form
  // A vote of a tz4 key has no slot between the tag and the level.
  const levelAt = TAG_AT + (layout === 'slot' ? 3 : 1)
  const sizeFault = voteSizeFault(bytes, levelAt + 4 + 4 + 32, form.hasDal)
  if (sizeFault !== undefined) return malformed(`${operation}: ${sizeFault}`)
  const level = int32At(bytes, levelAt)
  const round = int32At(bytes, levelAt + 4)
  const fault = negativeFault('level', level) ?? negativeFault('round', round)
  if (fault !== undefined) return malformed(`${operation}: ${fault}`)
  const chainId = encodeChainId(bytes.subarray(1, 5))
  return { outcome: 'parsed', signable: { kind, magicByte, operation, layout, chainId, level, round } }
}

function voteSizeFault(bytes: Uint8Array, size: number, hasDal: boolean): string | undefined {
  if (hasDal && bytes.length > size) return dalFault(bytes, size)
  if (hasDal) return `${bytes.length} bytes: at least ${size + 1} expected`
  return bytes.length === size ? undefined : `${bytes.length} bytes: ${size} expected`
}

/** The DAL bitset is a signed number (Z): canonical, not negative, and the last field. */
function dalFault(bytes: Uint8Array, at: number): string | undefined {
  const end = zarith(bytes, at)
  if (end === undefined) return 'DAL bitset without an end or over-long: a canonical number expected'
  if (end !== bytes.length) return `${bytes.length} bytes: ${end} expected with this DAL bitset`
  const sign = (bytes[at] ?? SIGN_BIT) & SIGN_BIT
  return sign === 0 ? undefined : 'DAL bitset is negative: 0 or more expected'
}
