import type { PublicKeyHash } from '../tezos/index.js'
import { Recent } from './recent.js'
import { doesNotApply, passes, refuses, type RuleWord } from './rule.js'

/** The signatures that the device was asked for in the last minute, by key. In memory: a restart forgets them. */
export class RateWatch {
  readonly #asked = new Recent<PublicKeyHash>()

  /** Whether a key may ask once more; `now` is an instant of the monotonic clock, in ms. */
  ask(key: PublicKeyHash, perMinute: number | undefined, now: number): RuleWord {
    if (perMinute === undefined) return doesNotApply('the key has no `per_minute`')
    const count = this.#asked.count(key, now)
    const seconds = this.#asked.secondsUntil(key, perMinute, now)
    if (seconds === 0) return passes(`${count} of ${perMinute} in the last 60 s`)
    const text = `the device was asked for ${count} signatures by ${key} in the last 60 s, and per_minute is ${perMinute}`
    return refuses('rate-limit', `${text}; ask again in ${seconds} s`)
  }

  /** Notes that the device is asked now. */
  count(key: PublicKeyHash, now: number): void {
    this.#asked.note(key, now)
  }
}
