import type { OperationContent, PublicKeyHash, Signable } from '../tezos/index.js'

/** How much a key may let go in any so many hours. */
export type SpendWindow = {
  /** 1 to `LONGEST_WINDOW_HOURS`. */
  readonly hours: number
  readonly maxMutez: number
  readonly maxFeeMutez: number | undefined
}

/** The longest window there is: what is older than this is forgotten. */
export const LONGEST_WINDOW_HOURS = 744

const HOUR_MS = 3_600_000

/** What an operation moves and what it pays for that. */
export type SpendTotals = { readonly mutez: bigint; readonly feeMutez: bigint }

/** One operation that wants to be let through: `digest` is its payload's BLAKE2b-256 in hex. */
export type WantedSpend = SpendTotals & { readonly key: PublicKeyHash; readonly digest: string }

/** One operation that was let through, and when last (ISO 8601). Whether a signature came of it does not matter. */
export type Spend = WantedSpend & { readonly at: string }

/**
 * What the windows of a key say of an operation.
 * - `reserve`: write it down, durably, and only then sign.
 * - `counted`: this very payload is counted in every window already.
 * - `deny`: with the reason in words.
 */
export type SpendVerdict =
  | { readonly verdict: 'reserve' }
  | { readonly verdict: 'counted' }
  | { readonly verdict: 'deny'; readonly because: string }

/** One text per operation, for maps. */
export function spendName({ key, digest }: Pick<Spend, 'key' | 'digest'>): string {
  return `${key}/${digest}`
}

/**
 * What an operation moves: what transactions transfer and originations give. Staking moves nothing away from its
 * account, and burns for storage are bounded by the protocol's price and the operation's own limit.
 */
export function spendTotals(signable: Signable): SpendTotals {
  const contents = signable.kind === 'operation' ? signable.contents : []
  return {
    mutez: contents.reduce((sum, content) => sum + moved(content), 0n),
    feeMutez: contents.reduce((sum, { feeMutez = 0n }) => sum + feeMutez, 0n),
  }
}

function moved({ pseudo, amountMutez = 0n, balanceMutez = 0n }: OperationContent): bigint {
  return pseudo === undefined ? amountMutez + balanceMutez : 0n
}

/** The rule of spend windows. `spends` may hold other keys' too; each payload counts once. */
export function decideSpend(
  wanted: WantedSpend,
  windows: readonly SpendWindow[],
  spends: readonly Spend[],
  now: Date,
): SpendVerdict {
  const own = spends.filter(({ key }) => key === wanted.key)
  for (const window of windows) {
    const because = excess(window, wanted, own, now, 'mutez') ?? excess(window, wanted, own, now, 'feeMutez')
    if (because !== undefined) return { verdict: 'deny', because }
  }
  const isCounted = windows.every((window) =>
    within(window, own, now).some(({ digest }) => digest === wanted.digest),
  )
  return { verdict: isCounted ? 'counted' : 'reserve' }
}

/** What a key's windows hold at an instant. */
export function windowTotals(
  window: SpendWindow,
  key: PublicKeyHash,
  spends: readonly Spend[],
  now: Date,
): SpendTotals {
  const counted = within(
    window,
    spends.filter((spend) => spend.key === key),
    now,
  )
  return { mutez: sum(counted, 'mutez'), feeMutez: sum(counted, 'feeMutez') }
}

/** Whether no window can need a spend any more. What is of the future is needed: the clock may have been set back. */
export function isForgettable({ at }: Pick<Spend, 'at'>, now: Date): boolean {
  return Date.parse(at) <= now.getTime() - LONGEST_WINDOW_HOURS * HOUR_MS
}

/** What counts in a window: all since its start, and all of the future, so that a clock set back frees nothing. */
function within({ hours }: SpendWindow, own: readonly Spend[], now: Date): readonly Spend[] {
  return own.filter(({ at }) => Date.parse(at) > now.getTime() - hours * HOUR_MS)
}

type Part = keyof SpendTotals

function sum(spends: readonly SpendTotals[], part: Part): bigint {
  return spends.reduce((total, spend) => total + spend[part], 0n)
}

/** Why a window has no room; `undefined` when it has. */
function excess(
  window: SpendWindow,
  wanted: WantedSpend,
  own: readonly Spend[],
  now: Date,
  part: Part,
): string | undefined {
  const limit = part === 'mutez' ? window.maxMutez : window.maxFeeMutez
  if (limit === undefined) return undefined
  const others = within(window, own, now).filter(({ digest }) => digest !== wanted.digest)
  const spent = sum(others, part)
  if (spent + wanted[part] <= BigInt(limit)) return undefined
  const what = part === 'mutez' ? 'mutez' : 'mutez of fees'
  const name = part === 'mutez' ? 'max_mutez' : 'max_fee_mutez'
  const text = `${wanted[part]} ${what} on top of ${spent} in the last ${window.hours} hours are more than ${name} of that window, ${limit}`
  return `${text}; ${remedy(window, wanted[part], others, part, BigInt(limit))}`
}

function remedy(
  { hours }: SpendWindow,
  amount: bigint,
  others: readonly Spend[],
  part: Part,
  limit: bigint,
): string {
  if (amount > limit) return 'the window never has that much room; raise it to allow this'
  let left = sum(others, part)
  const byAge = [...others].sort((one, other) => Date.parse(one.at) - Date.parse(other.at))
  for (const spend of byAge) {
    left -= spend[part]
    if (left + amount > limit) continue
    const at = new Date(Date.parse(spend.at) + hours * HOUR_MS).toISOString()
    return `${limit - left} are free again at ${at}`
  }
  return 'ask again later'
}
