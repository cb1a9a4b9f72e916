import type { Parsed } from './signable.js'

/** The outcome of a payload that breaks its layout. `reason` says what, which value, which limit; never the payload. */
export function malformed(reason: string): Parsed {
  return { outcome: 'malformed', reason }
}

/** Why a level or a round cannot be used, when it is negative as an int32; `undefined` for 0 to 2^31 - 1. */
export function negativeFault(name: string, value: number): string | undefined {
  return value < 0 ? `${name} ${value}: 0 to 2147483647 expected` : undefined
}
