import type { DeviceEvent } from '../device/index.js'
import type {
  HeadEvent,
  HookEvent,
  SignerTrouble,
  SignEvent,
  SpareEvent,
  StateEvent,
} from '../policy/index.js'
import type { HandshakeFailed, RequestRefused } from '../server/index.js'
import type { DynamoDbEvent, SharedMarksEvent } from '../shared-marks/index.js'

/** What became of the configuration when it was read again. */
export type ReloadEvent =
  | { readonly event: 'config.reloaded'; readonly changed: readonly string[] }
  | {
      readonly event: 'config.reload-refused'
      readonly reason: string
      /** The settings that stand in the way, where that is why. */
      readonly needsRestart?: readonly string[]
    }

/** The listener's certificate is near its end, or past it. */
export type CertificateExpiring = {
  readonly event: 'tls.certificate-expiring'
  readonly expiresAt: string
  readonly reason: string
}

/** What happened to a device, and to which. */
export type NamedDeviceEvent = DeviceEvent & { readonly device: string }

/** What became of a request to one of the Ethereum jobs. */
export type EthereumDecided = {
  readonly event: 'ethereum.decided'
  readonly job: 'claim' | 'transfer' | 'message' | 'typed-data' | 'account' | 'account-signature'
  readonly outcome: 'answered' | 'refused'
  readonly requestId: string
  /** Names of clients that proved who they are, or the id of an API key. */
  readonly clients: readonly string[]
  /** One of a closed list, where it was refused; and the rule that refused. */
  readonly code?: string | undefined
  readonly rule?: string | undefined
  readonly reason?: string | undefined
  /** What was signed: Keccak-256, in hex. */
  readonly digest?: string | undefined
  readonly totalMs: number
}

/**
 * Whether the vault of accounts was opened by what was typed at the start, and that the token of accounts did not tell what
 * became of a key that a crash left half done.
 */
export type VaultEvent =
  | { readonly event: 'vault.unlocked' }
  | { readonly event: 'vault.not-unlocked'; readonly reason: string }
  | { readonly event: 'accounts.not-settled'; readonly reason: string }

/** Whatever a part of the bridge reports. */
export type BridgeEvent =
  | NamedDeviceEvent
  | SharedMarksEvent
  | DynamoDbEvent
  | StateEvent
  | SignEvent
  | SignerTrouble
  | SpareEvent
  | HeadEvent
  | HookEvent
  | RequestRefused
  | HandshakeFailed
  | EthereumDecided
  | VaultEvent
  | CertificateExpiring
  | ReloadEvent
