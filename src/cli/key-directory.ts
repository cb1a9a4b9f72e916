import type { Config } from '../config/index.js'
import type { KeyAlias } from '../device/index.js'
import type { KeyDirectory } from '../server/index.js'
import { authenticationKeyHash, encodePublicKey, type PublicKey, type PublicKeyHash } from '../tezos/index.js'

/** The authentication key's place on the device. */
export const AUTHENTICATION_ALIAS: KeyAlias = 0

/** Keys as devices told them. */
export type KnownKeys = { readonly publicKeyOf: (key: PublicKeyHash) => PublicKey | undefined }

/** The configured keys with what the devices told of them; it never asks a device. */
export type ConfiguredKeys = KeyDirectory & {
  readonly publicKeyOf: (key: PublicKeyHash) => PublicKey | undefined
  readonly authenticationKey: () => PublicKey | undefined
}

/** Public keys come from the configuration where it names them, else from a device once it was recognised. */
export function configuredKeys(config: Config, devices: KnownKeys): ConfiguredKeys {
  const keys = new Map(config.keys.map((key) => [key.publicKeyHash, key]))
  const publicKeyOf = (hash: PublicKeyHash) => {
    const key = keys.get(hash)
    return key && (key.publicKey ?? devices.publicKeyOf(hash))
  }
  const needsAuthentication = config.keys.some((key) => key.requiresAuthentication)
  const { authenticationKey, authorizedKeys, clients } = config
  const signers = [
    ...(authenticationKey === undefined ? [] : [authenticationKey.publicKeyHash]),
    ...authorizedKeys.map(authenticationKeyHash),
    ...clients.flatMap((client) => client.publicKey ?? []).map(authenticationKeyHash),
  ]
  return {
    has: (hash) => keys.has(hash),
    publicKeyOf,
    publicKey: (hash) => {
      const key = publicKeyOf(hash)
      return key && encodePublicKey(key)
    },
    known: () => [...keys.keys()],
    authorized: () => (needsAuthentication ? signers : undefined),
    authenticationKey: () =>
      authenticationKey &&
      (authenticationKey.publicKey ?? devices.publicKeyOf(authenticationKey.publicKeyHash)),
  }
}
