import { StateError, type JournalForm } from '../policy/index.js'
import { ledgerSchema, type LedgerEntry } from './ledger-entry.js'
import {
  applyLedger,
  chainName,
  claimName,
  dropTransfers,
  emptyLedger,
  type ClaimRecord,
  type LedgerState,
  type TransferRecord,
} from './ledger-state.js'

/** The longest window that there is, in ms: a payment that is older counts in none. */
const LONGEST_WINDOW_MS = 744 * 3_600_000

/** The form of `ethereum.journal`: claims, transactions, and the nonces of requests. */
export const ledgerForm: JournalForm<LedgerEntry, LedgerState> = {
  name: 'ethereum',
  format: 'tezio-bridge-ethereum',
  version: 1,
  schema: ledgerSchema,
  empty: emptyLedger,
  apply: applyLedger,
  entries: ledgerEntries,
  forget: forgetOld,
  adopt: adoptLedger,
  ended: () => undefined,
  words: {
    missing: (path) => `${path} does not exist; restore it`,
    exists: (path) => `${path} exists; it is never made twice`,
    gone: (directory) =>
      `ethereum.journal in ${directory} is gone; stop the daemon and restore it: without it claims and nonces would be signed a second time`,
  },
}

/** A transaction as its line. */
export function transferEntry(
  record: Omit<TransferRecord, 'signature'>,
  key: string | undefined,
): LedgerEntry {
  const { at, from, kind, transaction: tx, wei, digest, asked } = record
  const { to } = tx
  const [price, tip] =
    tx.type === 'legacy' ? [tx.gasPrice, undefined] : [tx.maxFeePerGas, tx.maxPriorityFeePerGas]
  const numbers = { chainId: String(tx.chainId), nonce: String(tx.nonce), value: String(tx.value) }
  const gas = {
    gasLimit: String(tx.gasLimit),
    price: String(price),
    tip: tip === undefined ? null : String(tip),
  }
  return {
    type: 'transfer',
    at,
    from,
    kind,
    to,
    ...numbers,
    ...gas,
    wei: String(wei),
    digest,
    asked,
    key: key ?? null,
  }
}

function* ledgerEntries(state: LedgerState): Generator<LedgerEntry> {
  for (const { signature, ...claim } of state.claims.values()) {
    yield { type: 'claim', ...claim }
    const { at, domain, userId, digest } = claim
    if (signature !== undefined) yield { type: 'claim-signed', at, domain, userId, digest, signature }
  }
  for (const { signature, ...transfer } of [...state.transfers.values()].sort(byNonce)) {
    const { at, digest } = transfer
    yield transferEntry(transfer, undefined)
    if (signature !== undefined) yield { type: 'transfer-signed', at, digest, signature }
  }
  const at = new Date(state.newestAt).toISOString()
  for (const [key, digest] of state.keys) yield { type: 'transfer-key', at, digest, key }
  for (const [nonce, until] of state.nonces) {
    yield { type: 'hmac-nonce', at, nonce, until: new Date(until).toISOString() }
  }
  yield { type: 'clock', at }
}

/** A journal never goes back to a lower nonce; one that was taken over late stands behind higher ones in memory. */
function byNonce({ transaction: one }: TransferRecord, { transaction: other }: TransferRecord): number {
  if (one.nonce === other.nonce) return 0
  return one.nonce < other.nonce ? -1 : 1
}

/** Claims stay for ever; of payments those of the longest window, and the last nonce of each key and chain. */
function forgetOld(state: LedgerState, at: string): void {
  const now = Date.parse(at)
  const old = [...state.transfers.values()].filter(
    (record) =>
      Date.parse(record.at) <= now - LONGEST_WINDOW_MS &&
      record.transaction.nonce !== state.newest.get(chainName(record)),
  )
  if (old.length > 0) dropTransfers(state, old)
  for (const [nonce, until] of state.nonces) if (until < now) state.nonces.delete(nonce)
}

/** What is known here was written durably before it was known, so it must be in the file. */
function adoptLedger(known: LedgerState, found: LedgerState): void {
  for (const [name, claim] of known.claims)
    refuseLost(isBehind(claim, found.claims.get(name)), `the claim of user ${claim.userId}`)
  for (const digest of known.transfers.keys())
    refuseLost(!found.transfers.has(digest), `the transaction ${digest}`)
  for (const nonce of known.nonces.keys()) refuseLost(!found.nonces.has(nonce), 'the nonce of a request')
  for (const claim of found.claims.values()) takeClaim(known, claim)
  for (const transfer of found.transfers.values()) takeTransfer(known, transfer)
  for (const [key, digest] of found.keys) known.keys.set(key, digest)
  for (const [nonce, until] of found.nonces) known.nonces.set(nonce, until)
  known.newestAt = Math.max(known.newestAt, found.newestAt)
}

function isBehind(known: ClaimRecord, found: ClaimRecord | undefined): boolean {
  if (found === undefined || found.issue < known.issue) return true
  return found.issue === known.issue && found.digest !== known.digest
}

function takeClaim({ claims }: LedgerState, found: ClaimRecord): void {
  const known = claims.get(claimName(found))
  const isNews = known === undefined || known.issue < found.issue || known.signature === undefined
  if (isNews) claims.set(claimName(found), found)
}

function takeTransfer({ transfers, newest }: LedgerState, found: TransferRecord): void {
  const known = transfers.get(found.digest)
  const isNews = known === undefined || (known.signature === undefined && known.at <= found.at)
  if (isNews) transfers.set(found.digest, found)
  const { nonce } = found.transaction
  if (nonce > (newest.get(chainName(found)) ?? -1n)) newest.set(chainName(found), nonce)
}

function refuseLost(isLost: boolean, what: string): void {
  if (isLost) throw new StateError('journal-replaced', `the journal has lost ${what}; restore it`)
}
