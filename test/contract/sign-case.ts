import type { PublicKeyHash } from '../../src/tezos/index.js'
import type { Case } from './scene.js'

/** A request for a signature: one line in a table. */
export function signCase(
  name: string,
  key: PublicKeyHash,
  payload: Uint8Array,
  expected: string,
  more: { readonly authentication?: string; readonly before?: Case['before'] } = {},
): Case {
  const { authentication: signed, before } = more
  const question = {
    kind: 'sign',
    key,
    payload,
    ...(signed === undefined ? {} : { authentication: signed }),
  } as const
  return { name, question, expected, ...(before === undefined ? {} : { before }) }
}
