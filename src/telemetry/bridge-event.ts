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
  | CertificateExpiring
  | ReloadEvent
