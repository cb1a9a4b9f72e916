import { join } from 'node:path'
import {
  GuardedSigner,
  MarksJournal,
  UNKNOWN_CALLER,
  type DeviceAnswer,
  type DeviceFailureCode,
  type DeviceJudgement,
  type DeviceRoutes,
  type GuardedSignerOptions,
  type KeyRules,
  type SignerEvent,
  type SignRequest,
  type SignResult,
} from '../../src/policy/index.js'
import { MARK_KINDS, payloadDigest, verifySignature, type PublicKeyHash } from '../../src/tezos/index.js'
import { ComingDevice, settle } from './coming-device.js'
import {
  MAINNET,
  ManualClock,
  signWith,
  signWithNonce,
  temporaryDirectory,
  testKey,
  type TestKey,
} from './fixture.js'

/** How long a device must have been without a fault before it is preferred again. */
export const QUIET_MS = 60_000

/** How long a request waits. */
export const PATIENCE_MS = 4000

/** As long as a board may take for a signature; the driver gives up then. */
export const BOARD_MS = 1500

/** What proves who asks, where the boards verify. Both hold it. */
export const AUTHENTICATION = testKey('p256', 0x77)

/** How a board ends what it is at; all failures but `device-busy` come after bytes went out. */
export type Ending = 'signed' | 'wrong-signature' | 'old-nonce' | DeviceFailureCode

/** One command to sign that reached a board, at an instant of the clock. */
export type Logged = { readonly at: number; readonly key: PublicKeyHash; readonly payload: Uint8Array }

type Work = Logged & { readonly end: (how: Ending) => void }

/** A board that signs when it is told to, with nonces that no other uses, and gives up after `BOARD_MS`. */
export class TwinBoard extends ComingDevice {
  readonly log: Logged[] = []
  /** Authentications that it was asked to verify. */
  verified = 0
  /** How the next verification fails. */
  verifyFailure: DeviceFailureCode | undefined
  readonly #keys: ReadonlyMap<PublicKeyHash, TestKey>
  readonly #firstNonce: bigint
  #nonce: bigint
  #work: Work | undefined

  constructor(name: string, clock: ManualClock, keys: readonly TestKey[], firstNonce: bigint) {
    super(name, clock)
    this.#keys = new Map(keys.map((key) => [key.hash, key]))
    this.#firstNonce = firstNonce
    this.#nonce = firstNonce
  }

  get work(): Work | undefined {
    return this.#work
  }

  readonly sign = (key: PublicKeyHash, payload: Uint8Array): Promise<DeviceAnswer> => {
    if (this.#work !== undefined) throw new Error(`${this.name} is at work already`)
    return new Promise((resolve) => {
      const at = this.clock.now()
      const end = (how: Ending) => {
        cancel()
        this.#work = undefined
        if (how !== 'device-busy') this.log.push({ at, key, payload })
        resolve(this.#answer(key, payload, how))
      }
      const cancel = this.clock.after(BOARD_MS, () => {
        end('device-timeout')
      })
      this.#work = { at, key, payload, end }
    })
  }

  readonly verify = (message: Uint8Array, signature: Uint8Array): Promise<DeviceJudgement> => {
    this.verified += 1
    const code = this.verifyFailure
    if (code !== undefined) return Promise.resolve(failure(code))
    const isValid = verifySignature(AUTHENTICATION.publicKey, payloadDigest(message), signature)
    return Promise.resolve({ outcome: 'verified', isValid })
  }

  /** A driver fails what is in flight when the board goes. */
  override become(state: 'up' | 'away' | 'syncing'): void {
    if (state !== 'up') this.#work?.end('device-lost')
    super.become(state)
  }

  #answer(hash: PublicKeyHash, payload: Uint8Array, how: Ending): DeviceAnswer {
    const key = this.#keys.get(hash)
    if (key === undefined) return failure('device-refused')
    if (how === 'wrong-signature') return { outcome: 'signed', signature: new Uint8Array(64).fill(7) }
    if (how !== 'signed' && how !== 'old-nonce') return failure(how)
    if (key.curve === 'ed25519') return { outcome: 'signed', signature: signWith(key, payload) }
    const nonce = how === 'old-nonce' ? this.#firstNonce : this.#nonce++
    return { outcome: 'signed', signature: signWithNonce(key, payload, nonce) }
  }
}

function failure(code: DeviceFailureCode) {
  return { outcome: 'failed', code, message: code, sent: code !== 'device-busy' } as const
}

/** A key of the bench, which board is preferred for it, and what differs in its rules. */
export type TwinKey = {
  readonly key: TestKey
  readonly boards: readonly ('left' | 'right')[]
  readonly rules?: Partial<KeyRules>
}

/** A real signer over a real journal, with two boards that hold the same keys, and a clock that is set by hand. */
export class TwinBench {
  readonly clock = new ManualClock()
  readonly events: SignerEvent[] = []
  readonly left: TwinBoard
  readonly right: TwinBoard
  readonly store: MarksJournal
  readonly signer: GuardedSigner

