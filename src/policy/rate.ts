import type { PublicKeyHash } from '../tezos/index.js'
import { doesNotApply, passes, refuses, type RuleWord } from './rule.js'

const MINUTE_MS = 60_000

/** The signatures that the device was asked for in the last minute, by key. In memory: a restart forgets them. */
export class RateWatch {
  readonly #asked = new Map<PublicKeyHash, readonly number[]>()

  /** Whether a key may ask once more; `now` is an instant of the monotonic clock, in ms. */
  ask(key: PublicKeyHash, perMinute: number | undefined, now: number): RuleWord {
    if (perMinute === undefined) return doesNotApply('the key has no `per_minute`')
    const recent = this.#recent(key, now)
    if (recent.length < perMinute) return passes(`${recent.length} of ${perMinute} in the last 60 s`)
    const [oldest = now] = recent.slice(recent.length - perMinute)
    const seconds = Math.ceil((oldest + MINUTE_MS - now) / 1000)
    const text = `the device was asked for ${recent.length} signatures by ${key} in the last 60 s, and per_minute is ${perMinute}`
    return refuses('rate-limit', `${text}; ask again in ${seconds} s`)
  }

  /** Notes that the device is asked now. */
  count(key: PublicKeyHash, now: number): void {
    this.#asked.set(key, [...this.#recent(key, now), now])
  }

  #recent(key: PublicKeyHash, now: number): readonly number[] {
    return (this.#asked.get(key) ?? []).filter((at) => at > now - MINUTE_MS)
  }
}
