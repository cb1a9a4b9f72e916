import { createHash } from 'node:crypto'
import type { Wanted } from '../../src/policy/index.js'
import { payloadDigest, toHex, type MarkKind } from '../../src/tezos/index.js'
import { MAINNET, TZ3 } from '../policy/fixture.js'
import { block, vote } from '../tezos/build-payload.js'

/** One chain, key, kind, level and round, and two payloads that want it. */
export type Place = {
  readonly kind: MarkKind
  readonly level: number
  readonly round: number
  readonly payloads: readonly [Uint8Array, Uint8Array]
}

/** Which of a place's two payloads. */
export type Which = 0 | 1

/** Makes a place; the payloads differ in what no mark looks at. */
export function makePlace(kind: MarkKind, level: number, round: number): Place {
  const payload = (which: Which) => {
    const salt = createHash('sha256').update(`${kind} ${level} ${round} ${which}`).digest()
    if (kind === 'block')
      return block({ level, round, payloadRound: 0, seedNonce: Buffer.concat([Buffer.of(0xff), salt]) })
    const slot = Uint8Array.of(which, salt[0] ?? 0)
    return vote({ tag: kind === 'attestation' ? 0x15 : 0x14, level, round, slot })
  }
  return { kind, level, round, payloads: [payload(0), payload(1)] }
}

/** What one of the two payloads wants of the marks. */
export function wantedOf({ kind, level, round, payloads }: Place, which: Which): Wanted {
  return { chain: MAINNET, key: TZ3, kind, level, round, digest: toHex(payloadDigest(payloads[which])) }
}
