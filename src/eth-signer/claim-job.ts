import { domainSeparator, toHex0x, type EthAddress } from '../ethereum/index.js'
import { keepQuietly, keptSignature, type EthResult, type SignedClaim } from './answers.js'
import type { JudgedClaim } from './claim-rule.js'
import type { EthLedger } from './eth-ledger.js'
import { refuse, type EthRefusal } from './eth-refusal.js'
import type { ClaimRules } from './eth-rules.js'
import type { ClaimRecord } from './ledger-state.js'
import type { PinnedDevice } from './pinned-device.js'

/** What signing takes. */
export type SigningTools = {
  readonly address: EthAddress
  readonly device: PinnedDevice
  readonly ledger: EthLedger
  readonly wallClock: () => Date
}

/** A claim on file; `undefined` before the first. */
type Before = ClaimRecord | undefined

/** Rule E4 and the order that it rests on: a claim is kept, durably, before the device hears of it. One at a time. */
export class ClaimJob {
  readonly #rules: ClaimRules
  readonly #tools: SigningTools
  readonly #domain: string

  constructor(rules: ClaimRules, tools: SigningTools) {
    this.#rules = rules
    this.#tools = tools
    this.#domain = toHex0x(domainSeparator({ ...rules.domain })).slice(2)
  }

  /** The last claim of a user, if there is one. */
  claimOf(userId: bigint): ClaimRecord | undefined {
    return this.#tools.ledger.claimOf({ domain: this.#domain, userId: String(userId) })
  }

  /** Throws a StateError where the ledger keeps nothing. */
  async sign(claim: JudgedClaim, deadlineAt: number): Promise<EthResult<SignedClaim>> {
    const first = this.#decide(claim)
    if (first.outcome !== 'open') return first
    const ready = await this.#tools.device.ready('typed-data', deadlineAt)
    if (ready.outcome === 'refused') return ready
    const decided = this.#decide(claim)
    return decided.outcome === 'open' ? this.#ask(claim, decided.before, ready.key, deadlineAt) : decided
  }

  #decide(
    claim: JudgedClaim,
  ): EthResult<SignedClaim> | { readonly outcome: 'open'; readonly before: Before } {
    const { ledger, address } = this.#tools
    ledger.check()
    const before = this.claimOf(claim.userId)
    if (before === undefined) return { outcome: 'open', before }
    const digest = toHex0x(claim.digest).slice(2)
    if (before.digest !== digest) {
      return this.#rules.reissue === 'allow' ? { outcome: 'open', before } : exists(before)
    }
    if (before.signature === undefined || before.signer !== address) return { outcome: 'open', before }
    return answer(claim, before.signature, true)
  }

  async #ask(
    claim: JudgedClaim,
    before: Before,
    key: Parameters<PinnedDevice['sign']>[1],
    deadlineAt: number,
  ): Promise<EthResult<SignedClaim>> {
    const { ledger, device, wallClock } = this.#tools
    const wanted = this.#record(claim, before)
    const isOpen = before?.digest === wanted.digest && before.signer === wanted.signer
    if (!isOpen) ledger.reserveClaim(wanted)
    const attempt = await device.sign({ kind: 'typed-data', bytes: claim.preimage }, key, deadlineAt)
    if (attempt.outcome === 'failed') {
      if (!attempt.sent && before === undefined)
        keepQuietly(() => {
          ledger.releaseClaim(wanted, wallClock())
        })
      return attempt.refusal
    }
    const signature = keptSignature(attempt.signature)
    keepQuietly(() => {
      ledger.keepClaim(wanted, signature, wallClock())
    })
    return answer(claim, signature, false)
  }

  #record(claim: JudgedClaim, before: Before): Omit<ClaimRecord, 'signature'> {
    const { userId, userAddress, userAmount, delegateAddress } = claim
    return {
      at: this.#tools.wallClock().toISOString(),
      domain: this.#domain,
      userId: String(userId),
      issue: (before?.issue ?? 0) + 1,
      digest: toHex0x(claim.digest).slice(2),
      signer: this.#tools.address,
      userAddress,
      userAmount: String(userAmount),
      delegateAddress,
    }
  }
}

function exists({ userId, userAddress, at }: ClaimRecord): EthRefusal {
  const text = `user ${userId} has a claim for ${userAddress} since ${at}, and this one is another; only that very claim is answered again`
  return refuse('claim-exists', text, 'E4')
}

function answer(claim: JudgedClaim, signature: string, repeated: boolean): SignedClaim {
  const { userId, userAddress, userAmount, delegateAddress, share, digest } = claim
  return {
    ...{ outcome: 'signed', repeated, digest: toHex0x(digest), signature: `0x${signature}` },
    ...{ userId, userAddress, userAmount, delegateAddress, leaf: share.leaf, proof: share.proof },
  }
}
