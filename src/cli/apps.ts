import { monotonicClock } from '../clock.js'
import type { Config } from '../config/index.js'
import type { TezioDevice } from '../device/index.js'
import type { GuardedSigner, MarksJournal } from '../policy/index.js'
import { adminApp, controlApp, signerApp, type App } from '../server/index.js'
import { controlHandlers } from './control-handlers.js'
import { configuredKeys } from './key-directory.js'
import { readiness } from './readiness.js'

/** What the apps of every configuration share. */
export type AppParts = {
  readonly device: TezioDevice
  readonly store: MarksJournal
  readonly signer: GuardedSigner
  readonly version: string
  readonly onFault: (error: unknown) => void
}

/** What each listener serves. */
export type Apps = { readonly control: App; readonly admin: App; readonly signer: App }

/** The apps that follow a configuration. Nothing begins by making them. */
export function createApps(config: Config, parts: AppParts): Apps {
  const { device, store, signer, version, onFault } = parts
  const { allowedHosts, knownKeys, queueTimeoutMs } = config.server
  return {
    control: controlApp(controlHandlers(config, device, store), onFault),
    admin: adminApp({
      readiness: () => readiness(device.health(), store.quarantines()),
      allowedHosts,
      onFault,
    }),
    signer: signerApp({
      ...{ signer, clock: monotonicClock, queueTimeoutMs, knownKeys, version, onFault },
      keys: configuredKeys(config, device),
      accept: { ...config.server, allowedPeers: config.allowedPeers },
    }),
  }
}
