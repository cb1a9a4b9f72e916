import { randomBytes } from 'node:crypto'
import type { LevelGap, MarksJournal, MarkStore, Position } from '../../../src/policy/index.js'
import type { MarksTable, SharedMarks } from '../../../src/shared-marks/index.js'
import { publicKeyHash, type PublicKeyHash } from '../../../src/tezos/index.js'

/** A store as the daemon and its operator use it; `refresh` lets it see what the other host did. */
export type HostStore = MarkStore &
  Pick<MarksJournal | SharedMarks, 'raise' | 'seed' | 'clearQuarantine' | 'import' | 'limitLevelGap'> & {
    readonly refresh: () => void | Promise<void>
  }

/** How the marks of a test begin. */
export type StoreWish = { readonly seeds: readonly Position[]; readonly maxLevelGap: LevelGap }

/** A store and a second handle, or a second host, on the same marks. */
export type OpenedStore = {
  readonly one: HostStore
  readonly other: HostStore
  readonly close: () => void | Promise<void>
}

/** Where the suite over `MarkStore` gets its stores from; each one begins empty but for its seeds. */
export type StoreFactory = {
  readonly name: string
  readonly open: (wish: StoreWish) => Promise<OpenedStore>
}

/** Where the suite over `MarksTable` gets two handles on one table from; there are other tests' places in it. */
export type TableFactory = {
  readonly name: string
  readonly open: () => Promise<{
    readonly one: MarksTable
    readonly other: MarksTable
    readonly close: () => Promise<void>
  }>
}

/** A key that no other test has. */
export function freshKey(): PublicKeyHash {
  return publicKeyHash({ curve: 'ed25519', bytes: randomBytes(32) })
}
