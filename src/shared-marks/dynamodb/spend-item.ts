import { z } from 'zod'
import { isForgettable, StateError, type Spend, type WantedSpend } from '../../policy/index.js'
import type { PublicKeyHash } from '../../tezos/index.js'
import { spendsItemName } from './item-name.js'
import type { Item } from './mark-item.js'
import type { Condition } from './raise-condition.js'

/** One spend takes about 100 bytes, and DynamoDB takes items of 400 KB at most. */
export const MAX_SPENDS = 3000

/** What one item says: all that a key spent and a window may need, and how often the item was written. */
export type SpendsOfKey = { readonly version: number; readonly spends: readonly Spend[] }

const numberValue = z.object({ N: z.string().regex(/^\d{1,38}$/) }).transform(({ N }) => N)
const spendEntry = z
  .object({
    L: z.tuple([
      z.object({ S: z.string().regex(/^[0-9a-f]{64}$/) }),
      numberValue,
      numberValue,
      numberValue.refine((ms) => Number(ms) <= 8.64e15), // the last instant that a Date has
    ]),
  })
  .transform(({ L: [digest, mutez, feeMutez, at] }) => ({
    digest: digest.S,
    mutez: BigInt(mutez),
    feeMutez: BigInt(feeMutez),
    at: new Date(Number(at)).toISOString(),
  }))

const spendsItem = z.object({
  tezio: z.object({
    M: z.object({
      version: numberValue.transform(Number).refine(Number.isSafeInteger),
      spends: z.object({ L: z.array(spendEntry) }),
    }),
  }),
})

/** Reads a key's spends; nothing was spent where there is no item. */
export function readSpends(key: PublicKeyHash, item: Item | undefined): SpendsOfKey {
  if (item === undefined) return { version: 0, spends: [] }
  const { data } = spendsItem.safeParse(item)
  if (data === undefined) {
    const text = `the item ${spendsItemName(key)} of the marks table is not what this program writes`
    throw new StateError('marks-schema', `${text}; find out who changed it before this key spends again`)
  }
  const { version, spends } = data.tezio.M
  return { version, spends: spends.L.map((spend) => ({ key, ...spend })) }
}

/** What a window may still need, with one more spend; each payload counts once. */
export function withSpend(spends: readonly Spend[], wanted: WantedSpend, now: Date): readonly Spend[] {
  const others = spends.filter((spend) => spend.digest !== wanted.digest && !isForgettable(spend, now))
  return [...others, { ...wanted, at: now.toISOString() }]
}

/** The attributes of one version. */
export function spendsAttributes(version: number, spends: readonly Spend[]): Item {
  const entries = spends.map(({ digest, mutez, feeMutez, at }) => ({
    L: [{ S: digest }, { N: String(mutez) }, { N: String(feeMutez) }, { N: String(Date.parse(at)) }],
  }))
  return { version: { N: String(version) }, spends: { L: entries } }
}

/** Holds where the item is at a version; version 0 is no item. */
export function isVersion(version: number): Condition {
  if (version === 0) return { text: 'attribute_not_exists(#sig_type)', values: {} }
  return { text: '#tezio.#version = :version', values: { ':version': { N: String(version) } } }
}
