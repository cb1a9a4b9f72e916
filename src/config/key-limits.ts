import type { HoursConfig, KeyConfig, TransactionsConfig } from './config.js'
import { pathText, type Findings, type Path } from './findings.js'
import { WEEKDAYS } from './limit-values.js'
import type { SigningKeyEntry } from './schema.js'
import { maySignConsensusByName } from './signing-rules.js'

/** The limits of a key. */
export type KeyLimits = Pick<KeyConfig, 'transactions' | 'hours' | 'perMinute'>

/** A key's limits as its entry gives them, without doubles; what only looks wrong is warned of. */
export function readKeyLimits(
  entry: SigningKeyEntry,
  bytes: KeyConfig['allowedMagicBytes'],
  path: Path,
  findings: Findings,
): KeyLimits {
  const limits = {
    transactions: readTransactions(entry),
    hours: readHours(entry, path, findings),
    perMinute: entry.per_minute,
  }
  warnOfLimits(limits, { bytes, allow: entry.allow }, pathText(path), findings)
  return limits
}

function readTransactions({ transactions }: SigningKeyEntry): TransactionsConfig | undefined {
  if (transactions === undefined) return undefined
  const { destinations, max_mutez, max_fee_mutez, entrypoints, spend_windows } = transactions
  return {
    destinations: destinations && [...new Set(destinations)],
    maxMutez: max_mutez,
    maxFeeMutez: max_fee_mutez,
    entrypoints: entrypoints && [...new Set(entrypoints)],
    spendWindows: (spend_windows ?? []).map((window) => {
      return { hours: window.hours, maxMutez: window.max_mutez, maxFeeMutez: window.max_fee_mutez }
    }),
  }
}

function readHours({ hours }: SigningKeyEntry, path: Path, findings: Findings): HoursConfig | undefined {
  if (hours === undefined) return undefined
  const { from, to, days = WEEKDAYS, zone = 'UTC' } = hours
  if (from === to || from === 24 * 60 || to === 0) {
    const remedy = 'give a beginning before 24:00 and an end behind 00:00 that differ, or remove hours'
    findings.refuse([...path, 'hours'], `begins or ends where there is no time in between; ${remedy}`)
  }
  return { from, to, days: WEEKDAYS.filter((day) => days.includes(day)), zone }
}

type Scope = { readonly bytes: KeyConfig['allowedMagicBytes']; readonly allow: KeyConfig['allow'] }

function warnOfLimits(
  { transactions, hours, perMinute }: KeyLimits,
  scope: Scope,
  key: string,
  { warn }: Findings,
): void {
  if (transactions !== undefined && scope.bytes !== 'any' && !scope.bytes.includes(0x03)) {
    warn(`${key}: transactions bounds operations, which are not signed while allowed_ops lacks 0x03.`)
  }
  if (transactions !== undefined && isFeeLeftOpen(transactions)) {
    warn(
      `${key}: transactions bounds amounts and no fee: add max_fee_mutez, or a fee can be as large as the account.`,
    )
  }
  if (!maySignConsensusByName(scope)) return
  const names = [hours && 'hours', perMinute && 'per_minute'].filter((name) => name !== undefined)
  for (const name of names) {
    warn(
      `${key}: ${name} also holds for blocks and votes: a block may be missed; bake with a key without it.`,
    )
  }
}

function isFeeLeftOpen({ maxMutez, maxFeeMutez, spendWindows }: TransactionsConfig): boolean {
  const boundsAmounts = maxMutez !== undefined || spendWindows.length > 0
  return (
    boundsAmounts && maxFeeMutez === undefined && spendWindows.every((one) => one.maxFeeMutez === undefined)
  )
}
