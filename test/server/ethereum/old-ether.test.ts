import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { oldEther } from '../../../src/server/ethereum/old-ether.js'

const AMOUNTS: readonly bigint[] = [
  ...[0n, 1n, 10n, 12n, 999n, 10n ** 11n, 10n ** 12n, 123_456n * 10n ** 6n, 10n ** 15n, 1_500n * 10n ** 15n],
  ...[10n ** 18n, 10n ** 18n + 1n, 10n ** 20n, 25n * 10n ** 17n, 123_456_789n * 10n ** 9n, 10n ** 27n],
  ...[2n ** 256n - 1n, 9_007_199_254_740_993n, 100_000_000_001n, 1_000_000_000_001n],
]

/** What the old service answered: web3's `fromWei` divides exactly, and the text is that of Python's Decimal. */
const ORACLE = `
import sys, decimal
decimal.getcontext().prec = 999
for line in sys.stdin:
    wei = int(line)
    print(0 if wei == 0 else str(decimal.Decimal(wei) / decimal.Decimal(10**18)))
`

test('wei are written as ether in the words of the old service', () => {
  const input = AMOUNTS.map(String).join('\n')
  const words = execFileSync('python3', ['-c', ORACLE], { input, encoding: 'utf8' }).trim().split('\n')
  expect(AMOUNTS.map(oldEther)).toEqual(words)
  expect(words).toContain('1E-18')
})
