import { join } from 'node:path'
import { monotonicClock } from '../clock.js'
import type { Config } from '../config/index.js'
import { TezioDevice, type DeviceEvent, type KeyPin } from '../device/index.js'
import {
  GuardedSigner,
  markName,
  MarksJournal,
  type SignerTrouble,
  type SignEvent,
  type StateEvent,
} from '../policy/index.js'
import { adminApp, controlApp, listen, signerApp, type Listener } from '../server/index.js'
import { assertNever } from '../tezos/index.js'
import { controlHandlers } from './control-handlers.js'
import { AUTHENTICATION_ALIAS, configuredKeys, type ConfiguredKeys } from './key-directory.js'
import type { Log, LogLevel } from './log.js'
import { neededMarks } from './mark-selection.js'
import { readiness } from './readiness.js'
import { signingDevice } from './signing-device.js'

/** A bridge at work. */
export type Bridge = {
  /** Where the signer listens, `host:port`. */
  readonly address: string
  readonly adminAddress: string
  readonly device: TezioDevice
  /** Turns new requests away, lets the one in hand end, and gives everything back within `graceMs`. */
  readonly close: (graceMs: number) => Promise<void>
}

export type BridgeOptions = { readonly config: Config; readonly log: Log; readonly version: string }

/** Requests that may wait for the device at once. */
const QUEUE_CAPACITY = 100

/** The name of the control socket in the state directory. */
export const CONTROL_SOCKET = 'control.sock'

/** Puts the parts together and starts them. Rejects with a StateError, or with the system's for an address in use. */
export async function startBridge({ config, log, version }: BridgeOptions): Promise<Bridge> {
  const store = openMarks(config, log)
  warnOfState(config, store, log)
  const device = createDevice(config, log)
  const keys = configuredKeys(config, device)
  const signer = createSigner(config, log, { store, device, keys })
  const listeners: Listener[] = []
  const close = async (graceMs: number) => {
    const cancel = monotonicClock.after(graceMs, () => void device.close())
    await Promise.all([signer.close(), ...listeners.map((listener) => listener.close(graceMs))])
    cancel()
    await device.close()
    store.close()
  }
  try {
    const onFault = faultSink(log)
    listeners.push(
      ...(await listenForControl(config, log, controlApp(controlHandlers(config, device, store), onFault))),
    )
    device.open()
    const { allowedHosts } = config.server
    const admin = await listen(
      adminApp({ readiness: () => readiness(device.health(), store.quarantines()), allowedHosts, onFault }),
      config.admin.listen,
    )
    listeners.push(admin)
    const app = signerApp({
      signer,
      keys,
      clock: monotonicClock,
      queueTimeoutMs: config.server.queueTimeoutMs,
      knownKeys: config.server.knownKeys,
      version,
      onFault,
      accept: { ...config.server, allowedPeers: config.allowedPeers },
    })
    const server = await listen(app, config.server.listen)
    listeners.push(server)
    log.write('info', { event: 'admin.listening', address: admin.address })
    log.write('info', { event: 'server.listening', address: server.address })
    return { address: server.address, adminAddress: admin.address, device, close }
  } catch (error) {
    await close(0)
    throw error
  }
}

/** Without its control socket (a path over 107 bytes, say) the daemon signs all the same; only commands cannot ask it. */
async function listenForControl(
  config: Config,
  log: Log,
  app: ReturnType<typeof controlApp>,
): Promise<readonly Listener[]> {
  try {
    return [await listen(app, { path: join(config.stateDir, CONTROL_SOCKET) })]
  } catch (error) {
    log.write('error', {
      event: 'control.not-listening',
      reason: error instanceof Error ? error.message : String(error),
    })
    return []
  }
}

function openMarks(config: Config, log: Log): MarksJournal {
  return MarksJournal.open({
    directory: config.stateDir,
    maxLevelGap: config.marks.maxLevelGap,
    onEvent: eventSink(log),
  })
}

/** What is refused each time, better said at the start: keys in quarantine, and marks that a key lacks. */
function warnOfState(config: Config, store: MarksJournal, log: Log): void {
  const known = new Set(store.marks().map(markName))
  for (const { key, since } of store.quarantines()) {
    const reason = `its device used one nonce for two payloads; since ${since} it signs nothing`
    log.write('error', { event: 'key.quarantined', key, reason })
  }
  for (const mark of neededMarks(config).filter((needed) => !known.has(markName(needed)))) {
    log.write('warn', { event: 'marks.missing', ...mark, remedy: 'tezio-bridge marks seed' })
  }
}

function createDevice(config: Config, log: Log): TezioDevice {
  const pins: KeyPin[] = config.keys.map(({ curveAlias: alias, publicKeyHash }) => ({ alias, publicKeyHash }))
  const { authenticationKey } = config
  if (authenticationKey !== undefined) {
    pins.push({ alias: AUTHENTICATION_ALIAS, publicKeyHash: authenticationKey.publicKeyHash })
  }
  return new TezioDevice({
    ...config.device,
    pins,
    onEvent: eventSink(log),
  })
}

type Parts = { readonly store: MarksJournal; readonly device: TezioDevice; readonly keys: ConfiguredKeys }

function createSigner(config: Config, log: Log, { store, device, keys }: Parts): GuardedSigner {
  const aliases = new Map(config.keys.map((key) => [key.publicKeyHash, key.curveAlias]))
  return new GuardedSigner({
    keys: config.keys,
    store,
    device: signingDevice(device, aliases),
    clock: monotonicClock,
    publicKeyOf: keys.publicKeyOf,
    authenticationKey: keys.authenticationKey,
    queueCapacity: QUEUE_CAPACITY,
    onEvent: eventSink(log),
  })
}

type BridgeEvent = DeviceEvent | StateEvent | SignEvent | SignerTrouble

/** Where all parts report to: one line for each event, as loud as it deserves. */
function eventSink(log: Log): (event: BridgeEvent) => void {
  return (event) => {
    log.write(levelOf(event), event)
  }
}

function faultSink(log: Log): (error: unknown) => void {
  return (error) => {
    log.write('error', {
      event: 'request.failed',
      reason: error instanceof Error ? error.stack : String(error),
    })
  }
}

/** How much an operator has to care. */
function levelOf(event: BridgeEvent): LogLevel {
  switch (event.event) {
    case 'device.command-finished':
      return 'debug'
    case 'signature.decided':
      return event.outcome === 'refused' ? 'warn' : 'info'
    case 'device.opened':
      return event.simulated ? 'warn' : 'info'
    case 'device.ready':
    case 'device.resynced':
    case 'journal.reopened':
    case 'journal.rolled':
      return 'info'
    case 'journal.write-failed':
    case 'signature.not-stored':
    case 'key.quarantined':
      return 'error'
    case 'device.open-failed':
    case 'device.lost':
    case 'device.sync-lost':
    case 'device.noise-discarded':
    case 'device.late-reply-discarded':
    case 'journal.torn-line-dropped':
      return 'warn'
    default:
      return assertNever(event)
  }
}
