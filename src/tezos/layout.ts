import { uint32At } from './int32.js'

/** Told of every named field that a layout went over: its bytes, not copied. */
export type NoteField = (name: string, field: Uint8Array) => void

/**
 * Where a field that begins at `at` ends; `undefined` when the bytes there are not such a field.
 * A layout reads only within `bytes`, copies nothing and never throws.
 * Source: octez `data-encoding/src` (the rules are in `binary_reader.ml`).
 */
export type Layout = (bytes: Uint8Array, at: number, note?: NoteField) => number | undefined

/** A field that is told of under `name`, once its end is known. */
export function named(name: string, field: Layout): Layout {
  return (bytes, at, note) => {
    const end = field(bytes, at, note)
    if (end !== undefined) note?.(name, bytes.subarray(at, end))
    return end
  }
}

/** A field of `size` bytes, whatever they are. */
export function fixed(size: number): Layout {
  return (bytes, at) => (size <= bytes.length - at ? at + size : undefined)
}

/** One byte of a given value: tags and padding. */
export function exactly(value: number): Layout {
  return (bytes, at) => (bytes[at] === value ? at + 1 : undefined)
}

/** Bytes behind their length as a uint32; `isSize` may narrow the lengths that are right. */
export function counted(isSize: (size: number) => boolean = () => true): Layout {
  return (bytes, at) => {
    if (bytes.length - at < 4) return undefined
    const size = uint32At(bytes, at)
    return isSize(size) ? fixed(size)(bytes, at + 4) : undefined
  }
}

/** Bytes behind their length as one byte. */
export const shortCounted: Layout = (bytes, at) => {
  const size = bytes[at]
  return size === undefined ? undefined : fixed(size)(bytes, at + 1)
}

/**
 * A number of any size in groups of 7 bits (N; the first group of a signed Z holds its sign and 6 bits), the high
 * bit set on all but the last. An over-long number, whose last group is an empty one, is refused as Octez refuses it.
 */
export const zarith: Layout = (bytes, at) => {
  const last = bytes.subarray(at).findIndex((byte) => byte < 0x80)
  if (last === -1) return undefined
  return last > 0 && bytes[at + last] === 0 ? undefined : at + last + 1
}

/** A number in at most 63 bits: what Octez holds in an int64 that is not negative, such as an amount of mutez. */
export const int64: Layout = (bytes, at) => {
  const end = zarith(bytes, at)
  return end !== undefined && end - at <= 9 ? end : undefined // 9 groups of 7 bits
}

/** 00, or ff and the field. */
export function optional(field: Layout): Layout {
  return tagged([
    [0x00, nothing],
    [0xff, field],
  ])
}

/** A tag byte and the field it stands for. */
export function tagged(cases: readonly (readonly [tag: number, field: Layout])[]): Layout {
  const byTag = new Map(cases)
  return (bytes, at, note) => {
    const tag = bytes[at]
    return tag === undefined ? undefined : byTag.get(tag)?.(bytes, at + 1, note)
  }
}

/** The fields one after the other. */
export function sequence(...fields: readonly Layout[]): Layout {
  return (bytes, at, note) =>
    fields.reduce<number | undefined>(
      (end, field) => (end === undefined ? undefined : field(bytes, end, note)),
      at,
    )
}

/** No bytes. */
export const nothing: Layout = (_bytes, at) => at

/** All the bytes that remain: for a field that nothing may follow, and whose inside is not read. */
export const rest: Layout = (bytes) => bytes.length

/** A field whose end is not known. */
export const unwalkable: Layout = () => undefined