  constructor(keys: readonly TwinKey[], options: Partial<GuardedSignerOptions> = {}) {
    const all = keys.map(({ key }) => key)
    this.left = new TwinBoard('left', this.clock, all, 1_000_001n)
    this.right = new TwinBoard('right', this.clock, all, 2_000_001n)
    const directory = join(temporaryDirectory(), 'state')
    const seeds = all.flatMap(({ hash }) =>
      MARK_KINDS.map((kind) => ({ chain: MAINNET, key: hash, kind, level: 999, round: 0 })),
    )
    MarksJournal.create({ directory, maxLevelGap: 'off' }, seeds)
    this.store = MarksJournal.open({ directory, maxLevelGap: 'off' })
    this.signer = new GuardedSigner({
      ...{ keys: keys.map(rulesOf), store: this.store, devices: this.#routes(keys), clock: this.clock },
      publicKeyOf: (hash) => all.find((key) => key.hash === hash)?.publicKey,
      ...{ queueCapacity: 100, authentication: { keys: [] } },
      onEvent: (event) => void this.events.push(event),
      ...options,
    })
  }

  /** What the boards got, in the order of their clock. */
  get log(): readonly Logged[] {
    return [...this.left.log, ...this.right.log].toSorted((one, other) => one.at - other.at)
  }

  ask({ key }: TwinKey, payload: Uint8Array, rest: Partial<SignRequest> = {}): Promise<SignResult> {
    return this.signer.sign({
      ...{ requestId: 'r1', publicKeyHash: key.hash, payload, authentication: undefined },
      ...{ caller: UNKNOWN_CALLER, deadlineAt: this.clock.now() + PATIENCE_MS, signal: undefined, ...rest },
    })
  }

  /** Has a board end what it must be at. */
  async end(board: 'left' | 'right', how: Ending): Promise<void> {
    const { work } = this[board]
    if (work === undefined) throw new Error(`${board} has nothing to do`)
    work.end(how)
    await settle()
  }

  /** Asks, and has the board that is asked end so, 10 ms later. */
  async serve(of: TwinKey, payload: Uint8Array, board: 'left' | 'right', how: Ending): Promise<string> {
    const result = this.ask(of, payload)
    await settle()
    this.clock.advance(10)
    await this.end(board, how)
    return codeOf(await result)
  }

  /** Lets time pass in steps after each of which whoever looked for a device has looked again. */
  async pass(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= 100) {
      this.clock.advance(Math.min(left, 100))
      await settle()
    }
  }

  #routes(keys: readonly TwinKey[]): DeviceRoutes {
    const of = (hash: PublicKeyHash) =>
      keys.flatMap(({ key, boards }) => (key.hash === hash ? boards.map((name) => this[name]) : []))
    return { of, verifying: [this.left, this.right], quietMs: QUIET_MS }
  }
}

function rulesOf({ key, rules = {} }: TwinKey): KeyRules {
  return {
    ...{ publicKeyHash: key.hash, allowedMagicBytes: [0x03, 0x11, 0x12, 0x13], allow: undefined },
    ...{ chains: [MAINNET], requiresAuthentication: false, ...rules },
  }
}

/** `signed`, or the refusal's code. */
export function codeOf(result: SignResult): string {
  return result.outcome === 'refused' ? result.refusal.code : result.outcome
}
