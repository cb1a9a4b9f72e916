import {
  keccak256,
  maxFee,
  toHex0x,
  unsignedBytes,
  type EthPublicKey,
  type UnsignedTransaction,
} from '../ethereum/index.js'
import {
  keepQuietly,
  keptSignature,
  transactionAnswer,
  type EthResult,
  type SignedTransaction,
} from './answers.js'
import type { SigningTools } from './claim-job.js'
import { refuse, type EthRefusal } from './eth-refusal.js'
import type { TransferRules } from './eth-rules.js'
import { grindGasLimit } from './grind.js'
import { clockRefusal } from './ledger-clock.js'
import type { TransferRecord } from './ledger-state.js'
import { judgeNonce, type NonceVerdict } from './nonce-rule.js'
import type { ReadyDevice } from './pinned-device.js'
import { feeRefusal } from './transfer-rule.js'
import { windowRefusal } from './windows.js'

/** A transaction that keeps to rules E6 and E10. */
export type WantedTransaction = {
  readonly transaction: UnsignedTransaction
  /** Whether it may take the place of the last one with its nonce. */
  readonly replace: boolean
  /** What the client calls it by; one key stands for one transaction. */
  readonly key: string | undefined
}

type Wanted = WantedTransaction & { readonly asked: string }

/** Rules E7 and E8 and the order that they rest on: what is let through is kept, durably, before the device hears of it. */
export class TransferJob {
  readonly #rules: TransferRules
  readonly #tools: SigningTools

  constructor(rules: TransferRules, tools: SigningTools) {
    this.#rules = rules
    this.#tools = tools
  }

  /** One at a time. Throws a StateError where the ledger keeps nothing. */
  async sign(request: WantedTransaction, deadlineAt: number): Promise<EthResult<SignedTransaction>> {
    const wanted = { ...request, asked: digestOf(request.transaction) }
    const first = this.#decide(wanted)
    const kept = first.outcome === 'known' ? this.#keptAnswer(first.record, wanted) : undefined
    if (kept !== undefined) return kept
    if (first.outcome === 'refused') return first
    const ready = await this.#tools.device.ready('transaction', deadlineAt)
    if (ready.outcome === 'refused') return ready
    const verdict = this.#decide(wanted)
    if (verdict.outcome === 'refused') return verdict
    const known = verdict.outcome === 'known' ? verdict.record : undefined
    const record = known === undefined ? this.#record(wanted, ready) : { ...known, at: this.#now() }
    if ('outcome' in record) return record
    return this.#refusal(record) ?? this.#ask(wanted, record, known, ready.key, deadlineAt)
  }

  /** Whether it was let through before, or may be now (rule E8). */
  #decide({ transaction, asked, replace, key }: Wanted): NonceVerdict {
    const { ledger, address } = this.#tools
    ledger.check()
    const called = key === undefined ? undefined : ledger.transferCalled(key)
    if (called !== undefined && called.asked !== asked && called.digest !== asked) {
      const text = `the idempotency key stands for another transaction, with nonce ${called.transaction.nonce} of chain ${called.transaction.chainId}; use a new key for each transaction`
      return refuse('idempotency-key-reused', text)
    }
    const before = [...ledger.transfers()].filter(
      ({ from, transaction: { chainId } }) => from === address && chainId === transaction.chainId,
    )
    return judgeNonce({ transaction, asked }, before, replace)
  }

  #keptAnswer({ transaction, digest, signature }: TransferRecord, { key }: Wanted) {
    if (signature === undefined) return undefined
    const { ledger, wallClock } = this.#tools
    if (key !== undefined && ledger.transferCalled(key) === undefined) {
      ledger.callTransfer(digest, key, wallClock())
    }
    return transactionAnswer(transaction, { digest, signature, repeated: true })
  }

  /** The transaction as the device will have it; a board with stock firmware needs another gas limit. */
  #record(
    { transaction: asking, asked }: Wanted,
    { capability }: ReadyDevice,
  ): Omit<TransferRecord, 'signature'> | EthRefusal {
    const transaction = capability === 'grind' ? grindGasLimit(asking) : asking
    if (transaction === undefined) {
      const text =
        'no gas limit up to 4096 above makes a digest that stock firmware takes, which is one in ten millions; change the value or the fee by one wei'
      return refuse('device-capability-missing', text)
    }
    const { type: kind, value } = transaction
    const wei = value + maxFee(transaction)
    const from = this.#tools.address
    return { at: this.#now(), from, kind, transaction, wei, digest: digestOf(transaction), asked }
  }

  /** What depends on the final gas limit, and on what was let through before (rule E7). */
  #refusal(record: Omit<TransferRecord, 'signature'>): EthRefusal | undefined {
    const { ledger, wallClock } = this.#tools
    const now = wallClock()
    return (
      feeRefusal(record.transaction, this.#rules) ??
      clockRefusal(ledger.newestAt, now, 'E7') ??
      windowRefusal(record, this.#rules.windows, ledger.transfers(), now)
    )
  }

  async #ask(
    { key: called }: Wanted,
    record: Omit<TransferRecord, 'signature'>,
    known: TransferRecord | undefined,
    key: EthPublicKey,
    deadlineAt: number,
  ): Promise<EthResult<SignedTransaction>> {
    const { ledger, device, wallClock } = this.#tools
    const { transaction, digest } = record
    ledger.reserveTransfer(record, called)
    const preimage = { kind: 'transaction', transaction, bytes: unsignedBytes(transaction) } as const
    const attempt = await device.sign(preimage, key, deadlineAt)
    if (attempt.outcome === 'failed') {
      // what an earlier attempt may have sent stays
      if (!attempt.sent && known === undefined)
        keepQuietly(() => {
          ledger.releaseTransfer(digest, wallClock())
        })
      return attempt.refusal
    }
    const signature = keptSignature(attempt.signature)
    keepQuietly(() => {
      ledger.keepTransfer(digest, signature, wallClock())
    })
    return transactionAnswer(transaction, { digest, signature, repeated: false })
  }

  #now(): string {
    return this.#tools.wallClock().toISOString()
  }
}

function digestOf(transaction: UnsignedTransaction): string {
  return toHex0x(keccak256(unsignedBytes(transaction))).slice(2)
}
