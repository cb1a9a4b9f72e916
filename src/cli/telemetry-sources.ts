import { type GuardedSigner, type MarkKey, type Quarantine } from '../policy/index.js'
import type { ListeningAddress, Warning } from '../server/index.js'
import { REMEDIES, type Sources } from '../telemetry/index.js'
import { chainName, hexByte } from '../tezos/index.js'
import type { DeviceSet } from './device-set.js'
import { expiryWarnings } from './certificate-watch.js'
import { configuredKeys } from './key-directory.js'
import { missingMarks } from './mark-selection.js'
import { marksTrouble, type OwnMarks } from './own-marks.js'
import type { ServedConfig } from './served-config.js'

export type TelemetryParts = {
  readonly devices: DeviceSet
  readonly store: OwnMarks
  readonly signer: Pick<GuardedSigner, 'waiting'>
  readonly queueCapacity: number
  /** It grows while the daemon starts. */
  readonly listening: readonly ListeningAddress[]
}

/** What telemetry looks at under a configuration. */
export function telemetrySources(config: ServedConfig, parts: TelemetryParts): Sources {
  const { devices, store, signer, queueCapacity, listening } = parts
  const { publicKey } = configuredKeys(config, devices)
  return {
    devices: () =>
      devices.list.map(({ name, kind, health }) => ({
        ...{ name, kind, health: health() },
        holds: config.keys.filter((key) => key.devices.includes(name)).map((key) => key.publicKeyHash),
      })),
    keys: () =>
      config.keys.map(
        ({ publicKeyHash: address, curve, curveAlias: alias, devices: held, allowedMagicBytes }) => ({
          ...{ address, curve, alias, devices: held, publicKey: publicKey(address) },
          signs: allowedMagicBytes === 'any' ? 'any' : allowedMagicBytes.map(hexByte).join(' '),
        }),
      ),
    marks: () => store.marks(),
    marksTrouble: () => marksTrouble(store),
    quarantines: () => store.quarantines(),
    waiting: () => signer.waiting,
    queueCapacity,
    certificateExpiresAt: () => config.credentials.tls?.expiresAt,
    listening: () => listening,
    warnings: () => [
      ...store.quarantines().map(quarantineWarning),
      ...missingMarks(config, store.marks()).map(missingWarning),
      ...expiryWarnings(config.credentials.tls, new Date()),
      ...config.warnings.map(configWarning),
    ],
  }
}

function quarantineWarning({ key, since }: Quarantine): Warning {
  const message = `${key} is in quarantine since ${since} and signs nothing: its device used one nonce for two payloads`
  return { code: 'key-quarantined', message, remedy: REMEDIES['key-quarantined'], at: since }
}

function missingWarning({ chain, key, kind }: MarkKey): Warning {
  const message = `${key} has no mark for a ${kind} of ${chainName(chain)}: none is signed`
  return { code: 'marks-missing', message, remedy: REMEDIES['marks-missing'], at: undefined }
}

function configWarning(message: string): Warning {
  return { code: 'config-warning', message, remedy: REMEDIES['config-warning'], at: undefined }
}
