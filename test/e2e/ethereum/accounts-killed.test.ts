import { describe, expect, test, vi } from 'vitest'
import { INSTALL_TIMEOUT_MS, whyNoTokens } from '../../device/pkcs11/soft-tokens.js'
import { crashInToken, crashInVault } from './accounts-crashes.js'

vi.setConfig({ testTimeout: 120_000, hookTimeout: INSTALL_TIMEOUT_MS })

const seed = Number(process.env['CRASH_SEED'] ?? Date.now() % 1e9)
const whyNot = whyNoTokens()

describe(`a daemon that is killed while it makes accounts (seed ${seed})`, () => {
  test('in a vault leaves whole ones, loses none that it answered, and makes none twice', async () => {
    const { kills, answered, unanswered, nothing } = await crashInVault(seed, 7)
    expect(kills).toBe(7)
    expect(answered).toBeGreaterThan(0)
    expect(unanswered + nothing).toBeGreaterThan(0)
  })

  test.skipIf(whyNot !== '')('in a token does so too, and leaves nothing else on the token', async () => {
    const { kills, unanswered, nothing } = await crashInToken(seed, 3)
    expect(kills).toBe(3)
    expect(unanswered + nothing).toBeGreaterThan(0)
  })
})
