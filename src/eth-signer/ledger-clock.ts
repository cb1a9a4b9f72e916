import { refuse, type EthRefusal } from './eth-refusal.js'

/** How far this host's time may go back behind the ledger's newest line: time services correct by less. */
const TOLERANCE_MS = 10_000

/**
 * Why what depends on time is refused; `undefined` where the clock can be relied on. Times set back would let a recorded
 * request in again, and count what was spent twice or not at all.
 */
export function clockRefusal(newestAt: number, now: Date, rule: 'E1' | 'E7'): EthRefusal | undefined {
  if (now.getTime() >= newestAt - TOLERANCE_MS) return undefined
  const text = `this host's time is ${now.toISOString()}, and the ledger was written at ${new Date(newestAt).toISOString()}, later; set the clock right`
  return refuse('clock-went-back', text, rule)
}
