import type { ChainId } from '../../tezos/index.js'

/** What a translation needs beside the settings. */
export type SettingsOptions = {
  /** Addresses that --key named; none: whatever the settings have. */
  readonly keys: readonly string[]
  readonly chains: readonly ChainId[] | undefined
  /** Whether `allow` takes a name. */
  readonly isKind: (name: string) => boolean
}
