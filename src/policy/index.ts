/** Decides what may be signed, and remembers it through crashes. Read decide.ts first. */
export type { SignEvent } from './audit.js'
export type { AuthenticationRules, AuthorizedKey } from './authentication.js'
export { authorise, MAX_PAYLOAD_BYTES, readPayload } from './authorise.js'
export type { ChainHead, HeadAnswer } from './chain-head.js'
export { decide, type Denial, type LevelGap, type Verdict } from './decide.js'
export { explainPayload, type Explanation, type ExplainedRule, type ExplainInput } from './explain-payload.js'
export { GuardedSigner } from './guarded-signer.js'
export type { GuardedSignerOptions, SignerEvent, SignerRules } from './guarded-signer-options.js'
export { HeadCheck, HEAD_TIMEOUT_MS, type HeadCheckOptions, type HeadEvent } from './head-check.js'
export type { HookQuestion } from './hook-question.js'
export type { ImportedMark, ImportPlan } from './imported-mark.js'
export type { JournalForm } from './journal-form.js'
export { hexText, lineHead, openingSchema, type Unchained } from './journal-line.js'
export type { JournalState, Quarantine } from './journal-state.js'
export type { KeyRules, TransactionRules } from './key-rules.js'
export {
  MAX_OPEN_QUESTIONS,
  PolicyHook,
  type AskHook,
  type HookAnswer,
  type HookEvent,
  type HookFault,
  type PolicyHookOptions,
} from './policy-hook.js'
export { comparePosition, markName, type Mark, type MarkKey, type MarkRecord, type Wanted } from './mark.js'
export type { MarkStore, Position, RaiseOutcome } from './mark-store.js'
export { MarksJournal } from './marks-journal.js'
export type { MarksJournalOptions } from './marks-journal-options.js'
export { NonceWatch, type NonceUse } from './nonce-watch.js'
export { Recent } from './recent.js'
export type { Refusal, RefusalCode } from './refusal.js'
export type { SignerTrouble } from './release.js'
export { type Rule, type RuleInput, type RuleWord } from './rule.js'
export type { RuleName } from './rule-name.js'
export { RULES } from './rules.js'
export { UNKNOWN_CALLER, type Caller, type SignRequest, type SignResult } from './sign-request.js'
export type {
  DeviceAnswer,
  DeviceFailure,
  DeviceFailureCode,
  DeviceJudgement,
  SigningDevice,
} from './signing-device.js'
export type { DeviceRoutes, SpareEvent } from './spares.js'
export { clockText, hoursText, WEEKDAYS, type SigningHours, type Weekday } from './signing-hours.js'
export {
  decideSpend,
  isForgettable,
  LONGEST_WINDOW_HOURS,
  type Spend,
  type SpendVerdict,
  type SpendWindow,
  type WantedSpend,
} from './spend.js'
export { type Seed } from './seeds.js'
export { ensureJournal, SoundJournal, type JournalEvent, type SoundJournalOptions } from './sound-journal.js'
export { StateError, type StateErrorCode } from './state-error.js'
export type { StateEvent } from './state-event.js'
export { replaceFile, syncDirectory, systemFiles, type StateFiles } from './state-files.js'
export { Turns, type Patience, type TurnRefusal } from './turns.js'
export { verifyHistory, type History } from './verify-history.js'
