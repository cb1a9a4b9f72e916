import { fileURLToPath } from 'node:url'
import { monotonicClock } from '../clock.js'
import type { Config } from '../config/index.js'
import { GuardedSigner, type HeadCheck } from '../policy/index.js'
import { listen, LivePage, loadAssets, type Listener, type ListeningAddress } from '../server/index.js'
import type { Telemetry } from '../telemetry/index.js'
import { createApps, type AppParts } from './apps.js'
import { authenticationRules } from './callers.js'
import { CertificateWatch } from './certificate-watch.js'
import { DeviceSet } from './device-set.js'
import { eventSink, faultSink, type EventSink } from './event-sink.js'
import { createHeadCheck, isSameHeadCheck } from './head-check.js'
import { areSameHooks, createHooks } from './hooks.js'
import { openEthereum } from './open-ethereum.js'
import { configuredKeys, type ConfiguredKeys } from './key-directory.js'
import { listenForClients, listenForControl, logListening } from './listeners.js'
import type { AdjustableLog, Log } from './log.js'
import { openSockets, type OpenSocket } from './socket-listeners.js'
import { openMarks, type OwnMarks } from './own-marks.js'
import { missingMarks } from './mark-selection.js'
import type { ServedConfig } from './served-config.js'
import { telemetrySources } from './telemetry-sources.js'
import { packageFile, packageVersion } from './version.js'

/** A bridge at work. */
export type Bridge = {
  /** Where the signer listens, `host:port`. */
  readonly address: string
  readonly adminAddress: string
  readonly devices: DeviceSet
  /** Puts a configuration in force for the next request, in one step. It may differ only in what needs no restart. */
  readonly apply: (next: ServedConfig) => void
  /** Turns new requests away, lets the one in hand end, and gives everything back within `graceMs`. */
  readonly close: (graceMs: number) => Promise<void>
}

export type BridgeOptions = {
  readonly config: ServedConfig
  readonly log: AdjustableLog
  readonly telemetry: Telemetry
}

/** Where the build puts the operator's page. */
const PAGE = fileURLToPath(packageFile('dist/src/server/page/'))

/** Requests that may wait for one device at once. */
const QUEUE_CAPACITY = 100

/** Puts the parts together and starts them. Rejects with a StateError, or with the system's for an address in use. */
export async function startBridge({ config, log, telemetry }: BridgeOptions): Promise<Bridge> {
  const onEvent = eventSink(log, telemetry)
  const store = await openMarks(config, onEvent)
  warnOfState(config, store, log)
  const onFault = faultSink(log)
  const devices = await DeviceSet.create(config, config.credentials.pins, (event) => {
    onEvent(event)
    // now the keys are known, and the first signature is not there yet
    if (event.event === 'device.ready') signer.prepare().catch(onFault)
  })
  const keys = configuredKeys(config, devices)
  const headCheck = createHeadCheck(config, store, onEvent)
  const hooks = createHooks(config, onEvent)
  const signer = createSigner(config, onEvent, { store, devices, keys, headCheck, hooks })
  const ethereum = await openEthereum(config, { devices, signer, onEvent }).catch(async (error: unknown) => {
    await store.close() // a section that is refused leaves nothing open that would keep the process
    throw error
  })
  const version = packageVersion()
  const page = new LivePage({
    ...{ source: telemetry, assets: loadAssets(version, PAGE), clock: monotonicClock, onFault },
  })
  const listening: ListeningAddress[] = []
  const parts: AppParts = {
    ...{ devices, store, signer, ethereum, telemetry, page, version, listening },
    ...{ onFault, onRefused: onEvent, queueCapacity: QUEUE_CAPACITY },
  }
  telemetry.attach(telemetrySources(config, parts))
  const certificates = new CertificateWatch(monotonicClock, onEvent)
  const listeners: Pick<Listener, 'close'>[] = []
  const sockets: OpenSocket[] = []
  const close = async (graceMs: number) => {
    certificates.close()
    page.close() // its streams never end by themselves
    const cancel = monotonicClock.after(graceMs, () => void devices.close())
    const closing = [signer.close(), ethereum?.close()]
    await Promise.all([...closing, ...listeners.map((listener) => listener.close(graceMs))])
    cancel()
    await devices.close()
    await ethereum?.end()
    await store.close()
  }
  try {
    devices.open() // a board's line has to be quiet for a while: the listeners come up meanwhile
    const apps = createApps(config, parts)
    const control = await listenForControl(config, log, apps.control)
    listeners.push(...control)
    const admin = await listen(apps.admin, config.admin.listen)
    listeners.push(admin)
    const server = await listenForClients(config, apps.signer, onEvent)
    listeners.push(server)
    await openSockets(config, apps.sockets, parts, (socket) => {
      sockets.push(socket)
      listeners.push(socket.listener)
    })
    listening.push(
      { transport: 'http', address: server.address },
      ...sockets.map(({ transport, listener }) => ({ transport, address: listener.address })),
      { transport: 'admin', address: admin.address },
    )
    logListening(listening, config, log)
    certificates.watch(config.credentials.tls)
    const apply = applier({
      ...{ config, headCheck, hooks, parts, log, onEvent, certificates },
      listeners: { control, admin, server, sockets },
    })
    return { address: server.address, adminAddress: admin.address, devices, apply, close }
  } catch (error) {
    await close(0)
    throw error
  }
}

