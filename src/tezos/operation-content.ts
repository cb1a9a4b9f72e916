import { accountAddress, contractAddress } from './address.js'
import { encodeBase58, type Base58Form } from './base58check.js'
import { DEFAULT_ENTRYPOINT, entrypointName, entrypointText } from './entrypoint.js'
import { int32At } from './int32.js'
import type { OperationKind } from './operation-kind.js'
import { readZarith } from './zarith.js'

/** Transactions to their own source that stake and unstake, by their entrypoints. */
export const STAKING_KINDS = ['stake', 'unstake', 'finalize_unstake', 'set_delegate_parameters'] as const

/** What a transaction to its own source does with the stake. */
export type StakingKind = (typeof STAKING_KINDS)[number]

/** A vote on a proposal. */
export type Ballot = 'yay' | 'nay' | 'pass'

const BALLOTS: readonly Ballot[] = ['yay', 'nay', 'pass']

/**
 * One content of an operation: what was read of it. Amounts and fees are in mutez, addresses base58check text.
 * A field that the kind does not have, or that could not be read, is `undefined`.
 */
export type OperationContent = {
  readonly kind: OperationKind
  /** What a staking transaction does; it is a `transaction` by its kind. */
  readonly pseudo?: StakingKind | undefined
  /** Of contents that may be batched: who pays and whose counter it uses. Of ballots and proposals: who votes. */
  readonly source?: string | undefined
  readonly feeMutez?: bigint | undefined
  readonly counter?: bigint | undefined
  readonly gasLimit?: bigint | undefined
  readonly storageLimit?: bigint | undefined
  /** What a transaction transfers. */
  readonly amountMutez?: bigint | undefined
  /** What an origination gives to the new contract. */
  readonly balanceMutez?: bigint | undefined
  /** The most that a `set_deposits_limit` freezes. */
  readonly limitMutez?: bigint | undefined
  /** Of a ticket, whose unit is its own. */
  readonly ticketAmount?: bigint | undefined
  readonly ticketer?: string | undefined
  readonly destination?: string | undefined
  /** `default` for a transaction that names none. */
  readonly entrypoint?: string | undefined
  readonly delegate?: string | undefined
  readonly consensusKey?: string | undefined
  /** What is revealed, or becomes the consensus or companion key; `undefined` for a curve that has no text here. */
  readonly publicKey?: string | undefined
  readonly ballot?: Ballot | undefined
  readonly proposal?: string | undefined
  readonly period?: number | undefined
  readonly rollup?: string | undefined
  readonly staker?: string | undefined
}

/** What the fields of a content say, by the names that its layout gives them. The layout vouches for their bytes. */
export function readContent(kind: OperationKind, fields: ReadonlyMap<string, Uint8Array>): OperationContent {
  const read = <Value>(name: string, how: (bytes: Uint8Array) => Value): Value | undefined => {
    const bytes = fields.get(name)
    return bytes === undefined ? undefined : how(bytes)
  }
  const content: OperationContent = {
    kind,
    source: read('source', accountAddress),
    feeMutez: read('fee', readZarith),
    counter: read('counter', readZarith),
    gasLimit: read('gasLimit', readZarith),
    storageLimit: read('storageLimit', readZarith),
    amountMutez: read('amount', readZarith),
    balanceMutez: read('balance', readZarith),
    limitMutez: read('limit', readZarith),
    ticketAmount: read('ticketAmount', readZarith),
    ticketer: read('ticketer', contractAddress),
    destination: read('destination', contractAddress) ?? read('drainedTo', accountAddress),
    entrypoint: readEntrypoint(kind, fields),
    delegate: read('delegate', accountAddress),
    consensusKey: read('consensusKey', accountAddress),
    publicKey: read('publicKey', publicKeyText),
    ballot: read('ballot', ([vote = BALLOTS.length]) => BALLOTS[vote]),
    proposal: read('proposal', (bytes) => encodeBase58('P', bytes)),
    period: read('period', (bytes) => int32At(bytes, 0)),
    rollup: read('rollup', (bytes) => encodeBase58('sr1', bytes)),
    staker: read('staker', accountAddress),
  }
  return { ...content, pseudo: stakingKind(content) }
}

function readEntrypoint(kind: OperationKind, fields: ReadonlyMap<string, Uint8Array>): string | undefined {
  if (kind === 'transfer_ticket') {
    const text = fields.get('entrypointText')
    return text && entrypointText(text.subarray(4))
  }
  if (kind !== 'transaction') return undefined
  const bytes = fields.get('entrypoint')
  return bytes === undefined ? DEFAULT_ENTRYPOINT : entrypointName(bytes)
}

function stakingKind({ kind, source, destination, entrypoint }: OperationContent): StakingKind | undefined {
  if (kind !== 'transaction' || destination !== source) return undefined
  return STAKING_KINDS.find((name) => name === entrypoint)
}

const KEY_FORMS: readonly Base58Form[] = ['edpk', 'sppk', 'p2pk', 'BLpk']

function publicKeyText(bytes: Uint8Array): string | undefined {
  const form = KEY_FORMS[bytes[0] ?? KEY_FORMS.length]
  return form && encodeBase58(form, bytes.subarray(1))
}
