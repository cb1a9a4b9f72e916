import type { Clock } from '../clock.js'
import {
  encodeSignature,
  isConsensus,
  payloadDigest,
  toHex,
  type PublicKey,
  type PublicKeyHash,
  type Signable,
} from '../tezos/index.js'
import { admit } from './admission.js'
import { knownAnswer, refused, verifiedSignature } from './answers.js'
import { auditLine, type Audited, type Progress, type SignEvent } from './audit.js'
import type { Verdict } from './decide.js'
import { failureRefusal, quarantineRefusal, turnRefusal } from './explain.js'
import type { HeadCheck } from './head-check.js'
import type { KeyRules } from './key-rules.js'
import { wantedBy, type Wanted } from './mark.js'
import type { MarkStore } from './mark-store.js'
import { nonceUse, NonceWatch } from './nonce-watch.js'
import { refuse } from './refusal.js'
import type { SignRequest, SignResult } from './sign-request.js'
import type { SigningDevice } from './signing-device.js'
import { StateError } from './state-error.js'
import { Turns, type Patience } from './turns.js'

/** What went wrong without changing the answer. */
export type SignerTrouble =
  | { readonly event: 'signature.not-stored'; readonly key: PublicKeyHash; readonly reason: string }
  | { readonly event: 'key.quarantined'; readonly key: PublicKeyHash; readonly reason: string }

/** What may be signed, as far as a configuration says it. */
export type SignerRules = {
  readonly keys: readonly KeyRules[]
  /** Compares blocks and votes with the chain's head, where a node is configured. */
  readonly headCheck?: HeadCheck | undefined
}

export type GuardedSignerOptions = SignerRules & {
  readonly store: MarkStore
  readonly device: SigningDevice
  readonly clock: Clock
  /** The public key of a configured key, once it is known. */
  readonly publicKeyOf: (key: PublicKeyHash) => PublicKey | undefined
  /** The key that signs requests, once it is known. */
  readonly authenticationKey: () => PublicKey | undefined
  /** Requests that may wait for the device; one more is refused. */
  readonly queueCapacity: number
  readonly onEvent: (event: SignEvent | SignerTrouble) => void
}

/** A request that passed steps 1 to 3, on its way through the rest. */
type Job = {
  readonly requestId: string
  readonly key: PublicKeyHash
  readonly payload: Uint8Array
  readonly signable: Signable
  readonly digest: Uint8Array
  /** `undefined` for a payload that carries no mark. */
  readonly wanted: Wanted | undefined
  /** The head check that was in force when the request came. */
  readonly headCheck: HeadCheck | undefined
  readonly patience: Patience
  readonly progress: { -readonly [Part in keyof Progress]: Progress[Part] }
}

/** The only way to the device: nothing is signed that did not pass every step, in this order. */
export class GuardedSigner {
  readonly #options: GuardedSignerOptions
  #rules: SignerRules
  readonly #turns: Turns
  readonly #nonces: NonceWatch

  constructor(options: GuardedSignerOptions) {
    this.#options = options
    this.#rules = options
    this.#turns = new Turns(options.clock, options.queueCapacity)
    this.#nonces = new NonceWatch(options.store.nonces())
  }

  /** Requests that wait for the device. */
  get waiting(): number {
    return this.#turns.waiting
  }

  /** Answers with a signature or with the reason why not. */
  async sign(request: SignRequest): Promise<SignResult> {
    const { requestId, publicKeyHash: key, payload } = request
    const enteredAt = this.#options.clock.now()
    const progress = { enteredAt, turnAt: undefined, syncMs: 0, deviceMs: 0, verdict: undefined }
    const digest = payloadDigest(payload)
    const admission = admit(this.#rules.keys, request, this.#options.authenticationKey())
    const { signable } = admission
    if (admission.refusal !== undefined)
      return this.#audit(
        { requestId, key, signable, admitted: false, digest, progress },
        refused(admission.refusal),
      )
    const wanted = isConsensus(admission.signable)
      ? wantedBy(key, admission.signable, toHex(digest))
      : undefined
    const { headCheck } = this.#rules
    const job: Job = {
      requestId,
      key,
      payload,
      signable: admission.signable,
      digest,
      wanted,
      headCheck,
      patience: request,
      progress,
    }
    return this.#audit({ ...job, admitted: true }, await this.#serve(job))
  }

  /** Puts other rules in force, in one step; requests that came before end under theirs. */
  replaceRules(rules: SignerRules): void {
    this.#rules = rules
  }

  /** Lets the signature in hand finish and turns everybody else away. */
  close(): Promise<void> {
    this.#rules.headCheck?.close()
    return this.#turns.close()
  }