/** What is in force, and what it is in force on. */
type InForce = {
  readonly config: ServedConfig
  readonly headCheck: HeadCheck | undefined
  readonly hooks: ReturnType<typeof createHooks>
  readonly parts: AppParts
  readonly log: AdjustableLog
  readonly onEvent: EventSink
  readonly certificates: CertificateWatch
  readonly listeners: {
    readonly control: readonly Listener[]
    readonly admin: Listener
    readonly server: Listener
    readonly sockets: readonly OpenSocket[]
  }
}

/** Everything is made first; then it is exchanged without a pause in between, so that no request meets a half of it. */
function applier({
  parts,
  log,
  onEvent,
  certificates,
  listeners,
  ...start
}: InForce): (next: ServedConfig) => void {
  let { config, headCheck, hooks } = start
  return (next) => {
    const { signer, store } = parts
    // The one that is replaced is not closed: requests in flight end with it, within its own deadline.
    if (!isSameHeadCheck(config, next)) headCheck = createHeadCheck(next, store, onEvent)
    if (!areSameHooks(config, next)) hooks = createHooks(next, onEvent)
    config = next
    const apps = createApps(next, parts)
    const { tls } = next.credentials
    if (tls !== undefined) listeners.server.replaceTls(tls)
    certificates.watch(tls)
    const authentication = authenticationRules(next, parts.devices)
    signer.replaceRules({ keys: next.keys, authentication, headCheck, hooks })
    parts.telemetry.attach(telemetrySources(next, parts))
    store.limitLevelGap(next.marks.maxLevelGap)
    for (const listener of listeners.control) listener.replaceApp(apps.control)
    listeners.admin.replaceApp(apps.admin)
    listeners.server.replaceApp(apps.signer)
    for (const { listener } of listeners.sockets) listener.replaceService(apps.sockets)
    log.setLevel(next.logLevel)
    warnOfState(next, store, log)
  }
}

/** What is refused each time, better said at the start: keys in quarantine, and marks that a key lacks. */
function warnOfState(config: Config, store: OwnMarks, log: Log): void {
  for (const { key, since } of store.quarantines()) {
    const reason = `its device used one nonce for two payloads; since ${since} it signs nothing`
    log.write('error', { event: 'key.quarantined', key, reason })
  }
  for (const mark of missingMarks(config, store.marks())) {
    log.write('warn', { event: 'marks.missing', ...mark, remedy: 'tezio-bridge marks seed' })
  }
}

type Parts = {
  readonly store: OwnMarks
  readonly devices: DeviceSet
  readonly keys: ConfiguredKeys
  readonly headCheck: HeadCheck | undefined
  readonly hooks: ReturnType<typeof createHooks>
}

function createSigner(
  config: Config,
  onEvent: EventSink,
  { store, devices, keys, headCheck, hooks }: Parts,
): GuardedSigner {
  return new GuardedSigner({
    keys: config.keys,
    headCheck,
    hooks,
    store,
    devices: devices.routes(),
    clock: monotonicClock,
    publicKeyOf: keys.publicKeyOf,
    authentication: authenticationRules(config, devices),
    queueCapacity: QUEUE_CAPACITY,
    onEvent,
  })
}
