import { setImmediate } from 'node:timers/promises'
import { payloadDigest } from '../tezos/index.js'
import { admit, permit, understand } from './admission.js'
import { knownAnswer, refused } from './answers.js'
import { auditLine, type Audited } from './audit.js'
import type { DeviceProof } from './authentication.js'
import type { Verdict } from './decide.js'
import { DeviceLines, type NotReady, type Serve } from './device-lines.js'
import { deviceRefusal } from './device-proof.js'
import { failureRefusal, quarantineRefusal } from './explain.js'
import type { GuardedSignerOptions, SignerRules } from './guarded-signer-options.js'
import { hookQuestion } from './hook-question.js'
import { RateWatch } from './rate.js'
import { refuse, type Refusal } from './refusal.js'
import { Release } from './release.js'
import type { SignRequest, SignResult } from './sign-request.js'
import type { SigningDevice } from './signing-device.js'
import type { Route } from './spares.js'
import { signingJob, type OngoingProgress, type SigningJob } from './signing-job.js'
import { StateError } from './state-error.js'
import type { Patience } from './turns.js'

/** What the device said yes to. */
const PROVEN = { isProven: true } as const

/** The only way to a device: nothing is signed that did not pass every step, in this order. */
export class GuardedSigner {
  readonly #options: GuardedSignerOptions
  #rules: SignerRules
  readonly #lines: DeviceLines
  readonly #rate = new RateWatch()
  readonly #release: Release

  constructor(options: GuardedSignerOptions) {
    this.#options = options
    this.#rules = options
    this.#lines = new DeviceLines(options)
    this.#release = new Release(options)
  }

  /** Requests that wait for a device. */
  get waiting(): number {
    return this.#lines.waiting
  }

  /** Answers with a signature or with the reason why not. */
  async sign(request: SignRequest): Promise<SignResult> {
    const { requestId, publicKeyHash: key } = request
    const { clock } = this.#options
    const enteredAt = clock.now()
    const read = understand(this.#rules.keys, request)
    const readAt = clock.now()
    const admission =
      read.rules === undefined ? read : admit(read, request, this.#rules.authentication, this.#now())
    const progress: OngoingProgress = {
      ...{ enteredAt, parseMs: readAt - enteredAt, policyMs: clock.now() - readAt },
      ...{ turnAt: undefined, device: undefined, syncMs: 0, deviceMs: 0, verifyMs: 0, verdict: undefined },
      admitted: admission.refusal === undefined && admission.asked.proof === undefined,
      clients: (admission.asked ?? admission).clients,
    }
    if (admission.refusal !== undefined) {
      const { signable, refusal } = admission
      const digest = payloadDigest(request.payload)
      return this.#audit({ requestId, key, signable, digest, progress }, refused(refusal))
    }
    const { headCheck, hooks } = this.#rules
    const job = signingJob(request, admission.asked, { headCheck, hook: hooks?.get(key) }, progress)
    return this.#audit(job, await this.#serve(job))
  }

  /** Puts other rules in force, in one step; requests that came before end under theirs. */
  replaceRules(rules: SignerRules): void {
    this.#rules = rules
  }

  /** Computes beforehand what verifying takes, for the keys that are known by now: it would slow the first signature. */
  async prepare(): Promise<void> {
    const { keys, authentication } = this.#rules
    await this.#release.prepare(keys.map(({ publicKeyHash }) => publicKeyHash))
    for (const { verifier } of authentication.keys) {
      await setImmediate()
      verifier()
    }
  }

  /**
   * Has a device do something else than sign for Tezos, once it is ready and its turn has come: blocks and votes go before
   * it, and wait for one such job at most. `owner` says whose jobs take turns. Resolves with the refusal where the turn did
   * not come; then nothing was done.
   */
  atDevice<Result extends object>(
    device: SigningDevice,
    owner: string,
    patience: Patience,
    job: () => Promise<Result>,
  ): Promise<Result | Refusal> {
    const route = { owner, devices: [device] }
    return this.#lines.inTurn<Result>({ key: owner, isUrgent: false }, patience, route, async (_, waitMs) => {
      const notReady = await device.ready(waitMs)
      return notReady === undefined ? job() : { notReady }
    })
  }

