import { byteOfKind, VOTE_KINDS } from '../../tezos/index.js'
import type { Notes } from './notes.js'

/**
 * Signatory's kinds of request that carry a mark, by all of their names. Source: the documentation of
 * Signatory 1.2.3; the names with endorsement are those of before version 1.0.
 */
const REQUESTS: ReadonlyMap<string, string> = new Map([
  ['block', 'block'],
  ['preattestation', 'preattestation'],
  ['preendorsement', 'preattestation'],
  ['attestation', 'attestation'],
  ['endorsement', 'attestation'],
  ['attestation_with_dal', 'attestation'],
])

/** Attestations without the content of the DAL. */
const PLAIN: readonly string[] = ['attestation', 'endorsement']

/** Operations that have another name here: the protocol has joined the two evidences since Signatory named them. */
const RENAMED: ReadonlyMap<string, string> = new Map(
  ['endorsement', 'attestation', 'preendorsement', 'preattestation'].map((vote) => [
    `double_${vote}_evidence`,
    'double_consensus_operation_evidence',
  ]),
)

/** Its names of votes, which may stand in `generic` too. */
const VOTES: readonly string[] = [
  ...VOTE_KINDS,
  ...['endorsement', 'preendorsement', 'endorsement_with_slot', 'endorsement_with_dal'],
]

/** What a Signatory key may sign, in its two forms: `allow`, and the older pair of lists. */
export type SignatoryRules = {
  readonly requests: readonly string[]
  /** What `generic` lists. */
  readonly operations: readonly string[]
}

/** What Signatory does with a key whose entry is empty. Source: `defaultPolicy` in its `pkg/signatory/signatory.go`. */
export const DEFAULT_RULES: SignatoryRules = {
  requests: ['block', 'preattestation', 'attestation'],
  operations: [],
}

/**
 * The kinds that `allow` would name. What no kind here stands for is noted below `place`; `isKind` tells which names
 * `allow` takes.
 */
export function kindsOf(
  { requests, operations }: SignatoryRules,
  place: string,
  isKind: (name: string) => boolean,
  notes: Notes,
): readonly string[] {
  const votes = requests.flatMap((name) => requestKind(name, place, notes))
  const isGeneric = requests.includes('generic')
  if (!isGeneric && operations.length > 0) {
    const remedy = 'add the operations to allow and 0x03 to allowed_ops, if it should sign them'
    notes.leave(`${place}.allowed_kinds`, 'without generic among the operations it has no effect', remedy)
  }
  const kinds = isGeneric ? operations.flatMap((name) => operationKind(name, place, isKind, notes)) : []
  const isBoth = requests.includes('attestation_with_dal') && requests.some((name) => PLAIN.includes(name))
  if (votes.includes('attestation') && !isBoth) {
    notes.assume(
      'here attestation stands for both forms of the vote: with the content of the DAL and without.',
    )
  }
  return [...new Set([...votes, ...kinds])]
}

function requestKind(name: string, place: string, notes: Notes): readonly string[] {
  const kind = REQUESTS.get(name)
  if (kind !== undefined) return [kind]
  if (name === 'generic') return []
  if (name === 'failing_noop') return ['failing_noop']
  notes.leave(`${place}.allow.${name}`, 'no kind of request here stands for it', LOOK)
  return []
}

const LOOK = 'see the kinds in docs/config.md, and add the one that is meant to allow'

function operationKind(
  name: string,
  place: string,
  isKind: (name: string) => boolean,
  notes: Notes,
): readonly string[] {
  const setting = `${place}.allow.generic: ${name}`
  if (VOTES.includes(name)) {
    const remedy = 'none is needed: block, preattestation and attestation in allow are what a baker signs'
    notes.leave(setting, 'votes are never signed as operations (0x03)', remedy)
    return []
  }
  const renamed = RENAMED.get(name)
  if (renamed !== undefined) {
    notes.assume(`${name} is ${renamed} here, as in the protocol since 023.`)
    return [renamed]
  }
  if (isKind(name) && byteOfKind(name) === 0x03) return [name]
  notes.leave(setting, 'no operation here has this name', LOOK)
  return []
}
