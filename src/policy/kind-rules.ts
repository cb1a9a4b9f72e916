import { hexByte, isConsensus, VOTE_KINDS, type OperationContent, type Signable } from '../tezos/index.js'
import { doesNotApply, passes, refuses, type RuleInput, type RuleWord } from './rule.js'

/**
 * First bytes that are ever signed. 0x01 and 0x02 are consensus of a dead protocol without marks, 0x04 would forge
 * requests to other signers, and above 0x13 the firmware reads past the end of its policy table.
 */
const SIGNABLE_BYTES: readonly number[] = [0x03, 0x05, 0x11, 0x12, 0x13]

/**
 * Signed only where `allow` names them: drain_delegate moves all of a baker's funds, the key updates hand its rights
 * over, and a failing_noop is anybody's text under the baker's signature.
 */
const BY_NAME_ONLY: readonly string[] = [
  'drain_delegate',
  'update_consensus_key',
  'update_companion_key',
  'failing_noop',
]

/** The first byte must be one that is ever signed. */
export function firstByte({ signable }: RuleInput): RuleWord {
  const { magicByte, kind } = signable
  if (SIGNABLE_BYTES.includes(magicByte)) return passes(`${hexByte(magicByte)} is signed by this program`)
  return magicByteRefusal(magicByte, `${kind} is never signed`)
}

/** The first byte must be one that the key's `allowed_ops` lists. */
export function allowedOps({ key, signable }: RuleInput): RuleWord {
  const { allowedMagicBytes: bytes, publicKeyHash } = key
  if (bytes === 'any') return doesNotApply('security.signing_policy_check is false')
  const listed = bytes.map(hexByte).join(', ')
  if (bytes.includes(signable.magicByte)) return passes(`it has ${listed}`)
  return magicByteRefusal(signable.magicByte, `allowed_ops of ${publicKeyHash} has ${listed || 'nothing'}`)
}

/** A block's or vote's chain must be one of the key's. */
export function chains({ key, signable }: RuleInput): RuleWord {
  if (!isConsensus(signable)) return doesNotApply('the payload carries no chain')
  const listed = key.chains.join(', ')
  if (key.chains.includes(signable.chainId)) return passes(`it is among ${listed}`)
  const text = `${signable.chainId} is not among the chains of ${key.publicKeyHash}: ${listed}`
  return refuses('chain-not-allowed', text)
}

/** Votes have first bytes of their own: under 0x03 they would be signed without a mark. */
export function votes({ signable }: RuleInput): RuleWord {
  if (signable.kind !== 'operation') return doesNotApply('it is no operation')
  const misplaced = signable.contents.find(({ kind }) => VOTE_KINDS.includes(kind))
  if (misplaced === undefined) return passes('there is no vote among the contents')
  return refuses('operation-not-allowed', `${misplaced.kind} is never signed under 0x03`)
}

/**
 * Some kinds are signed only where `allow` names them. A content that could not be read may hide one of them behind
 * itself, and so may no name at all be given to it.
 */
export function byName({ key, signable }: RuleInput): RuleWord {
  const names = namesOf(signable)
  if (names.some(({ kind }) => kind === 'unknown')) {
    const text = 'unknown: an operation that cannot be read to its end is not signed, for it may hide another'
    return refuses('operation-not-allowed', text)
  }
  const guarded = names.map(({ kind }) => kind).filter((kind) => isByNameOnly(key, kind))
  if (guarded.length === 0) return doesNotApply('nothing in it has to be named by `allow`')
  const missing = guarded.find((kind) => key.allow?.includes(kind) !== true)
  if (missing === undefined) return passes(`\`allow\` names ${guarded.join(', ')}`)
  return refuses('operation-not-allowed', `${missing}: only where \`allow\` names it`)
}

/** Where `allow` is given, every content must be named by it. */
export function allow({ key, signable }: RuleInput): RuleWord {
  const { allow: allowed, publicKeyHash } = key
  if (allowed === undefined) return doesNotApply('the key has no `allow`')
  const missing = namesOf(signable).find((names) => !isNamed(names, allowed))
  if (missing === undefined) return passes(`it names ${listed(signable)}`)
  const name = missing.narrow ?? missing.kind
  return refuses('operation-not-allowed', `${name}: \`allow\` of ${publicKeyHash} does not name it`)
}

/** Whether a content's own, narrower name is listed: `stake`, `ballot:yay`. */
export function isNamedNarrowly(content: OperationContent, allowed: readonly string[] | undefined): boolean {
  const narrow = narrowName(content)
  return narrow !== undefined && allowed?.includes(narrow) === true
}

/** How `allow` may name a payload or a content: by its kind, which is the wider name, or by what it does. */
type Names = { readonly kind: string; readonly narrow: string | undefined }

function namesOf(signable: Signable): readonly Names[] {
  if (signable.kind !== 'operation') return [{ kind: signable.kind, narrow: undefined }]
  return signable.contents.map((content) => ({ kind: content.kind, narrow: narrowName(content) }))
}

function narrowName({ pseudo, ballot }: OperationContent): string | undefined {
  return pseudo ?? (ballot && `ballot:${ballot}`)
}

function isNamed({ kind, narrow }: Names, allowed: readonly string[]): boolean {
  if (kind === 'unknown') return false
  return allowed.includes(kind) || (narrow !== undefined && allowed.includes(narrow))
}

/** Data of Michelson must be asked for somewhere: `signing_policy_check: false` alone is not asking for it. */
function isByNameOnly({ allowedMagicBytes }: RuleInput['key'], kind: string): boolean {
  return BY_NAME_ONLY.includes(kind) || (kind === 'michelson_data' && allowedMagicBytes === 'any')
}

function listed(signable: Signable): string {
  return [...new Set(namesOf(signable).map(({ kind, narrow }) => narrow ?? kind))].join(', ')
}

function magicByteRefusal(byte: number, why: string): RuleWord {
  return refuses('magic-byte-not-allowed', `magic byte ${hexByte(byte)} not allowed: ${why}`)
}
