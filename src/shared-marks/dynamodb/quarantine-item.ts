import { z } from 'zod'
import { StateError, type Quarantine } from '../../policy/index.js'
import type { PublicKeyHash } from '../../tezos/index.js'
import { quarantineItemName } from './item-name.js'
import type { Item } from './mark-item.js'
import type { Condition } from './raise-condition.js'

/** The item stays when the key is released, so that no right to delete is needed. */
const quarantineItem = z.object({
  tezio: z.object({
    M: z.object({
      state: z.object({ S: z.enum(['held', 'released']) }),
      digest: z.object({ S: z.string() }),
      at: z.object({ S: z.string() }),
    }),
  }),
})

/** Reads a quarantine; `undefined` for a key that was released. */
export function readQuarantine(key: PublicKeyHash, item: Item): Quarantine | undefined {
  const { data } = quarantineItem.safeParse(item)
  if (data === undefined) {
    const text = `the item ${quarantineItemName(key)} of the marks table is not what this program writes`
    throw new StateError('marks-schema', `${text}; find out who changed it before anything is signed`)
  }
  const { state, digest, at } = data.tezio.M
  return state.S === 'held' ? { key, digest: digest.S, since: at.S } : undefined
}

/** What the item says of a key that is held, or was released. */
export function quarantineAttributes(state: 'held' | 'released', digest: string): Item {
  return { state: { S: state }, digest: { S: digest } }
}

/** Holds where a key is not in quarantine. */
export const NOT_HELD: Condition = {
  text: 'attribute_not_exists(#sig_type) OR #tezio.#state = :released',
  values: { ':released': { S: 'released' } },
}

/** Holds where a key is in quarantine. */
export const HELD: Condition = { text: '#tezio.#state = :held', values: { ':held': { S: 'held' } } }
