import {
  ensureJournal,
  SoundJournal,
  systemFiles,
  type JournalEvent,
  type StateFiles,
} from '../policy/index.js'
import type { LedgerEntry } from './ledger-entry.js'
import { ledgerForm, transferEntry } from './ledger-form.js'
import { claimName, type ClaimRecord, type LedgerState, type TransferRecord } from './ledger-state.js'

const SEGMENT_BYTES = 16 * 1024 * 1024

/** Where the ledger is. Whoever opens it owns the directory: the marks of the same process hold its lock. */
export type EthLedgerOptions = {
  readonly directory: string
  readonly files?: StateFiles
  readonly wallClock?: () => Date
  /** Size at which a segment is rolled, at the least. */
  readonly segmentBytes?: number
  readonly onEvent?: (event: JournalEvent) => void
}

/**
 * What was let through to the device for Ethereum: claims, transactions, and the nonces of requests. It decides nothing.
 * Every method that keeps something throws a StateError where it cannot be kept; what `reserve` and `keepNonce` write
 * survives a power cut before they return.
 */
export class EthLedger {
  readonly #journal: SoundJournal<LedgerEntry, LedgerState>

  /** Opens `ethereum.journal`, or makes it. Throws a StateError. */
  constructor(options: EthLedgerOptions) {
    const {
      directory,
      files = systemFiles,
      wallClock = () => new Date(),
      segmentBytes = SEGMENT_BYTES,
    } = options
    const place = { form: ledgerForm, directory, files }
    const now = () => wallClock().toISOString()
    ensureJournal(place, now())
    const onEvent = options.onEvent ?? (() => undefined)
    this.#journal = new SoundJournal({ ...place, segmentBytes, snapshots: 2, now, onEvent })
  }

  /** The newest instant of all lines, in ms since 1970. */
  get newestAt(): number {
    return this.#journal.state.newestAt
  }

  /** Throws a StateError when nothing could be kept now. Ask before a decision: it may find what was not known. */
  check(): void {
    this.#journal.check()
  }

  /** The last claim of a user of a distribution. */
  claimOf(of: { readonly domain: string; readonly userId: string }): ClaimRecord | undefined {
    return this.#journal.state.claims.get(claimName(of))
  }

  reserveClaim(claim: Omit<ClaimRecord, 'signature'>): void {
    this.#commit({ type: 'claim', ...claim })
  }

  keepClaim(
    { domain, userId, digest }: ClaimRecord | Omit<ClaimRecord, 'signature'>,
    signature: string,
    at: Date,
  ): void {
    this.#journal.note(
      { type: 'claim-signed', at: at.toISOString(), domain, userId, digest, signature },
      'lazy',
    )
  }

  /** Takes back what surely never reached the device. */
  releaseClaim({ domain, userId, digest }: Omit<ClaimRecord, 'signature'>, at: Date): void {
    this.#journal.note({ type: 'claim-released', at: at.toISOString(), domain, userId, digest }, 'lazy')
  }

  transfers(): Iterable<TransferRecord> {
    return this.#journal.state.transfers.values()
  }

  /** The transaction that a client calls by a key. */
  transferCalled(key: string): TransferRecord | undefined {
    const digest = this.#journal.state.keys.get(key)
    return digest === undefined ? undefined : this.#journal.state.transfers.get(digest)
  }

  /** `key` is what the client calls it by. */
  reserveTransfer(transfer: Omit<TransferRecord, 'signature'>, key: string | undefined): void {
    this.#commit(transferEntry(transfer, key))
  }

  /** Lets a client call a transaction that was let through before by a key. */
  callTransfer(digest: string, key: string, at: Date): void {
    this.#commit({ type: 'transfer-key', at: at.toISOString(), digest, key })
  }

  keepTransfer(digest: string, signature: string, at: Date): void {
    this.#journal.note({ type: 'transfer-signed', at: at.toISOString(), digest, signature }, 'lazy')
  }

  /** Takes back what surely never reached the device. */
  releaseTransfer(digest: string, at: Date): void {
    this.#journal.note({ type: 'transfer-released', at: at.toISOString(), digest }, 'lazy')
  }

  /** Whether a request with this nonce was let in, and may still be recorded somewhere. */
  hasNonce(nonce: string): boolean {
    return this.#journal.state.nonces.has(nonce)
  }

  keepNonce(nonce: string, until: Date, at: Date): void {
    this.#commit({ type: 'hmac-nonce', at: at.toISOString(), nonce, until: until.toISOString() })
  }

  /** All signatures that are kept, with what they are for; in hex. */
  *signatures(): Generator<{ readonly digest: string; readonly signature: string }> {
    const { claims, transfers } = this.#journal.state
    for (const { digest, signature } of [...claims.values(), ...transfers.values()]) {
      if (signature !== undefined) yield { digest, signature }
    }
  }

  close(): void {
    this.#journal.close()
  }

  #commit(entry: LedgerEntry): void {
    this.#journal.commit(entry)
    this.#journal.rollWhenFull()
  }
}