  /** Lets the signatures in hand finish and turns everybody else away. */
  close(): Promise<void> {
    this.#rules.headCheck?.close()
    for (const hook of this.#rules.hooks?.values() ?? []) hook.close()
    return this.#lines.close()
  }

  async #serve(job: SigningJob): Promise<SignResult> {
    try {
      const { proof } = job.asked
      const unproven = proof && (await this.#prove(job, proof))
      if (unproven !== undefined) return refused(unproven)
      // Out of turn: while a node or a hook is asked nobody waits for the device.
      const known = await this.#answerWithoutDevice(job)
      if (known !== undefined) return known
      const route = { owner: job.key, devices: this.#options.devices.of(job.key) }
      const result = await this.#inTurn(job, route, (device, waitMs) =>
        this.#serveInTurn(job, device, waitMs),
      )
      return 'outcome' in result ? result : refused(result)
    } catch (error) {
      if (error instanceof StateError) return refused(refuse(error.code, error.message))
      throw error
    }
  }

  #inTurn<Result extends object>(
    { key, wanted, patience, progress }: SigningJob,
    route: Route,
    serve: Serve<Result>,
  ): Promise<Result | Refusal> {
    const lane = { key, isUrgent: wanted !== undefined }
    return this.#lines.inTurn(lane, patience, route, (device, waitMs) => {
      progress.turnAt = this.#options.clock.now()
      return serve(device, waitMs)
    })
  }

  /** The rest of step 3, where the device verifies: nothing is told before it, not even a stored signature. */
  async #prove(job: SigningJob, proof: DeviceProof): Promise<Refusal | undefined> {
    const { asked, progress, patience } = job
    const route = { owner: proof.client, devices: this.#options.devices.verifying }
    const said = await this.#inTurn(job, route, async (device, waitMs) => {
      const refusal = await deviceRefusal(proof, device, waitMs, () =>
        this.#lines.goneRefusal(device, patience),
      )
      if (refusal !== undefined && 'code' in refusal) this.#lines.noteAnswer(device, refusal.code)
      return refusal ?? PROVEN
    })
    if ('code' in said) return said
    progress.clients = [...asked.clients, proof.client]
    const forbidden = permit({ ...asked, clients: progress.clients }, this.#now())
    progress.admitted = forbidden === undefined
    return forbidden
  }

  /**
   * What can be said without the device: from the marks, because the level is too far from the chain's head, or because
   * the key's hook forbids it, which is asked last, about what nothing else settles.
   */
  async #answerWithoutDevice(job: SigningJob): Promise<SignResult | undefined> {
    const known = await this.#answerFromMarks(job)
    if (known !== undefined) return known
    const tooFar = job.wanted && (await job.headCheck?.refusalOf(job.wanted))
    const forbidden =
      tooFar ?? (await job.hook?.refusalOf(hookQuestion({ ...job, ...job.progress }), job.patience))
    return forbidden && refused(forbidden)
  }

  /** Steps 4 to 9, alone with the device. The mark is raised, durably, before the first byte goes out. */
  async #serveInTurn(job: SigningJob, device: SigningDevice, waitMs: number): Promise<SignResult | NotReady> {
    const { store, clock } = this.#options
    const known = await this.#answerFromMarks(job) // the one before may have signed this very payload
    if (known !== undefined) return known
    const quarantine = store.quarantines().find(({ key }) => key === job.key)
    if (quarantine !== undefined) return refused(quarantineRefusal(quarantine))
    await store.check()
    const notReady = await device.ready(waitMs)
    if (notReady !== undefined) return { notReady }
    const gone = this.#lines.goneRefusal(device, job.patience)
    if (gone !== undefined) return refused(gone)

    const tooMuch = await this.#refusalByHistory(job)
    if (tooMuch !== undefined) return refused(tooMuch)
    const verdict = await this.#reserve(job)
    const settled = verdict && knownAnswer(job.key, verdict)
    if (settled !== undefined) return settled

    const sentAt = clock.now()
    this.#rate.count(job.key, sentAt)
    job.progress.device = device.name
    const made = await device.sign(job.key, job.payload)
    job.progress.deviceMs = clock.now() - sentAt
    const result =
      made.outcome === 'failed'
        ? refused(failureRefusal(made, verdict))
        : await this.#release.answer(job, made.signature)
    // what never left the host says nothing of the device
    const wasAsked = made.outcome === 'signed' || made.sent
    if (wasAsked && result.outcome === 'refused') this.#lines.noteAnswer(device, result.refusal.code)
    return result
  }

  /** The rules that count what came before. What an operation moves is written down, durably, when they let it through. */
  async #refusalByHistory({ key, asked, spending, progress }: SigningJob): Promise<Refusal | undefined> {
    const { clock, store } = this.#options
    const startedAt = clock.now()
    const rate = this.#rate.ask(key, asked.rules.perMinute, startedAt)
    if (rate.says === 'refuses') return refuse(rate.code, rate.because, 'per_minute')
    if (spending === undefined) return undefined
    const verdict = await store.reserveSpend(spending.wanted, spending.windows)
    progress.syncMs = clock.now() - startedAt
    if (verdict.verdict !== 'deny') return undefined
    return refuse('spend-limit', verdict.because, 'transactions.spend_windows')
  }

  /** Step 5 without its effects: an answer that needs neither the device nor a raised mark. */
  async #answerFromMarks(job: SigningJob): Promise<SignResult | undefined> {
    if (job.wanted === undefined) return undefined
    const verdict = await this.#options.store.peek(job.wanted)
    job.progress.verdict = verdict.verdict
    return knownAnswer(job.key, verdict)
  }

  /** Steps 5 and 6. `undefined` for a payload that carries no mark. */
  async #reserve({ wanted, progress }: SigningJob): Promise<Verdict | undefined> {
    if (wanted === undefined) return undefined
    const startedAt = this.#options.clock.now()
    const verdict = await this.#options.store.reserve(wanted)
    progress.syncMs = this.#options.clock.now() - startedAt
    progress.verdict = verdict.verdict
    return verdict
  }

  #now(): Date {
    return this.#options.wallClock?.() ?? new Date()
  }

  #audit(of: Audited, result: SignResult): SignResult {
    this.#options.onEvent(auditLine(of, result, this.#options.clock.now()))
    return result
  }
}
