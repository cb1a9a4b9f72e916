import type { Config } from '../config/index.js'
import { CURVE_OF_ALIAS, type BoardKeys } from '../device/index.js'
import type { Quarantine } from '../policy/index.js'
import {
  encodePublicKey,
  hexByte,
  publicKeyHash,
  type Curve,
  type PublicKey,
  type PublicKeyHash,
} from '../tezos/index.js'
import { AUTHENTICATION_ALIAS } from './key-directory.js'

/** One key of a device, and what the configuration makes of it. */
export type KeyRow = {
  /** The board's name in the configuration; left out where there is none. */
  readonly device?: string | undefined
  /** Its place on a board; a token has none. */
  readonly alias?: number | undefined
  readonly curve: Curve
  readonly address: PublicKeyHash
  readonly publicKey: string
  readonly use: string
  /** Since when (ISO 8601) the key signs nothing more, because its device repeated a nonce. */
  readonly quarantinedSince?: string | undefined
}

/** One key of a board. */
export type BoardKeyRow = KeyRow & { readonly alias: number }

/** The board's keys in the order of their aliases. */
export function describeKeys(
  keys: BoardKeys,
  config: Config | undefined,
  quarantines: readonly Quarantine[],
  device?: string,
): readonly BoardKeyRow[] {
  return [...keys]
    .sort(([left], [right]) => left - right)
    .map(([alias, key]) => {
      const address = publicKeyHash(key)
      const publicKey = encodePublicKey(key)
      const quarantinedSince = quarantines.find(({ key: out }) => out === address)?.since
      const use = useOf(alias, address, config)
      return { device, alias, curve: CURVE_OF_ALIAS[alias], address, publicKey, use, quarantinedSince }
    })
}

/** The configured keys of a token, as far as it told them. */
export function describeTokenKeys(
  publicKeyOf: (key: PublicKeyHash) => PublicKey | undefined,
  config: Config,
  quarantines: readonly Quarantine[],
  device: string,
): readonly KeyRow[] {
  return config.keys.flatMap(({ publicKeyHash: address, curve, devices }) => {
    const key = devices.includes(device) ? publicKeyOf(address) : undefined
    if (key === undefined) return []
    const quarantinedSince = quarantines.find(({ key: out }) => out === address)?.since
    const use = useOf(undefined, address, config)
    return [{ device, curve, address, publicKey: encodePublicKey(key), use, quarantinedSince }]
  })
}

function useOf(alias: number | undefined, address: PublicKeyHash, config: Config | undefined): string {
  const key = config?.keys.find(({ publicKeyHash: hash }) => hash === address)
  if (key !== undefined) {
    const bytes = key.allowedMagicBytes === 'any' ? 'any' : key.allowedMagicBytes.map(hexByte).join(' ')
    return `signs ${bytes}`
  }
  if (config?.authenticationKey?.publicKeyHash === address) return 'authenticates requests'
  return alias === AUTHENTICATION_ALIAS ? 'authentication key' : 'not configured'
}
