import { readContent, type OperationContent } from './operation-content.js'
import { operationKind, type OperationKind } from './operation-kind.js'
import { CONTENT_LAYOUTS } from './operation-layouts.js'

/** Behind the watermark byte and the branch. */
const CONTENTS_AT = 1 + 32

const UNKNOWN: OperationContent = { kind: 'unknown' }

/**
 * The contents of an operation (0x03), in order; never empty. One that breaks its layout has nothing but its kind.
 *
 * Without `unknown` at its end the list is complete: no other content can stand in these bytes. `unknown` ends it as
 * soon as one could:
 * - a tag is not known, or there is no content at all;
 * - a content that may be batched is truncated, breaks its layout, or has one that is not known (`smart_rollup_refute`
 *   and `zk_rollup_*`: named, then `unknown`);
 * - a content that must be alone is not: it stands behind another, bytes follow it, or its length is not the one its
 *   layout says.
 *
 * A kind that must be alone and whose layout is not known (`dal_entrapment_evidence`, the aggregates) takes all that
 * remains, since the protocol reads no second content there.
 * Source: octez `operation_repr.ml:2131-2142`, and `of_list_internal` there for who may be batched.
 */
export function walkOperation(bytes: Uint8Array): readonly OperationContent[] {
  const contents: OperationContent[] = []
  let at = CONTENTS_AT
  do {
    const kind = kindAt(bytes, at)
    if (kind === 'unknown') return [...contents, UNKNOWN]
    const { batching, body } = CONTENT_LAYOUTS[kind]
    const fields = new Map<string, Uint8Array>()
    const end = body(bytes, at + 1, (name, field) => fields.set(name, field))
    if (end === undefined) return [...contents, { kind }, UNKNOWN]
    contents.push(readContent(kind, fields))
    const isOnly = contents.length === 1 && end === bytes.length
    if (batching === 'alone' && !isOnly) return [...contents, UNKNOWN]
    at = end
  } while (at < bytes.length)
  return contents
}

function kindAt(bytes: Uint8Array, at: number): OperationKind {
  const tag = bytes[at]
  return tag === undefined ? 'unknown' : operationKind(tag)
}
