import type { Clock } from '../clock.js'
import type { Caller, SignRequest, SignResult } from '../policy/index.js'
import type { PublicKeyHash } from '../tezos/index.js'
import type { HttpRefusal } from './http-status.js'

/** What is known of the configured keys, from memory. */
export type KeyDirectory = {
  readonly has: (key: PublicKeyHash) => boolean
  /** base58check text; `undefined` while the device was not reached yet. */
  readonly publicKey: (key: PublicKeyHash) => string | undefined
  readonly known: () => readonly PublicKeyHash[]
  /** The keys that may sign requests; `undefined` where none has to. */
  readonly authorized: () => readonly PublicKeyHash[] | undefined
}

export type QuestionsOptions = {
  readonly signer: { readonly sign: (request: SignRequest) => Promise<SignResult> }
  readonly keys: KeyDirectory
  readonly clock: Clock
  /** How long a request may wait for the device's turn, in ms. */
  readonly queueTimeoutMs: number
  /** Whether the keys are listed to whoever asks. */
  readonly knownKeys: boolean
}

/** Who asks, under which name in the log, and for how long they are there. */
export type Asker = {
  readonly requestId: string
  readonly caller: Caller
  readonly signal: AbortSignal
}

/** What is to be signed. `authentication` is base58check text. */
export type Wish = {
  readonly key: PublicKeyHash
  readonly payload: Uint8Array
  readonly authentication: string | undefined
}

/** A value for the client, or why there is none. */
export type Answer<Value> =
  | { readonly outcome: 'answered'; readonly value: Value }
  | { readonly outcome: 'refused'; readonly refusal: HttpRefusal }

/** What every transport asks; transports only decode the question and encode the answer. */
export class Questions {
  readonly #options: QuestionsOptions

  constructor(options: QuestionsOptions) {
    this.#options = options
  }

  /** A key's base58check text. */
  publicKey(key: PublicKeyHash): Answer<string> {
    const { keys } = this.#options
    if (!keys.has(key)) return unknownKey(key)
    const publicKey = keys.publicKey(key)
    if (publicKey !== undefined) return { outcome: 'answered', value: publicKey }
    return refused('device-unavailable', 'the device was not reached yet; its keys are not known')
  }

  /**
   * The keys that may sign requests; `undefined` where none has to, or where the connection has proven already who asks:
   * Octez asks nothing more without a key of the list.
   */
  authorizedKeys({ clients }: Caller): readonly PublicKeyHash[] | undefined {
    return clients.length > 0 ? undefined : this.#options.keys.authorized()
  }

  /** The configured keys, where the configuration opens the list. */
  knownKeys(): Answer<readonly PublicKeyHash[]> {
    const { knownKeys, keys } = this.#options
    if (knownKeys) return { outcome: 'answered', value: keys.known() }
    const message = 'List known keys request not allowed; to open it set server.known_keys'
    return refused('known-keys-not-allowed', message)
  }

  /** A signature's base58check text. The time to wait for the device begins now. */
  async sign({ key, payload, authentication }: Wish, asker: Asker): Promise<Answer<string>> {
    if (payload.length === 0) {
      return refused(
        'malformed-body',
        'there is nothing to sign: 0 bytes; a watermark byte and more expected',
      )
    }
    const { signer, clock, queueTimeoutMs } = this.#options
    const deadlineAt = clock.now() + queueTimeoutMs
    const result = await signer.sign({ publicKeyHash: key, payload, authentication, deadlineAt, ...asker })
    return result.outcome === 'signed' ? { outcome: 'answered', value: result.signature } : result
  }

  /** No board holds a tz4 key. */
  provePossession(): Answer<never> {
    return refused('not-supported', 'a Tezio HSM holds no BLS key: tz1, tz2 and tz3 only')
  }

  /** Octez bakers ask for one only when they are told to, and no board makes one. */
  deterministicNonce(): Answer<never> {
    const message =
      'a Tezio HSM makes no deterministic nonces; the baker takes random ones unless told otherwise'
    return refused('not-supported', message)
  }

  /** Whether `deterministicNonce` would be answered for a key: never, for one that is known. */
  supportsDeterministicNonces(key: PublicKeyHash): Answer<boolean> {
    return this.#options.keys.has(key) ? { outcome: 'answered', value: false } : unknownKey(key)
  }
}

function refused(code: HttpRefusal['code'], message: string): Answer<never> {
  return { outcome: 'refused', refusal: { code, message } }
}

function unknownKey(key: PublicKeyHash): Answer<never> {
  return refused('unknown-key', `${key} is not a key of this bridge`)
}
