import type { Clock } from '../clock.js'
import {
  encodeSignature,
  isConsensus,
  payloadDigest,
  toHex,
  type PublicKey,
  type PublicKeyHash,
} from '../tezos/index.js'
import { admit, permit } from './admission.js'
import { knownAnswer, refused, verifiedSignature } from './answers.js'
import { auditLine, type Audited, type SignEvent } from './audit.js'
import type { AuthenticationRules, DeviceProof } from './authentication.js'
import type { Verdict } from './decide.js'
import { deviceRefusal } from './device-proof.js'
import { failureRefusal, quarantineRefusal, turnRefusal } from './explain.js'
import type { HeadCheck } from './head-check.js'
import type { Job } from './job.js'
import type { KeyRules } from './key-rules.js'
import { wantedBy, type Wanted } from './mark.js'
import type { MarkStore } from './mark-store.js'
import { nonceUse, NonceWatch } from './nonce-watch.js'
import { refuse, type Refusal } from './refusal.js'
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
  /** How requests prove who sent them, where a key asks for that. */
  readonly authentication: AuthenticationRules
  /** Compares blocks and votes with the chain's head, where a node is configured. */
  readonly headCheck?: HeadCheck | undefined
}

export type GuardedSignerOptions = SignerRules & {
  readonly store: MarkStore
  readonly device: SigningDevice
  readonly clock: Clock
  /** The public key of a configured key, once it is known. */
  readonly publicKeyOf: (key: PublicKeyHash) => PublicKey | undefined
  /** Requests that may wait for the device; one more is refused. */
  readonly queueCapacity: number
  readonly onEvent: (event: SignEvent | SignerTrouble) => void
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
    const digest = payloadDigest(payload)
    const admission = admit(this.#rules.keys, request, this.#rules.authentication)
    const progress = {
      ...{ enteredAt, turnAt: undefined, syncMs: 0, deviceMs: 0, verdict: undefined },
      admitted: admission.refusal === undefined && admission.asked.proof === undefined,
      clients: (admission.asked ?? admission).clients,
    }
    if (admission.refusal !== undefined) {
      const { signable, refusal } = admission
      return this.#audit({ requestId, key, signable, digest, progress }, refused(refusal))
    }
    const { asked } = admission
    const { signable } = asked
    const wanted = isConsensus(signable) ? wantedBy(key, signable, toHex(digest)) : undefined
    const { headCheck } = this.#rules
    const parts = { requestId, key, payload, signable, asked, digest, wanted, headCheck }
    const job: Job = { ...parts, patience: request, progress }
    return this.#audit(job, await this.#serve(job))
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
      const { proof } = job.asked
      // Who is not authenticated yet gets nothing, not even a stored signature. Else before the queue: while the node
      // is asked nobody waits for the device.
      const known = proof === undefined ? await this.#answerWithoutDevice(job) : undefined
      if (known !== undefined) return known
      const result = await this.#turns.run(job.patience, () =>
        proof === undefined ? this.#serveInTurn(job) : this.#serveProven(job, proof),
      )
      return typeof result === 'string' ? refused(turnRefusal(result)) : result
    } catch (error) {
      if (error instanceof StateError) return refused(refuse(error.code, error.message))
      throw error
    }
  }

  /** The rest of step 3, where the device verifies, and then all that others do before their turn. */
  async #serveProven(job: Job, proof: DeviceProof): Promise<SignResult> {
    const { device, clock } = this.#options
    const { asked, progress, patience } = job
    progress.turnAt = clock.now()
    const refusal = await deviceRefusal(proof, device, patience.deadlineAt - clock.now(), () =>
      this.#goneRefusal(patience),
    )
    if (refusal !== undefined) return refused(refusal)
    progress.clients = [...asked.clients, proof.client]
    const forbidden = permit({ ...asked, clients: progress.clients })
    if (forbidden !== undefined) return refused(forbidden)
    progress.admitted = true
    return (await this.#answerWithoutDevice(job)) ?? this.#serveInTurn(job)
  }

  #goneRefusal(patience: Patience): Refusal | undefined {
    const gone = this.#turns.refusalOf(patience)
    return gone && turnRefusal(gone)
  }

  /** What can be said without the device: from the marks, or because the level is too far from the chain's head. */
  async #answerWithoutDevice(job: Job): Promise<SignResult | undefined> {
    const known = await this.#answerFromMarks(job)
    if (known !== undefined) return known
    const tooFar = job.wanted && (await job.headCheck?.refusalOf(job.wanted))
    return tooFar && refused(tooFar)
  }

  /** Steps 4 to 9, alone with the device. The mark is raised, durably, before the first byte goes out. */
  async #serveInTurn(job: Job): Promise<SignResult> {
    const { store, device, clock } = this.#options
    job.progress.turnAt ??= clock.now()
    const known = await this.#answerFromMarks(job) // the one before may have signed this very payload
    if (known !== undefined) return known
    const quarantine = store.quarantines().find(({ key }) => key === job.key)
    if (quarantine !== undefined) return refused(quarantineRefusal(quarantine))
    await store.check()
    const notReady = await device.ready(job.patience.deadlineAt - clock.now())
    if (notReady !== undefined) return refused(refuse(notReady.code, notReady.message))
    const gone = this.#goneRefusal(job.patience)
    if (gone !== undefined) return refused(gone)

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
