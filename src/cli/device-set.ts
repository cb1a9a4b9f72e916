import { isTezio, type Config, type Pkcs11DeviceConfig, type TezioDeviceConfig } from '../config/index.js'
import {
  TezioDevice,
  type BoardKeys,
  type DeviceEventSink,
  type DeviceHealth,
  type KeyPin,
} from '../device/index.js'
import type { NamedDeviceEvent } from '../telemetry/index.js'
import type { DeviceAnswer, DeviceRoutes, SigningDevice } from '../policy/index.js'
import type { PublicKey, PublicKeyHash } from '../tezos/index.js'
import { boardEthereum, ethereumTokenKey, tokenEthereum, type DeviceEthereum } from './device-ethereum.js'
import { AUTHENTICATION_ALIAS } from './key-directory.js'
import { pkcs11SigningDevice } from './pkcs11-signing-device.js'
import { orFailure, signingDevice } from './signing-device.js'
import { packageFile } from './version.js'

/** Where a board has its Ed25519 key. */
const LABEL_ALIAS = 1

/** A configured device at work. */
export type ConfiguredDevice = {
  readonly name: string
  readonly kind: 'tezio' | 'pkcs11'
  readonly signing: SigningDevice
  readonly health: () => DeviceHealth
  /** A configured key as the device last told it. */
  readonly publicKeyOf: (key: PublicKeyHash) => PublicKey | undefined
  /** All keys of a board by their places; none of a token. */
  readonly boardKeys: () => BoardKeys
  /** What it does for the key of Ethereum; `undefined` where that is on another device. */
  readonly ethereum: DeviceEthereum | undefined
  /** One attempt at a board's Ed25519 signature over bytes; `undefined` on a token. */
  readonly signLabel: ((label: Uint8Array) => Promise<DeviceAnswer>) | undefined
  readonly open: () => void
  /** Resolves when it was found for the first time; rejects with the DeviceError of the first attempt that failed. */
  readonly firstContact: (ms: number) => Promise<void>
  readonly close: () => Promise<void>
}

/** All configured devices. */
export class DeviceSet {
  readonly list: readonly ConfiguredDevice[]
  readonly #config: Config

  private constructor(config: Config, list: readonly ConfiguredDevice[]) {
    this.#config = config
    this.list = list
  }

  /** Makes them; nothing is opened yet. `pins` are the PINs of tokens by their names. */
  static async create(
    config: Config,
    pins: ReadonlyMap<string, string>,
    onEvent: (event: NamedDeviceEvent) => void,
  ): Promise<DeviceSet> {
    const list: ConfiguredDevice[] = []
    for (const device of config.devices) {
      const tell: DeviceEventSink = (event) => {
        onEvent({ ...event, device: device.name })
      }
      list.push(
        isTezio(device)
          ? boardDevice(config, device, tell)
          : await tokenDevice(config, device, pins.get(device.name) ?? '', tell),
      )
    }
    return new DeviceSet(config, list)
  }

  /** Which devices hold which key. */
  routes(): DeviceRoutes {
    const { keys, authenticationKey, returnAfterMs: quietMs } = this.#config
    const byKey = new Map(keys.map((key) => [key.publicKeyHash, this.#named(key.devices)]))
    return {
      of: (key) => (byKey.get(key) ?? []).map(({ signing }) => signing),
      verifying: this.#named(authenticationKey?.devices ?? []).map(({ signing }) => signing),
      quietMs,
    }
  }

  /** A configured key, as one of its devices told it. */
  publicKeyOf(key: PublicKeyHash): PublicKey | undefined {
    for (const device of this.list) {
      const found = device.publicKeyOf(key)
      if (found !== undefined) return found
    }
    return undefined
  }

  /** Resolves when all were found for the first time; rejects with the DeviceError of the first attempt that failed. */
  async firstContact(ms: number): Promise<void> {
    await Promise.all(this.list.map((device) => device.firstContact(ms)))
  }

  open(): void {
    for (const device of this.list) device.open()
  }

  async close(): Promise<void> {
    await Promise.all(this.list.map((device) => device.close()))
  }

  #named(names: readonly string[]): readonly ConfiguredDevice[] {
    return names.flatMap((name) => this.list.find((device) => device.name === name) ?? [])
  }
}

/** Every board is pinned to the keys that it should hold. */
function boardDevice(config: Config, board: TezioDeviceConfig, onEvent: DeviceEventSink): ConfiguredDevice {
  const { name } = board
  const held = config.keys.filter((key) => key.devices.includes(name))
  const pins: KeyPin[] = held.map(({ curveAlias: alias, publicKeyHash }) => ({ alias, publicKeyHash }))
  const { authenticationKey } = config
  if (authenticationKey?.devices.includes(name) === true) {
    pins.push({ alias: AUTHENTICATION_ALIAS, publicKeyHash: authenticationKey.publicKeyHash })
  }
  const { port, serialNumber, timeoutMs } = board
  const isEthereums = config.ethereum?.key.device === name
  const device = new TezioDevice({ port, serialNumber, timeoutMs, pins, asksInfo: isEthereums, onEvent })
  const aliases = new Map(pins.map(({ alias, publicKeyHash }) => [publicKeyHash, alias]))
  return {
    ...{ name, kind: 'tezio', signing: signingDevice(name, device, aliases) },
    health: () => device.health(),
    boardKeys: () => device.keys(),
    ethereum: isEthereums ? boardEthereum(device) : undefined,
    signLabel: (label) =>
      orFailure(async () => ({ outcome: 'signed', signature: await device.sign(LABEL_ALIAS, label) })),
    publicKeyOf: (key) => {
      const alias = aliases.get(key)
      return alias === undefined ? undefined : device.keys().get(alias)
    },
    open: () => {
      device.open()
    },
    firstContact: (ms) => device.firstContact(ms),
    close: () => device.close(),
  }
}

/** A token's driver is loaded only where one is configured. */
async function tokenDevice(
  config: Config,
  token: Pkcs11DeviceConfig,
  pin: string,
  onEvent: DeviceEventSink,
): Promise<ConfiguredDevice> {
  const { Pkcs11Device } = await import('../device/pkcs11/index.js')
  const { name, module, timeoutMs } = token
  const keys = token.keys.flatMap(({ publicKeyHash, label, id }) => {
    const key = config.keys.find((one) => one.publicKeyHash === publicKeyHash)
    return key === undefined ? [] : [{ ...key, label, id }]
  })
  const ethereum = await ethereumTokenKey(config, name)
  const ethereumKeys = ethereum === undefined ? [] : [ethereum]
  const device = new Pkcs11Device({
    ...{ module, token: token.token, pin, keys, ethereumKeys, timeoutMs, onEvent },
    worker: packageFile('dist/src/device/pkcs11/worker.js'),
  })
  return {
    ...{ name, kind: 'pkcs11', signing: pkcs11SigningDevice(name, device) },
    health: () => device.health(),
    boardKeys: () => new Map(),
    ethereum: ethereum && tokenEthereum(device, ethereum.address),
    signLabel: undefined,
    publicKeyOf: (key) => device.publicKeys().get(key),
    open: () => {
      device.open()
    },
    firstContact: (ms) => device.firstContact(ms),
    close: () => device.close(),
  }
}
