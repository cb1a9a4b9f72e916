import type { Signable } from '../tezos/index.js'
import type { KeyRules } from './key-rules.js'
import type { RefusalCode } from './refusal.js'
import type { RuleName } from './rule-name.js'

/** What a rule says of one payload, with the reason in words. */
export type RuleWord =
  | { readonly says: 'passes'; readonly because: string }
  | { readonly says: 'does-not-apply'; readonly because: string }
  | { readonly says: 'refuses'; readonly code: RefusalCode; readonly because: string }

/** What rules are asked about. Rules are functions of this alone. */
export type RuleInput = {
  readonly key: KeyRules
  readonly signable: Signable
  /** Who asks, as far as it is proven: configured names and addresses of authorized keys. */
  readonly clients: readonly string[]
  /** Wall-clock time. */
  readonly now: Date
}

/** One rule of a key. */
export type Rule = { readonly name: RuleName; readonly ask: (input: RuleInput) => RuleWord }

/** A rule that lets the payload through. */
export function passes(because: string): RuleWord {
  return { says: 'passes', because }
}

/** A rule that has nothing to say of the payload. */
export function doesNotApply(because: string): RuleWord {
  return { says: 'does-not-apply', because }
}

/** A rule that forbids the payload. */
export function refuses(code: RefusalCode, because: string): RuleWord {
  return { says: 'refuses', code, because }
}
