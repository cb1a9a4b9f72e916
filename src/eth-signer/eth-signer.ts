import type { Clock } from '../clock.js'
import {
  keccak256,
  messagePreimage,
  toHex0x,
  type EthAddress,
  type TypedData,
  type UnsignedTransaction,
} from '../ethereum/index.js'
import { StateError, Turns, type TurnRefusal } from '../policy/index.js'
import {
  keptSignature,
  type EthResult,
  type SignedClaim,
  type SignedDigest,
  type SignedTransaction,
} from './answers.js'
import { ClaimJob } from './claim-job.js'
import { judgeClaim } from './claim-rule.js'
import type { EthAsk, EthEvent, EthJob } from './eth-ask.js'
import type { EthDevice, EthPreimage } from './eth-device.js'
import type { EthLedger } from './eth-ledger.js'
import { refuse, type EthRefusal } from './eth-refusal.js'
import type { EthRules } from './eth-rules.js'
import type { ClaimRecord } from './ledger-state.js'
import { messageRefusal } from './message-rule.js'
import { PinnedDevice } from './pinned-device.js'
import type { ClaimRequest } from './read-claim.js'
import type { TransferRequest } from './read-transfer.js'
import { TransferJob, type WantedTransaction } from './transfer-job.js'
import { transactionOf, transferRefusal } from './transfer-rule.js'
import { TypedDataGate } from './typed-data-rule.js'

/** What one Ethereum key needs. The ledger belongs to whoever opened it. */
export type EthSignerOptions = {
  readonly address: EthAddress
  readonly device: EthDevice
  readonly rules: EthRules
  readonly ledger: EthLedger
  readonly clock: Clock
  readonly wallClock?: () => Date
  readonly onEvent?: (event: EthEvent) => void
}

/** How many requests may wait for the one in hand. */
const MAX_WAITING = 100
const IDEMPOTENCY_KEY = /^[\x21-\x7e]{1,128}$/

/**
 * The only way to the Ethereum key. Its order is the safety argument: rules, then the ledger, durably, then the device,
 * then the signature is verified, and only then released. No method rejects because of what was asked.
 */
export class EthSigner {
  readonly #options: EthSignerOptions
  readonly #turns: Turns
  readonly #device: PinnedDevice
  readonly #claims: ClaimJob | undefined
  readonly #transfers: TransferJob | undefined
  readonly #typedData: TypedDataGate

