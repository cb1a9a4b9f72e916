import { isDeepStrictEqual } from 'node:util'
import {
  isTezio,
  ONLY_DEVICE,
  type Config,
  type Credentials,
  type DeviceConfig,
  type KeyConfig,
  type TezioDeviceConfig,
} from '../config/index.js'
import type { Bridge } from './bridge.js'
import type { EventSink } from './event-sink.js'
import type { Log } from './log.js'
import type { ServedConfig } from './served-config.js'

/** When a changed setting counts: for the next request, only after a restart, or not for a running daemon at all. */
type Effect = 'next-request' | 'restart' | 'none'

/** Every setting with its effect and its name in the file: one that is missing here does not compile. */
type Settings<Section> = Readonly<Record<keyof Section, readonly [effect: Effect, name: string]>>

const TOP: Settings<Omit<Config, 'server' | 'keys' | 'marks'>> = {
  file: ['none', ''],
  devices: ['none', ''], // by themselves, below
  returnAfterMs: ['restart', 'failover.return_after_s'],
  admin: ['restart', 'admin.listen'],
  allowedPeers: ['next-request', 'allowed_ips'],
  chains: ['none', 'chains'], // the default for keys, where it shows
  headCheck: ['next-request', 'head_check'],
  stateDir: ['restart', 'state_dir'],
  ethereum: ['restart', 'ethereum'],
  accounts: ['restart', 'accounts'],
  authenticationKey: ['restart', 'policy.auth_key'],
  authorizedKeys: ['next-request', 'policy.authorized_keys'],
  clients: ['next-request', 'policy.clients'],
  seeds: ['none', 'high_water_marks'], // what init reads
  logLevel: ['next-request', 'verbose'],
  warnings: ['none', ''],
}

const MARKS: Settings<Config['marks']> = {
  maxLevelGap: ['next-request', 'marks.max_level_gap'],
  shared: ['restart', 'marks.postgresql, marks.dynamodb'],
}

const BOARD: Settings<Omit<TezioDeviceConfig, 'name'>> = {
  kind: ['restart', 'kind'],
  port: ['restart', 'port'],
  serialNumber: ['restart', 'serial_number'],
  timeoutMs: ['restart', 'timeout_ms'],
}

const SERVER: Settings<Config['server']> = {
  listen: ['restart', 'server.listen'],
  unix: ['restart', 'server.unix'],
  tcp: ['restart', 'server.tcp'],
  pathPrefix: ['next-request', 'server.path_prefix'],
  allowedHosts: ['next-request', 'server.allowed_hosts'],
  knownKeys: ['next-request', 'server.known_keys'],
  queueTimeoutMs: ['next-request', 'server.queue_timeout_ms'],
  trustedProxies: ['next-request', 'server.trusted_proxies'],
  transport: ['restart', 'server.tls'], // whether there is TLS, and whether clients need certificates
  tls: ['next-request', 'server.tls'],
  tokenHeader: ['next-request', 'server.token_header'],
}

/** By their contents: the files may be other ones although the configuration is the same. */
const CREDENTIALS: Settings<Required<Credentials>> = {
  vaultPassphrase: ['none', ''], // typed once
  tls: ['next-request', 'server.tls (files)'],
  tokens: ['next-request', 'policy.clients (token files)'],
  pins: ['restart', 'devices (PIN files)'],
  accountsPin: ['restart', 'accounts.hsm (PIN file)'],
  claimsKey: ['restart', 'ethereum.claims (key file)'],
}

const KEY: Settings<KeyConfig> = {
  publicKeyHash: ['restart', ''],
  curve: ['restart', 'curve_alias'],
  devices: ['restart', 'devices'],
  curveAlias: ['restart', 'curve_alias'],
  publicKey: ['restart', 'public_key'],
  allowedMagicBytes: ['next-request', 'allowed_ops'],
  allow: ['next-request', 'allow'],
  chains: ['next-request', 'chains'],
  hook: ['next-request', 'hook'],
  requiresAuthentication: ['next-request', 'auth_req'],
  clients: ['next-request', 'clients'],
  transactions: ['next-request', 'transactions'],
  hours: ['next-request', 'hours'],
  perMinute: ['next-request', 'per_minute'],
}

/** How two configurations differ, by the names of what does: no values, for they could be secret. */
export type ConfigChange = { readonly changed: readonly string[]; readonly needsRestart: readonly string[] }

