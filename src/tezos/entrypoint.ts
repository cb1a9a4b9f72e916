import { toHex } from './bytes.js'

/** The tag of an entrypoint that is written out. */
export const NAMED_ENTRYPOINT = 0xff

/** The entrypoints that have a tag of their own, by tag. Source: octez `entrypoint_repr.ml:209-230`. */
const TAGGED: readonly string[] = [
  'default',
  'root',
  'do',
  'set_delegate',
  'remove_delegate',
  'deposit',
  'stake',
  'unstake',
  'finalize_unstake',
  'set_delegate_parameters',
]

/** What the protocol's own entrypoints are named by, and how long a name may be (octez `entrypoint_repr.ml`). */
const NAME = /^[A-Za-z0-9_.%@]{1,31}$/
const MAX_NAME_BYTES = 31

/** The entrypoint of a transaction that names none. */
export const DEFAULT_ENTRYPOINT = 'default'

/** The entrypoint in a transaction's bytes: a tag, or ff, a length and a name. `undefined` for what is none. */
export function entrypointName(bytes: Uint8Array): string | undefined {
  const [tag = NAMED_ENTRYPOINT, size] = bytes
  if (tag !== NAMED_ENTRYPOINT) return bytes.length === 1 ? TAGGED[tag] : undefined
  return size === bytes.length - 2 ? entrypointText(bytes.subarray(2)) : undefined
}

/**
 * A written-out entrypoint: its name, or `hex:` and its bytes where no entrypoint can have that name, which a rule
 * can therefore not list. `undefined` where it is empty or too long.
 */
export function entrypointText(letters: Uint8Array): string | undefined {
  if (letters.length === 0 || letters.length > MAX_NAME_BYTES) return undefined
  const text = Buffer.from(letters).toString('latin1')
  return isEntrypointName(text) ? text : `hex:${toHex(letters)}`
}

/** Whether a text can be the name of an entrypoint. */
export function isEntrypointName(text: string): boolean {
  return NAME.test(text)
}
