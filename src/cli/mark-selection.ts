import { z } from 'zod'
import type { Config } from '../config/index.js'
import { markName, type MarkKey, type Position } from '../policy/index.js'
import { UsageError } from './exit-code.js'
import {
  MARK_KINDS,
  parseChainId,
  parsePublicKeyHash,
  type ChainId,
  type MarkKind,
  type PublicKeyHash,
} from '../tezos/index.js'

/** Which marks an operator speaks of; what is left out means all. */
export type MarkSelection = {
  readonly key?: PublicKeyHash | undefined
  readonly chain?: ChainId | undefined
  readonly kind?: MarkKind | undefined
}

const checkedText = <Value>(read: (text: string) => Value | undefined, what: string) =>
  z.string().transform((text, context) => {
    const value = read(text)
    if (value !== undefined) return value
    context.issues.push({ code: 'custom', input: text, message: `${text} is not ${what}` })
    return z.NEVER
  })

const keyText = checkedText(parsePublicKeyHash, 'a public key hash')

/** A selection as the command line and the control socket say it. */
export const markSelectionSchema = z.strictObject({
  key: keyText.optional(),
  chain: checkedText(parseChainId, 'a chain id or a known name').optional(),
  kind: checkedText(
    (text) => MARK_KINDS.find((kind) => kind === text),
    `one of ${MARK_KINDS.join(', ')}`,
  ).optional(),
})

/** A raise as the control socket says it. Levels and rounds are 0 to 2^31 - 1. */
export const markRequestSchema = markSelectionSchema.extend({
  level: z.int().min(0).max(0x7fffffff),
  round: z.int().min(0).max(0x7fffffff),
})

/** Which key an operator lets sign again. */
export const clearQuarantineSchema = z.strictObject({ key: keyText })

export type MarkRequest = z.infer<typeof markRequestSchema>

/** Whether a mark is meant. */
export function isSelected(selection: MarkSelection, mark: MarkKey): boolean {
  return (
    (selection.key === undefined || selection.key === mark.key) &&
    (selection.chain === undefined || selection.chain === mark.chain) &&
    (selection.kind === undefined || selection.kind === mark.kind)
  )
}

const MAGIC_BYTE: Readonly<Record<MarkKind, number>> = {
  block: 0x11,
  preattestation: 0x12,
  attestation: 0x13,
}

/** Every mark the configured keys need: one for each allowed chain and each kind the key may sign. */
export function neededMarks(config: Config): readonly MarkKey[] {
  return config.keys.flatMap(({ publicKeyHash: key, chains, allowedMagicBytes }) =>
    chains.flatMap((chain) =>
      MARK_KINDS.filter(
        (kind) => allowedMagicBytes === 'any' || allowedMagicBytes.includes(MAGIC_BYTE[kind]),
      ).map((kind) => ({ chain, key, kind })),
    ),
  )
}

/** Those of them that are not among `marks`: what needs them is refused. */
export function missingMarks(config: Config, marks: readonly MarkKey[]): readonly MarkKey[] {
  const known = new Set(marks.map(markName))
  return neededMarks(config).filter((needed) => !known.has(markName(needed)))
}

/** First levels and rounds: the command line's, else the configuration's `high_water_marks`. Throws a UsageError. */
export function seedsFor(
  config: Config,
  marks: readonly MarkKey[],
  { level, round = 0 }: { readonly level?: number | undefined; readonly round?: number | undefined },
): readonly Position[] {
  return marks.map((mark) => {
    if (level !== undefined) return { ...mark, level, round }
    if (config.seeds !== undefined) return { ...mark, ...config.seeds[mark.kind] }
    throw new UsageError(
      'no level to start from: give the level of the chain’s head with --level (a key that never baked may start from 0), or high_water_marks in the configuration',
    )
  })
}