/** What a running daemon with `old` would have to change for `next`. */
export function compareConfigs(old: ServedConfig, next: ServedConfig): ConfigChange {
  const changes = [
    ...changesOf(TOP, old, next),
    ...changesOf(MARKS, old.marks, next.marks),
    ...deviceChanges(old.devices, next.devices),
    ...changesOf(SERVER, old.server, next.server),
    ...changesOf(CREDENTIALS, old.credentials, next.credentials),
    ...keyChanges(old.keys, next.keys),
  ]
  const names = (effect: Effect) => changes.filter(([one]) => one === effect).map(([, name]) => name)
  return { changed: names('next-request'), needsRestart: names('restart') }
}

type Change = readonly [effect: Effect, name: string]

/** A board is told value by value, under the name that its section has. */
function deviceChanges(old: readonly DeviceConfig[], next: readonly DeviceConfig[]): readonly Change[] {
  const names = (devices: readonly DeviceConfig[]) => devices.map(({ name, kind }) => `${name} ${kind}`)
  if (!isDeepStrictEqual(names(old), names(next))) return [['restart', 'devices']]
  return next.flatMap((device, index) => {
    const before = old[index]
    const section = device.name === ONLY_DEVICE ? 'device' : `devices.${device.name}`
    if (before === undefined || isDeepStrictEqual(before, device)) return []
    if (!isTezio(device)) return [['restart', section]]
    return changesOf(BOARD, before, device).map(([effect, name]): Change => [effect, `${section}.${name}`])
  })
}

function keyChanges(old: readonly KeyConfig[], next: readonly KeyConfig[]): readonly Change[] {
  const added = next.filter((key) => !old.some((one) => one.publicKeyHash === key.publicKeyHash))
  if (added.length > 0 || old.length !== next.length) return [['restart', 'policy.signing_keys']]
  return next.flatMap((key) => {
    const before = old.find((one) => one.publicKeyHash === key.publicKeyHash)
    if (before === undefined) return []
    const place = `policy.signing_keys.${key.publicKeyHash}`
    return changesOf(KEY, before, key).map(([effect, name]): Change => [effect, `${place}.${name}`])
  })
}

function changesOf(settings: Readonly<Record<string, Change>>, old: object, next: object): readonly Change[] {
  const before = new Map<string, unknown>(Object.entries(old))
  const after = new Map<string, unknown>(Object.entries(next))
  return Object.entries(settings)
    .filter(([name]) => !isDeepStrictEqual(before.get(name), after.get(name)))
    .map(([, change]) => change)
}

/** What can be reloaded. */
export type Reloadable = Pick<Bridge, 'apply'>

/**
 * Reads the configuration anew when it is told to. All of it comes into force, or nothing: a file that is refused, or
 * that changes what needs a restart, leaves everything as it is. Before the start is done a reload is put off, and
 * once the daemon stops there are no more.
 */
export class Reloads {
  readonly #load: () => ServedConfig
  readonly #log: Log
  readonly #onEvent: EventSink
  #config: ServedConfig
  #bridge: Reloadable | undefined
  #isAsked = false
  #hasEnded = false

  /** `config` is what the daemon starts with; `load` reads it again and throws a ConfigError where it is refused. */
  constructor(config: ServedConfig, load: () => ServedConfig, log: Log, onEvent: EventSink) {
    this.#config = config
    this.#load = load
    this.#log = log
    this.#onEvent = onEvent
  }

  /** Reloads, or makes a note of it while there is nothing to reload yet. */
  request(): void {
    if (this.#hasEnded) return
    if (this.#bridge === undefined) this.#isAsked = true
    else this.#reload(this.#bridge)
  }

  /** The daemon serves now: what was asked for before is done. */
  begin(bridge: Reloadable): void {
    this.#bridge = bridge
    if (this.#isAsked) this.#reload(bridge)
  }

  /** The daemon stops. */
  end(): void {
    this.#hasEnded = true
  }

  #reload(bridge: Reloadable): void {
    const next = this.#read()
    if (next === undefined) return
    const { changed, needsRestart } = compareConfigs(this.#config, next)
    if (needsRestart.length > 0) {
      const reason = `${needsRestart.join(', ')}: needs a restart; nothing was changed`
      this.#onEvent({ event: 'config.reload-refused', reason, needsRestart })
      return
    }
    bridge.apply(next)
    this.#config = next
    this.#onEvent({ event: 'config.reloaded', changed })
    reportWarnings(next, this.#log)
  }

  #read(): ServedConfig | undefined {
    try {
      return this.#load()
    } catch (error) {
      // Whatever is wrong with the file, it must not end a daemon that signs.
      const reason = error instanceof Error ? error.message : String(error)
      this.#onEvent({ event: 'config.reload-refused', reason })
      return undefined
    }
  }
}

/** What is accepted but deserves a word. */
export function reportWarnings({ warnings }: Config, log: Log): void {
  for (const warning of warnings) {
    log.write('warn', { event: 'config.warned', code: warning, reason: warning })
  }
}
