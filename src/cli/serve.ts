import type { Config } from '../config/index.js'
import { Telemetry } from '../telemetry/index.js'
import { startBridge, type Bridge } from './bridge.js'
import { eventSink } from './event-sink.js'
import { EXIT, UsageError, type ExitCode } from './exit-code.js'
import { keepHeapSmall } from './heap.js'
import { createLog, terminalLines, type Log, type LogLevel } from './log.js'
import { askPins, withPins } from './pins.js'
import { reportWarnings, Reloads } from './reload.js'
import { monotonicClock } from '../clock.js'
import { loadServedConfig, type ServedConfig } from './served-config.js'
import { serviceManager } from './service-manager.js'
import { packageVersion } from './version.js'

export type ConfigOptions = { readonly config: string; readonly stateDir?: string | undefined }

/** How long a signature in hand may take once the daemon is told to stop. */
const STOP_GRACE_MS = 4500
/** After this the process ends even if something holds it: a port whose board takes no bytes can close for half a minute. */
const STOP_LIMIT_MS = 5000

export type ServeOptions = ConfigOptions & {
  readonly port?: string | undefined
  /** Whether the passphrase of the vault is asked for on the terminal. */
  readonly unlock?: boolean | undefined
  /** The least that is logged, whatever `verbose` says. */
  readonly logLevel?: LogLevel | undefined
}

/** Runs the daemon until it is told to stop; SIGHUP makes it read its configuration again. */
export async function serve({
  config: file,
  stateDir,
  port,
  unlock,
  logLevel,
}: ServeOptions): Promise<ExitCode> {
  const read = (): ServedConfig => {
    const loaded = loadServedConfig(file, { stateDir })
    const devices = port === undefined ? loaded.devices : withPort(loaded.devices, port)
    return { ...loaded, devices, logLevel: logLevel ?? loaded.logLevel }
  }
  const first = read()
  const pins = await askPins(first)
  const load = () => withPins(read(), pins)
  const vaultPassphrase = unlock === true ? await askForVault(first) : undefined
  const served = withPins(first, pins)
  const config = { ...served, credentials: { ...served.credentials, vaultPassphrase } }
  const log = createLog(config.logLevel, monotonicClock, await terminalLines())
  const telemetry = createTelemetry(config)
  const reloads = new Reloads(config, load, log, eventSink(log, telemetry))
  process.on('SIGHUP', () => {
    reloads.request()
  })
  reportWarnings(config, log)
  const bridge = await startBridge({ config, log, telemetry })
  keepHeapSmall()
  reloads.begin(bridge)
  const manager = serviceManager({ environment: process.env, clock: monotonicClock, log })
  manager.ready(`listening at ${bridge.address}`)
  return untilStopped(bridge, log, () => {
    manager.stopping()
    reloads.end()
  })
}

async function askForVault({ accounts }: Config): Promise<Uint8Array> {
  if (accounts?.vault === undefined) throw new UsageError('--unlock: the configuration has no accounts.vault')
  const { askPassphrase } = await import('./passphrase.js')
  return askPassphrase('Passphrase of the vault: ')
}

/** The only board at another port. */
function withPort(devices: Config['devices'], port: string): Config['devices'] {
  const [only, ...others] = devices
  if (only?.kind === 'tezio' && others.length === 0) return [{ ...only, port }]
  throw new UsageError('--port is for a configuration with one board; write the port in its devices')
}

/** What hears the events of a daemon with this configuration. */
export function createTelemetry(config: Config): Telemetry {
  const keys = config.keys.map(({ publicKeyHash }) => publicKeyHash)
  return new Telemetry({ version: packageVersion(), keys, clock: monotonicClock })
}

/** Waits for SIGTERM or SIGINT and stops in order; a second signal ends the process where it stands. */
export function untilStopped(
  bridge: Bridge,
  log: Log,
  onStopping: () => void = () => undefined,
): Promise<ExitCode> {
  return new Promise((resolve, reject) => {
    let isStopping = false
    const stop = (signal: NodeJS.Signals) => {
      // Marks are durable before anything is signed: whatever is cut off here, the state is valid.
      if (isStopping) process.exit(EXIT.ok)
      isStopping = true
      onStopping()
      log.write('info', { event: 'server.stopping', signal })
      setTimeout(() => process.exit(EXIT.ok), STOP_LIMIT_MS).unref()
      bridge.close(STOP_GRACE_MS).then(() => {
        log.write('info', { event: 'server.stopped' })
        resolve(EXIT.ok)
      }, reject)
    }
    process.on('SIGTERM', stop)
    process.on('SIGINT', stop)
  })
}