  async #serve(job: Job): Promise<SignResult> {
    try {
      const known = await this.#answerFromMarks(job)
      if (known !== undefined) return known
      // Before the queue: while the node is asked nobody waits for the device.
      const tooFar = job.wanted && (await job.headCheck?.refusalOf(job.wanted))
      if (tooFar !== undefined) return refused(tooFar)
      const lane = { key: job.key, isUrgent: job.wanted !== undefined }
      const result = await this.#turns.run(lane, job.patience, () => this.#serveInTurn(job))
      return typeof result === 'string' ? refused(turnRefusal(result)) : result
    } catch (error) {
      if (error instanceof StateError) return refused(refuse(error.code, error.message))
      throw error
    }
  }

  /** Steps 4 to 9, alone with the device. The mark is raised, durably, before the first byte goes out. */
  async #serveInTurn(job: Job): Promise<SignResult> {
    const { store, device, clock } = this.#options
    job.progress.turnAt = clock.now()
    const known = await this.#answerFromMarks(job) // the one before may have signed this very payload
    if (known !== undefined) return known
    const quarantine = store.quarantines().find(({ key }) => key === job.key)
    if (quarantine !== undefined) return refused(quarantineRefusal(quarantine))
    await store.check()
    const notReady = await device.ready(job.patience.deadlineAt - clock.now())
    if (notReady !== undefined) return refused(refuse(notReady.code, notReady.message))
    const gone = this.#turns.refusalOf(job.patience)
    if (gone !== undefined) return refused(turnRefusal(gone))

    const verdict = await this.#reserve(job)
    const settled = verdict && knownAnswer(job.key, verdict)
    if (settled !== undefined) return settled

    const sentAt = clock.now()
    const made = await device.sign(job.key, job.payload)
    job.progress.deviceMs = clock.now() - sentAt
    if (made.outcome === 'failed') return refused(failureRefusal(made, verdict))
    return this.#release(job, made.signature)
  }

  /** Step 5 without its effects: an answer that needs neither the device nor a raised mark. */
  async #answerFromMarks(job: Job): Promise<SignResult | undefined> {
    if (job.wanted === undefined) return undefined
    const verdict = await this.#options.store.peek(job.wanted)
    job.progress.verdict = verdict.verdict
    return knownAnswer(job.key, verdict)
  }

  /** Steps 5 and 6. `undefined` for a payload that carries no mark. */
  async #reserve({ wanted, progress }: Job): Promise<Verdict | undefined> {
    if (wanted === undefined) return undefined
    const startedAt = this.#options.clock.now()
    const verdict = await this.#options.store.reserve(wanted)
    progress.syncMs = this.#options.clock.now() - startedAt
    progress.verdict = verdict.verdict
    return verdict
  }

  /** Steps 8 and 9: only a signature that verifies, with a fresh nonce, leaves the host. */
  async #release(job: Job, made: Uint8Array): Promise<SignResult> {
    const { key, digest, wanted } = job
    const publicKey = this.#options.publicKeyOf(key)
    const signature = publicKey && verifiedSignature(publicKey, digest, made)
    if (publicKey === undefined || signature === undefined) {
      return refused(
        refuse(
          'signature-invalid',
          `the device's signature is not one by ${key} over this payload; it was withheld`,
        ),
      )
    }
    const nonce = nonceUse(key, toHex(digest), toHex(signature))
    if (nonce !== undefined && !this.#nonces.accepts(nonce)) return this.#quarantine(key, nonce.digest)
    if (wanted !== undefined) await this.#keep(wanted, signature)
    return { outcome: 'signed', signature: encodeSignature(publicKey.curve, signature), repeated: false }
  }

  /** Nothing more is signed with a key whose device repeats nonces, whether that could be written down or not. */
  async #quarantine(key: PublicKeyHash, digest: string): Promise<SignResult> {
    const text = `the device used the nonce of another signature by ${key}: the signature was withheld, for two of them give the secret key away, and the key is in quarantine`
    try {
      await this.#options.store.quarantine(key, digest)
    } catch (error) {
      if (!(error instanceof StateError)) throw error
    }
    this.#options.onEvent({ event: 'key.quarantined', key, reason: text })
    return refused(refuse('nonce-repeated', text))
  }

  async #keep(wanted: Wanted, signature: Uint8Array): Promise<void> {
    try {
      await this.#options.store.keepSignature(wanted, toHex(signature))
    } catch (error) {
      if (!(error instanceof StateError)) throw error
      // The mark stands; only the answer to an identical request is lost. The store refuses until it is sound again.
      this.#options.onEvent({ event: 'signature.not-stored', key: wanted.key, reason: error.message })
    }
  }

  #audit(of: Audited, result: SignResult): SignResult {
    this.#options.onEvent(auditLine(of, result, this.#options.clock.now()))
    return result
  }
}