  /** Throws an EthereumError for rules that have no encoding. */
  constructor(options: EthSignerOptions) {
    const { address, device, rules, ledger, clock, wallClock = () => new Date() } = options
    this.#options = options
    this.#turns = new Turns(clock, MAX_WAITING)
    this.#device = new PinnedDevice(device, address, clock, ledger)
    const tools = { address, device: this.#device, ledger, wallClock }
    this.#claims = rules.claims && new ClaimJob(rules.claims, tools)
    this.#transfers = rules.transfers && new TransferJob(rules.transfers, tools)
    this.#typedData = new TypedDataGate(rules)
  }

  get address(): EthAddress {
    return this.#options.address
  }

  /** Signs a claim of the distribution, or answers with the signature that it has (rules E3 and E4). */
  claim(request: ClaimRequest, ask: EthAsk): Promise<EthResult<SignedClaim>> {
    const { claims: rules } = this.#options.rules
    const job = this.#claims
    if (rules === undefined || job === undefined) {
      return this.#run('claim', ask, () => notConfigured('claims'))
    }
    return this.#run('claim', ask, () => {
      const judged = judgeClaim(rules, request)
      return judged.outcome === 'refused' ? judged : () => job.sign(judged, ask.deadlineAt)
    })
  }

  /** The last claim of a user; its signature may be missing still. */
  claimOf(userId: bigint): ClaimRecord | undefined {
    return this.#claims?.claimOf(userId)
  }

  /** Signs a payment (rules E6, E7, E8 and E10). */
  transfer(
    request: TransferRequest,
    ask: EthAsk & { readonly idempotencyKey?: string | undefined },
  ): Promise<EthResult<SignedTransaction>> {
    const { transfers: rules } = this.#options.rules
    if (rules === undefined) return this.#run('transfer', ask, () => notConfigured('transfers'))
    const { replace } = request
    return this.#sign({ transaction: transactionOf(request, rules), replace, key: ask.idempotencyKey }, ask)
  }

  /** Signs a transaction under the same rules. */
  signTransaction(
    transaction: UnsignedTransaction,
    ask: EthAsk & { readonly replace?: boolean },
  ): Promise<EthResult<SignedTransaction>> {
    return this.#sign({ transaction, replace: ask.replace ?? false, key: undefined }, ask)
  }

  /** Signs a message of EIP-191 (rule E5). */
  signMessage(message: Uint8Array, ask: EthAsk): Promise<EthResult> {
    return this.#run('message', ask, () => {
      const refusal = messageRefusal(message, this.#options.rules.messagePrefixes)
      if (refusal !== undefined) return refusal
      return () => this.#attempt({ kind: 'message', bytes: messagePreimage(message) }, ask.deadlineAt)
    })
  }

  /** Signs typed data of EIP-712 (rule E5). What turns out to be a claim is judged as one, where that is allowed here. */
  signTypedData(data: TypedData, ask: EthAsk & { readonly mayClaim: boolean }): Promise<EthResult> {
    const judged = this.#typedData.judge(data)
    if (judged.outcome === 'claim' && ask.mayClaim) return this.claim(judged.request, ask)
    return this.#run('typed-data', ask, () => {
      if (judged.outcome === 'refused') return judged
      if (judged.outcome === 'claim') {
        const text =
          'this is a claim of the distribution, and claims are not signed here; ask POST /v1/eth/claims'
        return refuse('typed-data-not-allowed', text, 'E5')
      }
      return () => this.#attempt({ kind: 'typed-data', bytes: judged.preimage }, ask.deadlineAt)
    })
  }

  /** One audit line for a request that was refused before it could be asked here (rules E1 and E2). */
  tellRefused(kind: EthJob, refusal: EthRefusal, requestId: string): void {
    this.#tell(kind, requestId, refusal, this.#options.clock.now())
  }

  /** Lets the request in hand finish and turns everybody else away. */
  close(): Promise<void> {
    return this.#turns.close()
  }

  #sign(wanted: WantedTransaction, ask: EthAsk): Promise<EthResult<SignedTransaction>> {
    const { transfers: rules } = this.#options.rules
    const job = this.#transfers
    return this.#run('transfer', ask, () => {
      if (rules === undefined || job === undefined) return notConfigured('transfers')
      if (wanted.key !== undefined && !IDEMPOTENCY_KEY.test(wanted.key)) {
        const text = 'the idempotency key must be 1 to 128 visible ASCII characters'
        return refuse('malformed-request', text, 'E2')
      }
      return transferRefusal(wanted.transaction, rules) ?? (() => job.sign(wanted, ask.deadlineAt))
    })
  }

  async #attempt(preimage: EthPreimage, deadlineAt: number): Promise<EthResult> {
    const ready = await this.#device.ready(preimage.kind, deadlineAt)
    if (ready.outcome === 'refused') return ready
    const attempt = await this.#device.sign(preimage, ready.key, deadlineAt)
    if (attempt.outcome === 'failed') return attempt.refusal
    const digest = toHex0x(keccak256(preimage.bytes))
    return { outcome: 'signed', repeated: false, digest, signature: `0x${keptSignature(attempt.signature)}` }
  }

  /** Rules that need nothing but the request come before the wait for a turn; they give the job, or a refusal. */
  async #run<Signed extends SignedDigest>(
    kind: EthJob,
    ask: EthAsk,
    judge: () => EthRefusal | (() => Promise<EthResult<Signed>>),
  ): Promise<EthResult<Signed>> {
    const startedAt = this.#options.clock.now()
    const result = await this.#answer(ask, judge)
    this.#tell(kind, ask.requestId, result, startedAt)
    return result
  }

  async #answer<Signed extends SignedDigest>(
    ask: EthAsk,
    judge: () => EthRefusal | (() => Promise<EthResult<Signed>>),
  ): Promise<EthResult<Signed>> {
    try {
      const job = judge()
      if (typeof job !== 'function') return job
      const lane = { key: this.#options.address, isUrgent: false }
      const result = await this.#turns.run(lane, ask, job)
      return typeof result === 'string' ? refuse(result, TURN_REFUSALS[result]) : result
    } catch (error) {
      if (error instanceof StateError) return refuse(error.code, error.message)
      throw error
    }
  }

  #tell(kind: EthJob, requestId: string, result: EthResult, startedAt: number): void {
    const ms = Math.round((this.#options.clock.now() - startedAt) * 1000) / 1000
    this.#options.onEvent?.(describe(kind, requestId, result, ms))
  }
}

const TURN_REFUSALS: Readonly<Record<TurnRefusal, string>> = {
  'queue-full': `${MAX_WAITING} requests wait already; ask again later`,
  'deadline-passed': 'its turn did not come in time; ask again',
  'client-gone': 'the client left before its turn came',
  'shutting-down': 'the bridge is stopping; ask again when it is back',
}

function notConfigured(job: 'claims' | 'transfers'): EthRefusal {
  return refuse('not-configured', `ethereum.${job} is not configured; add it to have them signed`)
}

function describe(kind: EthJob, requestId: string, result: EthResult, ms: number): EthEvent {
  if (result.outcome === 'signed') {
    const { repeated, digest } = result
    return { event: 'eth.signed', requestId, kind, digest: digest.slice(2, 10), repeated, ms }
  }
  const { code, rule, message: reason } = result
  return { event: 'eth.refused', requestId, kind, code, ...(rule === undefined ? {} : { rule }), reason, ms }
}
