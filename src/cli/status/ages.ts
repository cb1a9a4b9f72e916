const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** A duration for a person, its two greatest units: `4 s`, `12 min`, `3 h 5 min`, `2 d 4 h`. Negative ones are 0 s. */
export function duration(ms: number): string {
  const two = (large: number, largeName: string, small: number, smallName: string) => {
    const rest = Math.floor((ms % large) / small)
    return `${Math.floor(ms / large)} ${largeName}${rest === 0 ? '' : ` ${rest} ${smallName}`}`
  }
  if (ms < MINUTE) return `${Math.max(0, Math.floor(ms / SECOND))} s`
  if (ms < HOUR) return `${Math.floor(ms / MINUTE)} min`
  return ms < DAY ? two(HOUR, 'h', MINUTE, 'min') : two(DAY, 'd', HOUR, 'h')
}

/** How long before `now` an instant was; both ISO 8601. */
export function ageOf(at: string, now: string): string {
  return duration(Date.parse(now) - Date.parse(at))
}
