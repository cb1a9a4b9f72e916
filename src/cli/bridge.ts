import { join } from 'node:path'
import { monotonicClock } from '../clock.js'
import type { Config } from '../config/index.js'
import { TezioDevice, type KeyPin } from '../device/index.js'
import { GuardedSigner, markName, MarksJournal, type HeadCheck } from '../policy/index.js'
import { listen, type App, type Listener } from '../server/index.js'
import { createApps, type AppParts } from './apps.js'
import { eventSink, faultSink } from './event-sink.js'
import { createHeadCheck, isSameHeadCheck } from './head-check.js'
import { AUTHENTICATION_ALIAS, configuredKeys, type ConfiguredKeys } from './key-directory.js'
import type { AdjustableLog, Log } from './log.js'
import { neededMarks } from './mark-selection.js'
import { signingDevice } from './signing-device.js'

/** A bridge at work. */
export type Bridge = {
  /** Where the signer listens, `host:port`. */
  readonly address: string
  readonly adminAddress: string
  readonly device: TezioDevice
  /** Puts a configuration in force for the next request, in one step. It may differ only in what needs no restart. */
  readonly apply: (next: Config) => void
  /** Turns new requests away, lets the one in hand end, and gives everything back within `graceMs`. */
  readonly close: (graceMs: number) => Promise<void>
}

export type BridgeOptions = { readonly config: Config; readonly log: AdjustableLog; readonly version: string }

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
  const headCheck = createHeadCheck(config, store, eventSink(log))
  const signer = createSigner(config, log, { store, device, keys, headCheck })
  const parts: AppParts = { device, store, signer, version, onFault: faultSink(log) }
  const listeners: Listener[] = []
  const close = async (graceMs: number) => {
    const cancel = monotonicClock.after(graceMs, () => void device.close())
    await Promise.all([signer.close(), ...listeners.map((listener) => listener.close(graceMs))])
    cancel()
    await device.close()
    store.close()
  }
  try {
    const apps = createApps(config, parts)
    const control = await listenForControl(config, log, apps.control)
    listeners.push(...control)
    device.open()
    const admin = await listen(apps.admin, config.admin.listen)
    listeners.push(admin)
    const server = await listen(apps.signer, config.server.listen)
    listeners.push(server)
    log.write('info', { event: 'admin.listening', address: admin.address })
    log.write('info', { event: 'server.listening', address: server.address })
    const apply = applier({ config, headCheck, parts, log, listeners: { control, admin, server } })
    return { address: server.address, adminAddress: admin.address, device, apply, close }
  } catch (error) {
    await close(0)
    throw error
  }
}

/** What is in force, and what it is in force on. */
type InForce = {
  readonly config: Config
  readonly headCheck: HeadCheck | undefined
  readonly parts: AppParts
  readonly log: AdjustableLog
  readonly listeners: {
    readonly control: readonly Listener[]
    readonly admin: Listener
    readonly server: Listener
  }
}

/** Everything is made first; then it is exchanged without a pause in between, so that no request meets a half of it. */
function applier({ parts, log, listeners, ...start }: InForce): (next: Config) => void {
  let { config, headCheck } = start
  return (next) => {
    const { signer, store } = parts
    // The one that is replaced is not closed: requests in flight end with it, within its own deadline.
    if (!isSameHeadCheck(config, next)) headCheck = createHeadCheck(next, store, eventSink(log))
    config = next
    const apps = createApps(next, parts)
    signer.replaceRules({ keys: next.keys, headCheck })
    store.limitLevelGap(next.marks.maxLevelGap)
    for (const listener of listeners.control) listener.replaceApp(apps.control)
    listeners.admin.replaceApp(apps.admin)
    listeners.server.replaceApp(apps.signer)
    log.setLevel(next.logLevel)
    warnOfState(next, store, log)
  }
}

/** Without its control socket (a path over 107 bytes, say) the daemon signs all the same; only commands cannot ask it. */
async function listenForControl(config: Config, log: Log, app: App): Promise<readonly Listener[]> {
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

type Parts = {
  readonly store: MarksJournal
  readonly device: TezioDevice
  readonly keys: ConfiguredKeys
  readonly headCheck: HeadCheck | undefined
}

function createSigner(config: Config, log: Log, { store, device, keys, headCheck }: Parts): GuardedSigner {
  const aliases = new Map(config.keys.map((key) => [key.publicKeyHash, key.curveAlias]))
  return new GuardedSigner({
    keys: config.keys,
    headCheck,
    store,
    device: signingDevice(device, aliases),
    clock: monotonicClock,
    publicKeyOf: keys.publicKeyOf,
    authenticationKey: keys.authenticationKey,
    queueCapacity: QUEUE_CAPACITY,
    onEvent: eventSink(log),
  })
}
