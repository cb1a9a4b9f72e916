import { doesNotApply, passes, refuses, type RuleInput, type RuleWord } from './rule.js'
import { clockText, hoursText, WEEKDAYS, type SigningHours, type Weekday } from './signing-hours.js'

/** Nothing is signed outside a key's hours. */
export function hoursRule({ key, now }: RuleInput): RuleWord {
  const { hours, publicKeyHash } = key
  if (hours === undefined) return doesNotApply('the key has no `hours`')
  const there = localTime(now, hours.zone)
  const span = `${hoursText(hours)} on ${hours.days.join(', ')} (${hours.zone})`
  const text = `it is ${there.day} ${clockText(there.minute)} in ${hours.zone}`
  if (isWithin(hours, there)) return passes(`${text}, within ${span}`)
  return refuses('outside-hours', `${text}, and ${publicKeyHash} signs from ${span}; ask again then`)
}

type LocalTime = { readonly day: Weekday; readonly minute: number }

/** After midnight the hours of the day before count. */
function isWithin({ from, to, days }: SigningHours, { day, minute }: LocalTime): boolean {
  if (from < to) return minute >= from && minute < to && days.includes(day)
  if (minute >= from) return days.includes(day)
  return minute < to && days.includes(dayBefore(day))
}

function dayBefore(day: Weekday): Weekday {
  return WEEKDAYS[(WEEKDAYS.indexOf(day) + WEEKDAYS.length - 1) % WEEKDAYS.length] ?? day
}

/** Summer time and all else that a zone does is the operating system's to know. */
function localTime(now: Date, zone: string): LocalTime {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    weekday: 'short',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  })
  const parts = new Map(format.formatToParts(now).map(({ type, value }) => [type, value]))
  const name = parts.get('weekday')?.toLowerCase()
  const day = WEEKDAYS.find((known) => known === name)
  const minute = Number(parts.get('hour')) * 60 + Number(parts.get('minute'))
  if (day === undefined || !Number.isInteger(minute)) throw new RangeError(`no local time in ${zone}`)
  return { day, minute }
}
