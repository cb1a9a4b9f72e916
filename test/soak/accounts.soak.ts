import { expect, it } from 'vitest'
import { whyNoTokens } from '../device/pkcs11/soft-tokens.js'
import { crashInToken, crashInVault } from '../e2e/ethereum/accounts-crashes.js'
import { freshSeed, SOAK } from './soak-options.js'

/** Kills on one state directory; then comes another, and another seed. */
const KILLS = 30

it('loses no account and leaves none half done, however often it is killed', async () => {
  const hasTokens = whyNoTokens() === ''
  const startedAt = performance.now()
  let kills = 0
  let done = 0
  do {
    const seed = SOAK.seed ?? freshSeed()
    const inVault = await crashInVault(seed, KILLS)
    const inToken = hasTokens ? await crashInToken(seed, KILLS) : undefined
    kills += KILLS * (hasTokens ? 2 : 1)
    done += inVault.kills + (inToken?.kills ?? 0)
    console.log(`seed ${seed}, vault ${JSON.stringify(inVault)}, token ${JSON.stringify(inToken ?? 'none')}`)
  } while (performance.now() - startedAt < SOAK.minutes * 60_000)
  expect(done).toBe(kills)
})
