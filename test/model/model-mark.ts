import { markName, type MarkRecord, type Position } from '../../src/policy/index.js'
import { curveOfHash, encodeSignature, fromHex } from '../../src/tezos/index.js'
import { BrokenPromise, describe, isRight, type History } from './history.js'
import type { Asked } from './place.js'

/** A mark as the model has it. Without `asked` it was seeded or raised by hand. */
export type ModelMark = {
  readonly place: Position
  readonly asked: Asked | undefined
  /** As clients get it. */
  readonly signature: string | undefined
}

/** Level first, then round. */
export function compare(left: Position, right: Position): number {
  return left.level === right.level ? left.round - right.round : left.level - right.level
}

/** The marks of a journal, each for a payload that was asked for, with a signature that is right. */
export function readMarks(
  records: readonly MarkRecord[],
  raises: readonly Position[],
  history: History,
): ReadonlyMap<string, ModelMark> {
  return new Map(records.map((record) => [markName(record), readMark(record, raises, history)]))
}

function readMark(record: MarkRecord, raises: readonly Position[], history: History): ModelMark {
  const { chain, key, kind, level, round, digest, signature } = record
  const place = { chain, key, kind, level, round }
  if (digest === undefined) {
    const isRaised = raises.some((one) => markName(one) === markName(place) && compare(one, place) === 0)
    if (!isRaised && level > 0) throw new BrokenPromise(`nobody raised ${text({ place })}`)
    return { place, asked: undefined, signature: undefined }
  }
  const asked = history.askedAt(place, digest)
  if (asked === undefined) throw new BrokenPromise(`nobody asked for the payload of ${text({ place })}`)
  const bytes = signature === undefined ? undefined : fromHex(signature)
  const curve = curveOfHash(key)
  const readable = bytes && curve && encodeSignature(curve, bytes)
  const released = history.signatureOf(asked)
  if (readable !== undefined && readable !== released && !isRight(asked, readable)) {
    throw new BrokenPromise(`${describe(asked)}: the stored signature does not verify`)
  }
  return { place, asked, signature: readable }
}

/** A mark in the place of another one: it did not go down, and stands for the same payload where it did not go up. */
export function follow(
  before: ModelMark | undefined,
  after: ModelMark | undefined,
  mayBeLost: boolean,
): void {
  if (before === undefined && after === undefined) return
  if (before === undefined) throw new BrokenPromise(`a mark was set that nobody set: ${text(after)}`)
  if (after === undefined) throw new BrokenPromise(`the mark ${text(before)} is gone`)
  const order = compare(after.place, before.place)
  if (order > 0) return
  if (order < 0) throw new BrokenPromise(`the mark ${text(before)} went down to ${text(after)}`)
  if (before.asked?.variant !== after.asked?.variant) {
    throw new BrokenPromise(`the mark ${text(before)} stands for another payload`)
  }
  const isKept = before.signature === undefined || before.signature === after.signature
  const isLost = mayBeLost && after.signature === undefined
  if (!isKept && !isLost) throw new BrokenPromise(`the signature of ${text(before)} is lost`)
}

/** Whether a mark is the one that was foretold; of a fresh signature only that there is one. */
export function isSame(mark: ModelMark, expected: ModelMark): boolean {
  if (compare(mark.place, expected.place) !== 0 || mark.asked?.variant !== expected.asked?.variant)
    return false
  return expected.signature === 'any' ? mark.signature !== undefined : mark.signature === expected.signature
}

/** A mark in words. */
export function text(
  mark: { readonly place: Position; readonly asked?: Asked | undefined } | undefined,
): string {
  if (mark === undefined) return 'none'
  const { place, asked } = mark
  return `${markName(place)} ${place.level}/${place.round} (${asked === undefined ? 'by hand' : `payload ${asked.variant}`})`
}
