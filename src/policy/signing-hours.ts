/** The days of the week, as a configuration writes them, in the order of the week. */
export const WEEKDAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const

/** A day of the week. */
export type Weekday = (typeof WEEKDAYS)[number]

/** When a key may sign. */
export type SigningHours = {
  /** The first minute of the day, from 0 to 1439. */
  readonly from: number
  /** The minute it ends before, from 1 to 1440; one below `from` is of the next day. */
  readonly to: number
  /** The days on which it begins. */
  readonly days: readonly Weekday[]
  /** An IANA name. */
  readonly zone: string
}

/** `08:00 to 18:00`. */
export function hoursText({ from, to }: Pick<SigningHours, 'from' | 'to'>): string {
  return `${clockText(from)} to ${clockText(to)}`
}

/** `08:00` for 480. */
export function clockText(minute: number): string {
  const two = (value: number) => String(value).padStart(2, '0')
  return `${two(Math.floor(minute / 60))}:${two(minute % 60)}`
}
