import type { EthAddress, TransactionType, UnsignedTransaction } from '../ethereum/index.js'
import type { EntryOf, LedgerEntry } from './ledger-entry.js'

/** A claim that was let through to the device, and the signature that came of it (65 bytes in hex). */
export type ClaimRecord = Omit<EntryOf<'claim'>, 'type'> & { readonly signature: string | undefined }

/** A transaction that was let through to the device, when last, and what came of it. */
export type TransferRecord = {
  readonly from: EthAddress
  readonly kind: TransactionType
  readonly transaction: UnsignedTransaction
  /** Value and most fee together. */
  readonly wei: bigint
  readonly digest: string
  /** Of what was asked for, before its gas limit was raised for the device. */
  readonly asked: string
  readonly at: string
  readonly signature: string | undefined
}

/** What the ledger's lines add up to. */
export type LedgerState = {
  /** The newest instant of all lines, in ms since 1970. */
  newestAt: number
  /** By `claimName`; the last one of each user. */
  readonly claims: Map<string, ClaimRecord>
  /** By digest. */
  readonly transfers: Map<string, TransferRecord>
  /** The highest nonce that was let through, by `chainName`. */
  readonly newest: Map<string, bigint>
  /** Digests of transactions by the keys that clients call them by. */
  readonly keys: Map<string, string>
  /** Nonces of requests, until when they matter (ms since 1970). */
  readonly nonces: Map<string, number>
}

/** Before the first line. */
export function emptyLedger(): LedgerState {
  return {
    newestAt: 0,
    claims: new Map(),
    transfers: new Map(),
    newest: new Map(),
    keys: new Map(),
    nonces: new Map(),
  }
}

/** One text for each user of a distribution. */
export function claimName({ domain, userId }: { readonly domain: string; readonly userId: string }): string {
  return `${domain}/${userId}`
}

/** One text for each nonce of a key on a chain. */
export function slotName({ from, transaction }: Pick<TransferRecord, 'from' | 'transaction'>): string {
  return `${chainName({ from, transaction })}/${transaction.nonce}`
}

/** One text for each key on a chain. */
export function chainName({ from, transaction }: Pick<TransferRecord, 'from' | 'transaction'>): string {
  return `${from}/${transaction.chainId}`
}

/** Takes one line into the ledger, or tells why it cannot follow what came before; then nothing was changed. */
export function applyLedger(state: LedgerState, entry: LedgerEntry): string | undefined {
  const problem = applyKnown(state, entry)
  if (problem === undefined) state.newestAt = Math.max(state.newestAt, Date.parse(entry.at))
  return problem
}

function applyKnown(state: LedgerState, entry: LedgerEntry): string | undefined {
  switch (entry.type) {
    case 'segment':
    case 'clock':
      return undefined
    case 'claim':
      return applyClaim(state, entry)
    case 'claim-signed':
    case 'claim-released':
      return settleClaim(state, entry)
    case 'transfer':
      return applyTransfer(state, entry)
    case 'transfer-signed':
    case 'transfer-released':
      return settleTransfer(state, entry)
    case 'transfer-key':
      return applyKey(state, entry)
    case 'hmac-nonce':
      if (state.nonces.has(entry.nonce)) return 'it lets the nonce of a request in twice'
      state.nonces.set(entry.nonce, Date.parse(entry.until))
      return undefined
  }
}

function applyClaim({ claims }: LedgerState, entry: EntryOf<'claim'>): string | undefined {
  const { at, domain, userId, issue, digest, signer, userAddress, userAmount, delegateAddress } = entry
  const before = claims.get(claimName(entry))
  if (before !== undefined && issue <= before.issue) return `it claims again for user ${userId}`
  const claim = { at, domain, userId, issue, digest, signer, userAddress, userAmount, delegateAddress }
  claims.set(claimName(entry), { ...claim, signature: undefined })
  return undefined
}

function settleClaim(
  { claims }: LedgerState,
  entry: EntryOf<'claim-signed'> | EntryOf<'claim-released'>,
): string | undefined {
  const claim = claims.get(claimName(entry))
  if (claim?.digest !== entry.digest || claim.signature !== undefined) {
    return `it settles a claim of user ${entry.userId} that is not open`
  }
  if (entry.type === 'claim-released') claims.delete(claimName(entry))
  else claims.set(claimName(entry), { ...claim, signature: entry.signature })
  return undefined
}

function applyTransfer(state: LedgerState, entry: EntryOf<'transfer'>): string | undefined {
  const { from, kind, digest, asked, at, key } = entry
  const { transfers, newest, keys } = state
  const before = transfers.get(digest)
  if (before?.signature !== undefined) return `it lets ${digest} through, which is signed`
  if (key !== null && (keys.get(key) ?? digest) !== digest) return 'it gives the same key twice'
  const transaction = readTransaction(entry)
  const record = { from, kind, transaction, wei: BigInt(entry.wei), digest, asked, at, signature: undefined }
  const chain = chainName(record)
  const highest = newest.get(chain) ?? -1n
  if (before === undefined && transaction.nonce < highest) {
    return `it goes back to nonce ${transaction.nonce} behind ${highest}`
  }
  transfers.set(digest, record)
  if (key !== null) keys.set(key, digest)
  if (transaction.nonce > highest) newest.set(chain, transaction.nonce)
  return undefined
}

function settleTransfer(
  state: LedgerState,
  entry: EntryOf<'transfer-signed'> | EntryOf<'transfer-released'>,
): string | undefined {
  const transfer = state.transfers.get(entry.digest)
  if (transfer?.digest !== entry.digest || transfer.signature !== undefined) {
    return `it settles ${entry.digest}, which is not open`
  }
  if (entry.type === 'transfer-signed') {
    state.transfers.set(entry.digest, { ...transfer, signature: entry.signature })
  } else dropTransfers(state, [transfer])
  return undefined
}

function applyKey(
  { transfers, keys }: LedgerState,
  { key, digest }: EntryOf<'transfer-key'>,
): string | undefined {
  if (!transfers.has(digest)) return `it gives a key to ${digest}, which is not there`
  if (keys.has(key)) return 'it gives the same key twice'
  keys.set(key, digest)
  return undefined
}

/** Lets go of transactions and of what they are called by. */
export function dropTransfers(state: LedgerState, dropped: readonly TransferRecord[]): void {
  const { transfers, keys, newest } = state
  for (const { digest } of dropped) transfers.delete(digest)
  for (const [key, digest] of keys) if (!transfers.has(digest)) keys.delete(key)
  for (const record of dropped) {
    if (newest.get(chainName(record)) === record.transaction.nonce) measureNewest(state, chainName(record))
  }
}

function measureNewest({ transfers, newest }: LedgerState, chain: string): void {
  newest.delete(chain)
  for (const record of transfers.values()) {
    const { nonce } = record.transaction
    if (chainName(record) === chain && nonce > (newest.get(chain) ?? -1n)) newest.set(chain, nonce)
  }
}

function readTransaction(entry: EntryOf<'transfer'>): UnsignedTransaction {
  const { chainId, nonce, gasLimit, to, value } = entry
  const common = {
    ...{ chainId: BigInt(chainId), nonce: BigInt(nonce), gasLimit: BigInt(gasLimit) },
    ...{ to, value: BigInt(value), data: new Uint8Array() },
  }
  const price = BigInt(entry.price)
  return entry.kind === 'legacy'
    ? { type: 'legacy', ...common, gasPrice: price }
    : { type: 'eip1559', ...common, maxFeePerGas: price, maxPriorityFeePerGas: BigInt(entry.tip ?? 0) }
}
