import { p256 } from '@noble/curves/nist.js'
import { secp256k1 } from '@noble/curves/secp256k1.js'
import { describe, expect, test, vi } from 'vitest'
import { verifierOf, type PublicKey } from '../../src/tezos/index.js'

const NOBLE = { secp256k1, p256 }
const CURVES = ['secp256k1', 'p256'] as const
const SECRET = new Uint8Array(32).fill(0x51)

const keyOf = (curve: (typeof CURVES)[number]): PublicKey => ({
  ...{ curve, bytes: NOBLE[curve].getPublicKey(SECRET, true) },
})

describe('the table of an ECDSA key', () => {
  test.each(CURVES)('is there before the first verification of %s', (curve) => {
    const digest = new Uint8Array(32).fill(3)
    const signature = NOBLE[curve].sign(digest, SECRET, { prehash: false, lowS: true })
    const verifies = verifierOf(keyOf(curve))
    const [first, second] = [1, 2].map(() =>
      pointsMadeBy(() => {
        expect(verifies(digest, signature)).toBe(true)
      }),
    )
    expect(second).toBeGreaterThan(44) // one for each window
    expect(second).toBeLessThan(128) // without a table, secp256k1 takes as many doublings, and P-256 twice as many
    expect(first).toBe(second)
  })

  test.each(CURVES)(
    'is the only one of %s: none is made for secret numbers, which noble blinds with random ones',
    (curve) => {
      const key = keyOf(curve)
      const random = vi.spyOn(globalThis.crypto, 'getRandomValues')
      try {
        verifierOf(key)
        expect(random).not.toHaveBeenCalled()
        NOBLE[curve].getPublicKey(SECRET)
        expect(random).toHaveBeenCalled()
      } finally {
        random.mockRestore()
      }
    },
  )

  /** Noble freezes each point that it makes. A table is more than a thousand points, a verification a hundred. */
  function pointsMadeBy(act: () => void): number {
    const freeze = vi.spyOn(Object, 'freeze')
    try {
      act()
      return freeze.mock.calls.length
    } finally {
      freeze.mockRestore()
    }
  }
})
