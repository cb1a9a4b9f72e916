const MINUTE_MS = 60_000

/** What happened in the last minute, by name. In memory: a restart forgets it. Instants are of the monotonic clock, in ms. */
export class Recent<Name> {
  readonly #at = new Map<Name, readonly number[]>()

  /** How often it happened in the last minute. */
  count(name: Name, now: number): number {
    return this.#recent(name, now).length
  }

  /** Whole seconds until it happened fewer than `perMinute` times within a minute; 0 where it did. */
  secondsUntil(name: Name, perMinute: number, now: number): number {
    const recent = this.#recent(name, now)
    if (recent.length < perMinute) return 0
    const [oldest = now] = recent.slice(recent.length - perMinute)
    return Math.ceil((oldest + MINUTE_MS - now) / 1000)
  }

  /** Notes that it happens now. */
  note(name: Name, now: number): void {
    this.#at.set(name, [...this.#recent(name, now), now])
  }

  #recent(name: Name, now: number): readonly number[] {
    return (this.#at.get(name) ?? []).filter((at) => at > now - MINUTE_MS)
  }
}
