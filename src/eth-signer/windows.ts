import type { EthAddress } from '../ethereum/index.js'
import { refuse, type EthRefusal } from './eth-refusal.js'
import type { WeiWindow } from './eth-rules.js'
import { slotName, type TransferRecord } from './ledger-state.js'

const HOUR_MS = 3_600_000

/** What a nonce can cost: only one of its transactions can be mined, so the dearest counts, since the last was let through. */
type Spent = { readonly wei: bigint; readonly at: number }

/** Rule E7: value and most fee together, in each window. What is of the future counts: the clock may have been set back. */
export function windowRefusal(
  wanted: Pick<TransferRecord, 'from' | 'transaction' | 'wei'>,
  windows: readonly WeiWindow[],
  transfers: Iterable<TransferRecord>,
  now: Date,
): EthRefusal | undefined {
  const slots = spentBySlot(wanted.from, transfers)
  const own = slots.get(slotName(wanted))
  slots.delete(slotName(wanted))
  const wei = own !== undefined && own.wei > wanted.wei ? own.wei : wanted.wei
  for (const { hours, maxWei } of windows) {
    const start = now.getTime() - hours * HOUR_MS
    const counted = [...slots.values()].filter(({ at }) => at > start)
    const spent = counted.reduce((sum, one) => sum + one.wei, 0n)
    if (spent + wei <= maxWei) continue
    const text = `${wei} wei (value and most fee) on top of ${spent} in the last ${hours} hours are more than max_wei of that window, ${maxWei}; ${remedy(counted, wei, { hours, maxWei })}`
    return refuse('spend-limit', text, 'E7')
  }
  return undefined
}

function spentBySlot(from: EthAddress, transfers: Iterable<TransferRecord>): Map<string, Spent> {
  const slots = new Map<string, Spent>()
  for (const transfer of transfers) {
    if (transfer.from !== from) continue
    const before = slots.get(slotName(transfer)) ?? { wei: 0n, at: 0 }
    const wei = transfer.wei > before.wei ? transfer.wei : before.wei
    slots.set(slotName(transfer), { wei, at: Math.max(Date.parse(transfer.at), before.at) })
  }
  return slots
}

function remedy(counted: readonly Spent[], wei: bigint, { hours, maxWei }: WeiWindow): string {
  if (wei > maxWei) return 'the window never has that much room; raise it to allow this'
  let left = counted.reduce((sum, one) => sum + one.wei, 0n)
  for (const spent of [...counted].sort((one, other) => one.at - other.at)) {
    left -= spent.wei
    if (left + wei > maxWei) continue
    return `${maxWei - left} are free again at ${new Date(spent.at + hours * HOUR_MS).toISOString()}`
  }
  return 'ask again later'
}
