import type { Clock } from '../clock.js'
import type { PublicKey, PublicKeyHash } from '../tezos/index.js'
import type { SignEvent } from './audit.js'
import type { AuthenticationRules } from './authentication.js'
import type { HeadCheck } from './head-check.js'
import type { KeyRules } from './key-rules.js'
import type { MarkStore } from './mark-store.js'
import type { PolicyHook } from './policy-hook.js'
import type { SignerTrouble } from './release.js'
import type { DeviceRoutes, SpareEvent } from './spares.js'

/** What may be signed, as far as a configuration says it. */
export type SignerRules = {
  readonly keys: readonly KeyRules[]
  /** How requests prove who sent them, where a key asks for that. */
  readonly authentication: AuthenticationRules
  /** Compares blocks and votes with the chain's head, where a node is configured. */
  readonly headCheck?: HeadCheck | undefined
  /** The external services that are asked, by key. */
  readonly hooks?: ReadonlyMap<PublicKeyHash, PolicyHook> | undefined
}

/** Whatever happens to requests, for the log. */
export type SignerEvent = SignEvent | SignerTrouble | SpareEvent

export type GuardedSignerOptions = SignerRules & {
  readonly store: MarkStore
  readonly devices: DeviceRoutes
  readonly clock: Clock
  /** For the hours of keys. */
  readonly wallClock?: () => Date
  /** The public key of a configured key, once it is known. */
  readonly publicKeyOf: (key: PublicKeyHash) => PublicKey | undefined
  /** Requests that may wait for one device; one more is refused. */
  readonly queueCapacity: number
  readonly onEvent: (event: SignerEvent) => void
}
