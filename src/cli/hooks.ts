import { randomBytes } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import { monotonicClock } from '../clock.js'
import type { Config } from '../config/index.js'
import { hookClient } from '../hook/index.js'
import { PolicyHook, type HookEvent } from '../policy/index.js'
import { toHex, type PublicKeyHash } from '../tezos/index.js'

/** 128 bits cannot be guessed, and do not come twice. */
const NONCE_BYTES = 16

/** The hooks of a configuration, by key. */
export function createHooks(
  { keys }: Pick<Config, 'keys'>,
  onEvent: (event: HookEvent) => void,
): ReadonlyMap<PublicKeyHash, PolicyHook> {
  const newNonce = () => toHex(randomBytes(NONCE_BYTES))
  return new Map(
    keys.flatMap(({ publicKeyHash: key, hook }) => {
      if (hook === undefined) return []
      const { url, publicKey, ...rules } = hook
      const ask = hookClient({ url, publicKey, newNonce })
      return [[key, new PolicyHook({ ...rules, key, ask, clock: monotonicClock, onEvent })]]
    }),
  )
}

/** Whether two configurations have the same hooks, so that the open questions of each can go on being counted. */
export function areSameHooks(left: Config, right: Config): boolean {
  const hooks = ({ keys }: Config) => keys.map(({ publicKeyHash, hook }) => [publicKeyHash, hook])
  return isDeepStrictEqual(hooks(left), hooks(right))
}
