import { isContractAddress, isEntrypointName } from '../tezos/index.js'
import type { Weekday } from './config.js'
import { refused, show, type Refused } from './findings.js'

/** The most mutez that a limit may be: what a number of the file holds exactly. */
export const MAX_MUTEZ = Number.MAX_SAFE_INTEGER

/** The longest window, in hours: what is older is forgotten (`LONGEST_WINDOW_HOURS` of src/policy/spend.ts). */
export const MAX_WINDOW_HOURS = 744

/** The days of the week as the file writes them, in their order. */
export const WEEKDAYS: readonly Weekday[] = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']

/** An account's or a contract's address. */
export function readDestination(value: unknown): string | Refused {
  if (typeof value === 'string' && isContractAddress(value)) return value
  return refused(
    `${show(value)} is not a tz1 to tz5 or KT1 address with a right checksum; copy it again, in quotes`,
  )
}

/** An entrypoint's name. */
export function readEntrypoint(value: unknown): string | Refused {
  if (typeof value === 'string' && isEntrypointName(value)) return value
  return refused(
    `${show(value)} is not an entrypoint's name; write 1 to 31 letters, digits or one of _ . % @, like default`,
  )
}

/** A time of the day as minutes since midnight; 24:00 is the end of the day. */
export function readTimeOfDay(value: unknown): number | Refused {
  const [, hours = '', minutes = ''] =
    typeof value === 'string' ? (/^(\d{2}):(\d{2})$/.exec(value) ?? []) : []
  const minute = Number(hours) * 60 + Number(minutes)
  if (hours !== '' && Number(minutes) < 60 && minute <= 24 * 60) return minute
  return refused(`${show(value)} is not a time from 00:00 to 24:00; write it in quotes, like "08:00"`)
}

/** A day of the week. */
export function readWeekday(value: unknown): Weekday | Refused {
  const day = WEEKDAYS.find((known) => known === value)
  return day ?? refused(`${show(value)} is not a day of the week; write ${WEEKDAYS.join(', ')}`)
}

/** A time zone by its IANA name. */
export function readZone(value: unknown): string | Refused {
  const text = typeof value === 'string' && value !== '' ? value : undefined
  try {
    if (text !== undefined)
      return new Intl.DateTimeFormat('en-US', { timeZone: text }).resolvedOptions().timeZone
  } catch {
    // told below
  }
  return refused(
    `${show(value)} is not a time zone that this system knows; write it like Europe/Zurich, or UTC`,
  )
}
