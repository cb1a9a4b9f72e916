import type { Config } from '../config/index.js'
import { CURVE_OF_ALIAS, type BoardKeys } from '../device/index.js'
import { encodePublicKey, hexByte, publicKeyHash, type Curve, type PublicKeyHash } from '../tezos/index.js'
import { AUTHENTICATION_ALIAS } from './key-directory.js'

/** One key of the board, and what the configuration makes of it. */
export type KeyRow = {
  readonly alias: number
  readonly curve: Curve
  readonly address: PublicKeyHash
  readonly publicKey: string
  readonly use: string
}

/** The board's keys in the order of their aliases. */
export function describeKeys(keys: BoardKeys, config: Config | undefined): readonly KeyRow[] {
  return [...keys]
    .sort(([left], [right]) => left - right)
    .map(([alias, key]) => {
      const address = publicKeyHash(key)
      const publicKey = encodePublicKey(key)
      return { alias, curve: CURVE_OF_ALIAS[alias], address, publicKey, use: useOf(alias, address, config) }
    })
}

function useOf(alias: number, address: PublicKeyHash, config: Config | undefined): string {
  const key = config?.keys.find(({ publicKeyHash: hash }) => hash === address)
  if (key !== undefined) {
    const bytes = key.allowedMagicBytes === 'any' ? 'any' : key.allowedMagicBytes.map(hexByte).join(' ')
    return `signs ${bytes}`
  }
  if (config?.authenticationKey?.publicKeyHash === address) return 'authenticates requests'
  return alias === AUTHENTICATION_ALIAS ? 'authentication key' : 'not configured'
}
