import type { Config } from '../config/index.js'
import type { TezioDevice } from '../device/index.js'
import type { AuthenticationRules, AuthorizedKey } from '../policy/index.js'
import type { CallerRules } from '../server/index.js'
import { authenticationKeyHash } from '../tezos/index.js'
import { configuredKeys } from './key-directory.js'
import type { ServedConfig } from './served-config.js'

/** Whose signatures authenticate requests under a configuration, in the order of `GET /authorized_keys`. */
export function authenticationRules(config: Config, device: Pick<TezioDevice, 'keys'>): AuthenticationRules {
  const { authenticationKey, authorizedKeys, clients } = config
  const others: AuthorizedKey[] = [
    ...authorizedKeys.map((key) => ({ client: authenticationKeyHash(key), publicKey: () => key })),
    ...clients.flatMap(({ name, publicKey }) =>
      publicKey === undefined ? [] : [{ client: name, publicKey: () => publicKey }],
    ),
  ]
  if (authenticationKey === undefined) return { keys: others }
  const { publicKeyHash: client, verify } = authenticationKey
  if (verify === 'device') return { keys: others, deviceClient: client }
  return { keys: [{ client, publicKey: configuredKeys(config, device).authenticationKey }, ...others] }
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
