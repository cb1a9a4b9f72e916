import {
  describeSignable,
  isConsensus,
  payloadDigest,
  toHex,
  type DescribedSignable,
  type Signable,
} from '../tezos/index.js'
import { readPayload } from './authorise.js'
import { decide, type LevelGap } from './decide.js'
import { denialRefusal, quarantineRefusal } from './explain.js'
import type { JournalState } from './journal-state.js'
import type { KeyRules } from './key-rules.js'
import { markName, wantedBy } from './mark.js'
import { refuse, type Refusal, type RefusalCode } from './refusal.js'
import { doesNotApply, passes, refuses, type Rule, type RuleWord } from './rule.js'
import type { RuleName } from './rule-name.js'
import { RULES } from './rules.js'
import { spendQuestion } from './signing-job.js'
import { decideSpend, windowTotals } from './spend.js'

/** What is known where a payload is explained. */
export type ExplainInput = {
  readonly key: KeyRules
  readonly payload: Uint8Array
  /** Who is taken to ask; left out where nobody was named. */
  readonly clients?: readonly string[] | undefined
  readonly now: Date
  readonly maxLevelGap: LevelGap
  /** What the journal says now; `undefined` where there is none. */
  readonly state: JournalState | undefined
}

/** One rule, or one check of the state directory, and what it says. */
export type ExplainedRule = {
  readonly name: RuleName | 'quarantine' | 'mark'
  readonly says: RuleWord['says'] | 'not-known'
  readonly because: string
  readonly code?: RefusalCode
}

/** One spend window as it stands. Amounts are decimal digits. */
export type ExplainedWindow = {
  readonly hours: number
  readonly mutez: string
  readonly maxMutez: string
  readonly feeMutez: string
  readonly maxFeeMutez?: string
}

/** What would become of a payload. */
export type Explanation = {
  readonly key: string
  readonly bytes: number
  readonly digest: string
  /** What was read; `undefined` for bytes that are no payload. */
  readonly read: DescribedSignable | undefined
  readonly rules: readonly ExplainedRule[]
  readonly windows: readonly ExplainedWindow[]
  /** `undefined`: it would be signed, as far as can be told here. */
  readonly refusal: Refusal | undefined
}

/**
 * What the rules of a key, its marks and its windows make of a payload now: the very rules that a request meets, in
 * their order. It changes nothing. The device, the node's head and the rate are not asked.
 */
export function explainPayload(input: ExplainInput): Explanation {
  const { key, payload } = input
  const digest = toHex(payloadDigest(payload))
  const facts = { key: key.publicKeyHash, bytes: payload.length, digest }
  const read = readPayload(key, payload)
  if (read.outcome === 'refused') {
    return { ...facts, read: undefined, rules: [], windows: [], refusal: read.refusal }
  }
  const { signable } = read
  const rules = askAll(input, signable, digest)
  return {
    ...facts,
    read: describeSignable(signable),
    rules,
    windows: windowsOf(input),
    refusal: firstRefusal(rules),
  }
}

function askAll(input: ExplainInput, signable: Signable, digest: string): readonly ExplainedRule[] {
  const { key, clients, now } = input
  const ask = (rule: Rule) =>
    rule.name === 'clients' && key.clients !== undefined && clients === undefined
      ? `it depends on who asks: ${key.clients.join(', ')} may`
      : rule.ask({ key, signable, clients: clients ?? [], now })
  return [
    ...RULES.map((rule) => explained(rule.name, ask(rule))),
    explained('quarantine', quarantineWord(input)),
    explained('mark', markWord(input, signable, digest)),
    explained('transactions.spend_windows', spendWord(input, signable, digest)),
  ]
}

function explained(name: ExplainedRule['name'], word: RuleWord | string): ExplainedRule {
  if (typeof word === 'string') return { name, says: 'not-known', because: word }
  const { says, because } = word
  return word.says === 'refuses' ? { name, says, because, code: word.code } : { name, says, because }
}

function firstRefusal(rules: readonly ExplainedRule[]): Refusal | undefined {
  const refusing = rules.find(({ code }) => code !== undefined)
  if (refusing?.code === undefined) return undefined
  const { code, because, name } = refusing
  return name === 'quarantine' || name === 'mark' ? refuse(code, because) : refuse(code, because, name)
}

const NO_STATE = 'there is no state directory yet: tezio-bridge init'

function quarantineWord({ key, state }: ExplainInput): RuleWord | string {
  if (state === undefined) return NO_STATE
  const found = state.quarantines.get(key.publicKeyHash)
  if (found === undefined) return passes('the key is not in quarantine')
  const { code, message } = quarantineRefusal(found)
  return refuses(code, message)
}

function markWord(
  { key, state, maxLevelGap }: ExplainInput,
  signable: Signable,
  digest: string,
): RuleWord | string {
  if (!isConsensus(signable)) return doesNotApply('the payload carries no level and round')
  if (state === undefined) return NO_STATE
  const wanted = wantedBy(key.publicKeyHash, signable, digest)
  const mark = state.marks.get(markName(wanted))
  const verdict = decide(wanted, mark, maxLevelGap)
  switch (verdict.verdict) {
    case 'deny': {
      const { code, message } = denialRefusal(verdict)
      return refuses(code, message)
    }
    case 'repeat':
      return passes('this very payload was let through before; it is answered with the same signature')
    case 'advance':
      return passes(`it is above the mark (level ${verdict.from.level}, round ${verdict.from.round})`)
  }
}

function spendWord({ key, state, now }: ExplainInput, signable: Signable, digest: string): RuleWord | string {
  const question = spendQuestion(key, signable, digest)
  if (question === undefined) return doesNotApply('the key has no spend window, or it is no operation')
  const { wanted, windows } = question
  const verdict = decideSpend(wanted, windows, [...(state?.spends.values() ?? [])], now)
  if (verdict.verdict === 'deny') return refuses('spend-limit', verdict.because)
  if (state === undefined) return NO_STATE
  if (verdict.verdict === 'counted') return passes('this very operation is counted already')
  return passes(`${wanted.mutez} mutez, and ${wanted.feeMutez} of fees, have room in every window`)
}

function windowsOf({ key, state, now }: ExplainInput): readonly ExplainedWindow[] {
  if (state === undefined) return []
  return (key.transactions?.spendWindows ?? []).map((window) => {
    const { mutez, feeMutez } = windowTotals(window, key.publicKeyHash, [...state.spends.values()], now)
    const { hours, maxMutez, maxFeeMutez } = window
    return {
      ...{ hours, mutez: String(mutez), maxMutez: String(maxMutez), feeMutez: String(feeMutez) },
      ...(maxFeeMutez === undefined ? {} : { maxFeeMutez: String(maxFeeMutez) }),
    }
  })
}
