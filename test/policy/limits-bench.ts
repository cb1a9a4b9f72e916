import { join } from 'node:path'
import { parseConfig, type Config } from '../../src/config/index.js'
import {
  GuardedSigner,
  MarksJournal,
  UNKNOWN_CALLER,
  type DeviceAnswer,
  type MarksJournalOptions,
  type SignEvent,
} from '../../src/policy/index.js'
import { concatBytes, MARK_KINDS, publicKeyHash, publicKeyHashBytes } from '../../src/tezos/index.js'
import { keySecret, payload } from '../tezos/golden-data.js'
import { MAINNET, ManualClock, onlyDevice, signWith, temporaryDirectory, testKeyOf, TZ1 } from './fixture.js'

/** The key of `TZ1`, which the recorded payloads get as their source. */
export const KEY = testKeyOf('ed25519', keySecret('1 ed25519'))

/** A recorded operation's bytes with the key as the source of its first content. */
export function own(name: string): Uint8Array {
  return withSource(payload(name))
}

/** The same of any operation. */
export function withSource(bytes: Uint8Array): Uint8Array {
  const sourceAt = 1 + 32 + 1
  return concatBytes(bytes.subarray(0, sourceAt), publicKeyHashBytes(TZ1), bytes.subarray(sourceAt + 21))
}

/** A configured key by its entry's YAML. */
export function configuredKey(entry: string): Config['keys'][number] {
  const lines = entry
    .trimEnd()
    .split('\n')
    .map((line) => `      ${line}\n`)
  const text = `policy:\n  signing_keys:\n    ${TZ1}:\n${lines.join('')}`
  const [key] = parseConfig(text, { file: '/etc/tezio/config.yaml', defaultStateDir: 'state' }).keys
  if (key === undefined) throw new Error('no key')
  return key
}

/** A real signer over a real journal and a fake device, with clocks that are set by hand. */
export class LimitsBench {
  readonly directory: string
  readonly clock = new ManualClock()
  readonly asked: Uint8Array[] = []
  readonly events: SignEvent[] = []
  wallClock = new Date('2026-11-20T12:00:00Z')
  answer: (payload: Uint8Array) => DeviceAnswer = (payload) => {
    return { outcome: 'signed', signature: signWith(KEY, payload) }
  }
  readonly #journal: Partial<MarksJournalOptions>
  #entry: string
  #store: MarksJournal
  #signer: GuardedSigner

  /** A directory that is given and has a journal is taken as it is. */
  constructor(entry: string, journal: Partial<MarksJournalOptions> = {}) {
    if (publicKeyHash(KEY.publicKey) !== TZ1) throw new Error('another key')
    this.#entry = entry
    this.#journal = journal
    this.directory = journal.directory ?? join(temporaryDirectory(), 'state')
    const seeds = MARK_KINDS.map((kind) => ({ chain: MAINNET, key: TZ1, kind, level: 0, round: 0 }))
    if (journal.directory === undefined) {
      MarksJournal.create({ directory: this.directory, maxLevelGap: 'off' }, seeds)
    }
    this.#store = this.#open()
    this.#signer = this.#start()
  }

  get store(): MarksJournal {
    return this.#store
  }

  /** What the device or the rules answer: `signed`, or the refusal's code. */
  async ask(payload: Uint8Array): Promise<string> {
    const result = await this.answerTo(payload)
    return result.outcome === 'signed' ? 'signed' : result.refusal.code
  }

  answerTo(payload: Uint8Array) {
    const patience = { deadlineAt: this.clock.now() + 1000, signal: undefined }
    const who = { requestId: 'r1', publicKeyHash: TZ1, authentication: undefined, caller: UNKNOWN_CALLER }
    return this.#signer.sign({ ...who, payload, ...patience })
  }

  /** Puts another entry in force, as a reload does. */
  reload(entry: string): void {
    this.#entry = entry
    this.#signer.replaceRules({ keys: [configuredKey(entry)], authentication: { keys: [] } })
  }

  restart(): void {
    this.#store.close()
    this.#store = this.#open()
    this.#signer = this.#start()
  }

  close(): void {
    this.#store.close()
  }

  #open(): MarksJournal {
    const { directory } = this
    return MarksJournal.open({
      ...{ directory, maxLevelGap: 'off', wallClock: () => this.wallClock, ...this.#journal },
    })
  }

  #start(): GuardedSigner {
    return new GuardedSigner({
      ...{ keys: [configuredKey(this.#entry)], store: this.#store, clock: this.clock, queueCapacity: 10 },
      ...{ publicKeyOf: () => KEY.publicKey, authentication: { keys: [] } },
      wallClock: () => this.wallClock,
      devices: onlyDevice({
        name: 'board',
        isReady: () => true,
        ready: () => Promise.resolve(undefined),
        sign: (_, payload) => {
          this.asked.push(payload)
          return Promise.resolve(this.answer(payload))
        },
      }),
      onEvent: (event) => {
        if (event.event === 'signature.decided') this.events.push(event)
      },
    })
  }
}
