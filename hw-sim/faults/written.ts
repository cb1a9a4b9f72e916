import type { WireAction } from '../behaviour.js'
import { concatBytes } from '../../src/tezos/index.js'

type Actions = readonly WireAction[]
type Write = Extract<WireAction, { readonly kind: 'write' }>

const isWrite = (action: WireAction): action is Write => action.kind === 'write'

/** All bytes that are to be written, in order. */
export function writtenBytes(actions: Actions): Uint8Array {
  return concatBytes(...actions.filter(isWrite).map(({ bytes }) => bytes))
}

/** When the last thing happens; 0 when nothing does. */
export function endOf(actions: Actions): number {
  return actions.reduce((latest, { afterMs }) => Math.max(latest, afterMs), 0)
}

/** All of it `ms` later. */
export function shifted(actions: Actions, ms: number): Actions {
  return actions.map((action) => ({ ...action, afterMs: action.afterMs + ms }))
}

/** The same with other bytes, as many or fewer, in the same writes; `undefined` when nothing was to be written. */
export function rewritten(actions: Actions, change: (bytes: Uint8Array) => Uint8Array): Actions | undefined {
  const before = writtenBytes(actions)
  if (before.length === 0) return undefined
  const after = change(before)
  let offset = 0
  return actions.flatMap((action): Actions => {
    if (!isWrite(action)) return [action]
    const bytes = after.slice(offset, offset + action.bytes.length)
    offset += action.bytes.length
    return bytes.length === 0 ? [busyUntil(action.afterMs)] : [{ ...action, bytes }]
  })
}

/** The same with nothing written; the device is busy as long as before. */
export function silenced(actions: Actions): Actions {
  return rewritten(actions, () => new Uint8Array()) ?? actions
}

/** One write for each byte, `ms` apart; what came after a write comes as much later as it takes now. */
export function spreadOut(actions: Actions, ms: number): Actions | undefined {
  if (writtenBytes(actions).length === 0) return undefined
  let laterMs = 0
  return actions.flatMap((action): Actions => {
    const startMs = action.afterMs + laterMs
    if (!isWrite(action)) return [{ ...action, afterMs: startMs }]
    laterMs += Math.max(0, action.bytes.length - 1) * ms
    return Array.from(action.bytes, (byte, index) => write(startMs + index * ms, Uint8Array.of(byte)))
  })
}

/** A write. */
export const write = (afterMs: number, bytes: Uint8Array): WireAction => ({ kind: 'write', afterMs, bytes })

/** Nothing, until when the device is busy. */
export const busyUntil = (afterMs: number): WireAction => ({ kind: 'call', afterMs, run: () => undefined })
