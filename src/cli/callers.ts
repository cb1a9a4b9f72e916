import type { Config } from '../config/index.js'
import type { AuthenticationRules, AuthorizedKey } from '../policy/index.js'
import type { CallerRules } from '../server/index.js'
import {
  authenticationKeyHash,
  authenticationVerifier,
  type AuthenticationPublicKey,
  type AuthenticationVerifier,
} from '../tezos/index.js'
import { configuredKeys, type KnownKeys } from './key-directory.js'
import type { ServedConfig } from './served-config.js'

/** Whose signatures authenticate requests under a configuration, in the order of `GET /authorized_keys`. */
export function authenticationRules(config: Config, devices: KnownKeys): AuthenticationRules {
  const { authenticationKey, authorizedKeys, clients } = config
  const others: AuthorizedKey[] = [
    ...authorizedKeys.map((key) => ({ client: authenticationKeyHash(key), verifier: madeOnce(() => key) })),
    ...clients.flatMap(({ name, publicKey }) =>
      publicKey === undefined ? [] : [{ client: name, verifier: madeOnce(() => publicKey) }],
    ),
  ]
  if (authenticationKey === undefined) return { keys: others }
  const { publicKeyHash: client, verify } = authenticationKey
  if (verify === 'device') return { keys: others, deviceClient: client }
  const { authenticationKey: publicKey } = configuredKeys(config, devices)
  return { keys: [{ client, verifier: madeOnce(publicKey) }, ...others] }
}

/** The verifier of a key, from when it is known. */
function madeOnce(publicKey: () => AuthenticationPublicKey | undefined): AuthorizedKey['verifier'] {
  let verifier: AuthenticationVerifier | undefined
  return () => {
    const key = verifier === undefined ? publicKey() : undefined
    if (key !== undefined) verifier = authenticationVerifier(key)
    return verifier
  }
}

/** What connections prove clients by under a configuration. */
export function callerRules({ server, clients, credentials }: ServedConfig): CallerRules {
  return {
    tokenHeader: server.tokenHeader,
    tokens: credentials.tokens,
    certificates: clients.flatMap(({ name: client, certificate }) =>
      certificate === undefined ? [] : [{ client, ...certificate }],
    ),
  }
}
