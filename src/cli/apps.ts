import { monotonicClock } from '../clock.js'
import type { GuardedSigner } from '../policy/index.js'
import type { Telemetry } from '../telemetry/index.js'
import {
  adminApp,
  controlApp,
  Questions,
  signerApp,
  type App,
  type ListeningAddress,
  type LivePage,
  type Sinks,
  type SocketService,
} from '../server/index.js'
import { callerRules } from './callers.js'
import { controlHandlers } from './control-handlers.js'
import type { DeviceSet } from './device-set.js'
import type { OpenEthereum } from './ethereum/index.js'
import { configuredKeys } from './key-directory.js'
import type { OwnMarks } from './own-marks.js'
import type { ServedConfig } from './served-config.js'

/** What the apps of every configuration share. */
export type AppParts = Sinks & {
  readonly devices: DeviceSet
  readonly store: OwnMarks
  readonly signer: GuardedSigner
  readonly telemetry: Telemetry
  /** Outlives the apps: a reload ends no stream. */
  readonly page: LivePage
  readonly version: string
  readonly queueCapacity: number
  /** `undefined` where neither a job of Ethereum nor accounts are configured. */
  readonly ethereum: OpenEthereum | undefined
  readonly listening: readonly ListeningAddress[]
}

/** What each listener serves. */
export type Apps = {
  readonly control: App
  readonly admin: App
  readonly signer: App
  /** The same questions for the socket protocol. */
  readonly sockets: SocketService
}

/** The apps that follow a configuration. Nothing begins by making them. */
export function createApps(config: ServedConfig, parts: AppParts): Apps {
  const { devices, store, signer, telemetry, page, version, onFault, onRefused } = parts
  const { allowedHosts, knownKeys, queueTimeoutMs } = config.server
  const keys = configuredKeys(config, devices)
  const callers = callerRules(config)
  const questions = new Questions({ signer, keys, clock: monotonicClock, queueTimeoutMs, knownKeys })
  return {
    control: controlApp(controlHandlers(config, { devices, store, telemetry }), onFault),
    admin: adminApp({ source: telemetry, page, allowedHosts, onFault, onRefused }),
    signer: signerApp({
      ...{ questions, version, onFault, onRefused },
      callers,
      otherRoutes: parts.ethereum?.routes(callers) ?? [],
      pathPrefix: config.server.pathPrefix,
      accept: { ...config.server, allowedPeers: config.allowedPeers },
    }),
    sockets: { questions, allowedPeers: config.allowedPeers },
  }
}
