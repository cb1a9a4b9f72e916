import { signingDevice } from '../../src/cli/signing-device.js'
import { TezioDevice, type DeviceEvent, type KeyPin, type LinkBinding } from '../../src/device/index.js'
import {
  GuardedSigner,
  MarksJournal,
  type KeyRules,
  type MarksJournalOptions,
  type Position,
  type RaiseOutcome,
  type SignerEvent,
  type SignResult,
  type StateEvent,
  type StateFiles,
  UNKNOWN_CALLER,
} from '../../src/policy/index.js'
import type { PublicKeyHash } from '../../src/tezos/index.js'
import { aroundFiles, onlyDevice, systemError } from '../policy/fixture.js'
import type { SimulatedDisk } from '../policy/simulated-disk.js'
import { ALIAS, CHAINS } from './place.js'
import type { VirtualTime } from './virtual-time.js'

/** The machine a process runs on. */
export type Host = {
  readonly directory: string
  readonly disk: SimulatedDisk
  readonly binding: LinkBinding
  readonly time: VirtualTime
  readonly journal?: Partial<MarksJournalOptions>
}

/** Everything a process tells. */
export type ProcessEvent = DeviceEvent | StateEvent | SignerEvent

/** The address a board's key has at a place; the tz1 and the tz3 key are pinned. */
const PINS: readonly KeyPin[] = [...ALIAS].map(([publicKeyHash, alias]) => ({ alias, publicKeyHash }))

/** The defaults of `device.timeout_ms` and `server.queue_timeout_ms`. */
const SIGN_TIMEOUT_MS = 1500
const QUEUE_TIMEOUT_MS = 4000
const QUEUE_CAPACITY = 100

/**
 * The bridge as `serve` puts it together, without HTTP: guarded signer, journal and driver. Once it died nothing it
 * does reaches the disk, the port or a client, at whatever step it was.
 */
export class BridgeProcess {
  readonly device: TezioDevice
  readonly journal: MarksJournal
  readonly events: ProcessEvent[] = []
  readonly #signer: GuardedSigner
  readonly #time: VirtualTime
  #isAlive = true
  /** Whether the journal can take a mark, as far as it told. */
  isSound = true

  /** Opens the journal and begins to look for the board. Throws what the journal throws. */
  constructor(host: Host) {
    this.#time = host.time
    const onEvent = (event: ProcessEvent) => {
      this.#hear(event)
    }
    this.journal = MarksJournal.open({
      ...{ directory: host.directory, maxLevelGap: 'off', ...host.journal, onEvent },
      files: this.#filesOf(host.disk),
    })
    this.device = new TezioDevice({
      ...{ port: 'auto', timeoutMs: SIGN_TIMEOUT_MS, pins: PINS, clock: host.time, onEvent },
      binding: this.#portsOf(host.binding),
    })
    this.#signer = new GuardedSigner({
      ...{ keys: [...ALIAS.keys()].map(rulesOf), store: this.journal, clock: host.time, onEvent },
      devices: onlyDevice(signingDevice('board', this.device, ALIAS)),
      publicKeyOf: (key) => {
        const alias = ALIAS.get(key)
        return alias === undefined ? undefined : this.device.keys().get(alias)
      },
      authentication: { keys: [] },
      queueCapacity: QUEUE_CAPACITY,
    })
    this.device.open()
  }

  get isAlive(): boolean {
    return this.#isAlive
  }

  /** What a client hears; nothing, when the process died before it could answer. */
  async sign(key: PublicKeyHash, payload: Uint8Array): Promise<SignResult | 'nothing'> {
    const deadlineAt = this.#time.now() + QUEUE_TIMEOUT_MS
    const request = {
      requestId: 'r1',
      publicKeyHash: key,
      payload,
      authentication: undefined,
      caller: UNKNOWN_CALLER,
      deadlineAt,
      signal: undefined,
    }
    const result = await this.#signer.sign(request)
    return this.#isAlive ? result : 'nothing'
  }

  raise(position: Position): RaiseOutcome {
    return this.journal.raise(position)
  }

  /** The process is no more, as of now, as after kill -9. */
  die(): void {
    this.#isAlive = false
  }

  /** Ends in order, as after SIGTERM. */
  async stop(): Promise<void> {
    await this.#time.settle(this.#signer.close())
    await this.bury()
  }

  /** What the system does with a process that ended: its port and its files are closed, its lock is given back. */
  async bury(): Promise<void> {
    this.die()
    await this.#time.settle(this.device.close())
    this.journal.close()
  }

  #hear(event: ProcessEvent): void {
    this.events.push(event)
    if (event.event === 'journal.write-failed') this.isSound = false
    if (event.event === 'journal.reopened') this.isSound = true
  }

  /** What a dead process asks for is not done, and one whose disk saw it die is dead. */
  #filesOf(disk: SimulatedDisk): StateFiles {
    return aroundFiles((operation, call) => {
      if (!this.#isAlive && operation !== 'closeSync') throw systemError('EDEAD')
      try {
        return call()
      } finally {
        if (disk.isDead) this.die()
      }
    }, disk.files)
  }

  /** The port; bytes that were handed over before the death still arrive. */
  #portsOf(binding: LinkBinding): LinkBinding {
    return {
      list: () => binding.list(),
      open: async (options) => {
        const port = await binding.open(options)
        const write = port.write.bind(port)
        port.write = (bytes) => (this.#isAlive ? write(bytes) : Promise.reject(systemError('EDEAD')))
        return port
      },
    }
  }
}

function rulesOf(publicKeyHash: PublicKeyHash): KeyRules {
  const chains = [...CHAINS]
  return {
    publicKeyHash,
    allowedMagicBytes: [0x03, 0x05, 0x11, 0x12, 0x13],
    allow: undefined,
    chains,
    requiresAuthentication: false,
  }
}
