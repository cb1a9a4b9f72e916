import { BSONType, deserialize, serialize } from 'bson'
import { concatBytes } from '../../tezos/index.js'

/**
 * BSON as Octez writes it (json-data-encoding, `json_repr_bson.ml`). Objects are ordinary BSON, and a list at the root
 * is a document with the fields 0, 1 and so on. A text at the root, which BSON does not know, is one nameless element
 * whose type has the high bit set: `size 82 length text 00 00`.
 */
const ROOT_TEXT = 0x80 | BSONType.string

/** The BSON of an object or of a list. */
export function encodeBson(value: object): Uint8Array {
  return serialize({ ...value })
}

/** The text that such BSON has at its root; `undefined` when it is another value, or none. */
export function decodeRootText(bytes: Uint8Array): string | undefined {
  if (bytes.length < 5 || bytes[4] !== ROOT_TEXT) return undefined
  // With its type and a name it is ordinary BSON, one byte longer.
  const size = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true)
  if (size !== bytes.length) return undefined
  const head = new Uint8Array(6)
  new DataView(head.buffer).setUint32(0, size + 1, true)
  head[4] = BSONType.string
  const value = documentOf(concatBytes(head, bytes.subarray(5)))
  const text = value?.['']
  return typeof text === 'string' && Object.keys(value ?? {}).length === 1 ? text : undefined
}

/** The BSON of a text at the root: what `decodeRootText` reads. For clients. */
export function encodeRootText(text: string): Uint8Array {
  const document = serialize({ '': text }) // size, type, no name, the text, the end
  const head = new Uint8Array(5)
  new DataView(head.buffer).setUint32(0, document.length - 1, true)
  head[4] = ROOT_TEXT
  return concatBytes(head, document.subarray(6))
}

function documentOf(bytes: Uint8Array): Readonly<Record<string, unknown>> | undefined {
  try {
    return deserialize(bytes, { validation: { utf8: true } })
  } catch {
    return undefined // not BSON
  }
}
