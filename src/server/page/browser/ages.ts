/** A duration in its two largest units at most: "12 s", "5 min", "3 h 12 min", "4 d 3 h". */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000))
  if (seconds < 60) return `${seconds} s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return `${minutes} min`
  const hours = Math.floor(minutes / 60)
  if (hours < 24) return `${hours} h ${minutes % 60} min`
  return `${Math.floor(hours / 24)} d ${hours % 24} h`
}

/** Writes how long ago each marked instant was; `now` is the daemon's time (ms since 1970). */
export function showAges(now: number): void {
  for (const time of document.querySelectorAll<HTMLTimeElement>('time[data-age]')) {
    const age = duration(now - Date.parse(time.dateTime))
    const text = time.dataset['age'] === 'for' ? `for ${age}` : `${age} ago`
    if (time.textContent !== text) time.textContent = text
  }
}
