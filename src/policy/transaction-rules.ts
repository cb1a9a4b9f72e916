import { isManagerKind, type OperationContent } from '../tezos/index.js'
import { isNamedNarrowly } from './kind-rules.js'
import type { TransactionRules } from './key-rules.js'
import { doesNotApply, passes, refuses, type RuleInput, type RuleWord } from './rule.js'

const CODE = 'transaction-not-allowed'

/** Who pays for a content must be the key itself: a signature for another account is a mistake or an attack. */
export function source({ key, signable }: RuleInput): RuleWord {
  if (key.transactions === undefined) return noSection()
  const managed = contentsOf(signable).filter(({ kind }) => isManagerKind(kind))
  if (managed.length === 0) return doesNotApply('no content of it has an account that pays')
  const other = managed.find((content) => content.source !== key.publicKeyHash)
  if (other === undefined) return passes('it is the key')
  const text = `the source ${other.source ?? 'unknown'} of ${other.kind} is not the key ${key.publicKeyHash}`
  return refuses(CODE, `${text}; with \`transactions\` a key signs for its own account only`)
}

/** Where money and tickets may go. */
export function destinations(input: RuleInput): RuleWord {
  return bounded(input, 'destinations', ({ destinations: listed }) => {
    if (listed === undefined) return undefined
    const isSelfStaking = (content: OperationContent) =>
      content.pseudo !== undefined && isNamedNarrowly(content, input.key.allow)
    return (content) => {
      if (content.kind === 'origination') {
        if (content.balanceMutez === 0n) return undefined
        return `an origination gives ${content.balanceMutez ?? 'unknown'} mutez to a new contract, which no list can name; give it 0, and fund it once it is listed`
      }
      if (!SENDING_KINDS.includes(content.kind) || isSelfStaking(content)) return undefined
      if (content.destination !== undefined && listed.includes(content.destination)) return undefined
      return `${content.kind} to ${content.destination ?? 'unknown'}: it is not among the ${listed.length} destinations of the key; list it to allow it`
    }
  })
}

/** What transactions may call. */
export function entrypoints(input: RuleInput): RuleWord {
  return bounded(input, 'entrypoints', ({ entrypoints: listed }) => {
    if (listed === undefined) return undefined
    return ({ kind, entrypoint }) => {
      if (kind !== 'transaction') return undefined
      if (entrypoint !== undefined && listed.includes(entrypoint)) return undefined
      return `entrypoint ${entrypoint ?? 'unknown'}: the key may call ${listed.join(', ') || 'none'}`
    }
  })
}

/** What one content may move. */
export function maxMutez(input: RuleInput): RuleWord {
  return bounded(input, 'max_mutez', ({ maxMutez: limit }) => {
    if (limit === undefined) return undefined
    return ({ kind, amountMutez, balanceMutez }) => {
      if (kind !== 'transaction' && kind !== 'origination') return undefined
      return above(kind, kind === 'transaction' ? amountMutez : balanceMutez, limit, 'max_mutez')
    }
  })
}

/** What one content may pay as its fee. */
export function maxFeeMutez(input: RuleInput): RuleWord {
  return bounded(input, 'max_fee_mutez', ({ maxFeeMutez: limit }) => {
    if (limit === undefined) return undefined
    return ({ kind, feeMutez }) =>
      isManagerKind(kind) ? above(`the fee of ${kind}`, feeMutez, limit, 'max_fee_mutez') : undefined
  })
}

/** Kinds that send something to their destination; drain_delegate sends all there is. */
const SENDING_KINDS: readonly string[] = ['transaction', 'transfer_ticket', 'drain_delegate']

/** Why a content is out of bounds; `undefined` for one that is not, or that has no such bound. */
type Objection = (content: OperationContent) => string | undefined

/** Asks every content. `boundOf` gives `undefined` where the section has no such bound. */
function bounded(
  { key, signable }: RuleInput,
  name: string,
  boundOf: (rules: TransactionRules) => Objection | undefined,
): RuleWord {
  if (key.transactions === undefined) return noSection()
  const objection = boundOf(key.transactions)
  if (objection === undefined) return doesNotApply(`\`transactions\` has no ${name}`)
  const contents = contentsOf(signable)
  if (contents.length === 0) return doesNotApply('it is no operation')
  const text = contents.map(objection).find((found) => found !== undefined)
  return text === undefined ? passes('every content keeps to it') : refuses(CODE, text)
}

function above(what: string, mutez: bigint | undefined, limit: number, name: string): string | undefined {
  if (mutez !== undefined && mutez <= BigInt(limit)) return undefined
  return `${what}: ${mutez ?? 'unknown'} mutez are more than ${name} of the key, ${limit}; raise ${name} to allow it`
}

function contentsOf(signable: RuleInput['signable']): readonly OperationContent[] {
  return signable.kind === 'operation' ? signable.contents : []
}

function noSection(): RuleWord {
  return doesNotApply('the key has no `transactions`')
}
