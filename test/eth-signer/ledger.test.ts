import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { EthLedger, EthSigner } from '../../src/eth-signer/index.js'
import { ledgerForm, transferEntry } from '../../src/eth-signer/ledger-form.js'
import { ManualClock, stateErrorOf, temporaryDirectory } from '../policy/fixture.js'
import { goldenClaim, payment, RULES, SIGNER, START, TestDevice } from './fixture.js'

test('a ledger that went back to an older copy is not relied on, also when it is whole', async () => {
  const directory = temporaryDirectory()
  const path = join(directory, 'ethereum.journal')
  const ledger = new EthLedger({ directory, wallClock: () => START })
  const clock = new ManualClock()
  const device = new TestDevice()
  const rules = RULES
  const signer = new EthSigner({ address: SIGNER, device, rules, ledger, clock, wallClock: () => START })
  const ask = { deadlineAt: Infinity, signal: undefined, requestId: 'r' }
  const copies = [readFileSync(path)]
  await signer.transfer(payment(1), ask)
  copies.push(readFileSync(path))
  await signer.claim(goldenClaim(), ask)
  copies.push(readFileSync(path))
  ledger.keepNonce('abcdefghijklmnop', START, START)
  const whole = readFileSync(path)
  const lost = ['the claim of user 1', 'the claim of user 1', 'the nonce of a request']
  for (const [index, copy] of copies.entries()) {
    writeFileSync(path, copy)
    expect(
      stateErrorOf(() => {
        ledger.check()
      }).code,
    ).toBe('journal-replaced')
    expect(
      stateErrorOf(() => {
        ledger.check()
      }).message,
    ).toContain(`has lost ${lost[index]}`)
    expect(await signer.claim(goldenClaim(1), ask)).toMatchObject({ code: 'journal-replaced' })
    expect(device.asked).toHaveLength(2)
    writeFileSync(path, whole)
    ledger.check()
  }
  ledger.close()
})

test('a ledger that has lost a payment alone is not relied on', async () => {
  const directory = temporaryDirectory()
  const path = join(directory, 'ethereum.journal')
  const ledger = new EthLedger({ directory, wallClock: () => START })
  const empty = readFileSync(path)
  const signer = new EthSigner({
    ...{ address: SIGNER, device: new TestDevice(), rules: RULES, ledger },
    ...{ clock: new ManualClock(), wallClock: () => START },
  })
  await signer.transfer(payment(1), { deadlineAt: Infinity, signal: undefined, requestId: 'r' })
  writeFileSync(path, empty)
  expect(
    stateErrorOf(() => {
      ledger.check()
    }).code,
  ).toBe('journal-replaced')
  expect(
    stateErrorOf(() => {
      ledger.check()
    }).message,
  ).toContain('has lost the transaction')
  ledger.close()
})

test('what is taken over late stands in its order in the next segment', async () => {
  const ledger = new EthLedger({ directory: temporaryDirectory(), wallClock: () => START })
  const signer = new EthSigner({
    ...{ address: SIGNER, device: new TestDevice(), rules: RULES, ledger },
    ...{ clock: new ManualClock(), wallClock: () => START },
  })
  const ask = { deadlineAt: Infinity, signal: undefined, requestId: 'r' }
  for (const nonce of [1, 2, 3]) await signer.transfer(payment(nonce), ask)
  const [known, found] = [ledgerForm.empty(), ledgerForm.empty()]
  for (const record of ledger.transfers()) {
    ledgerForm.apply(found, transferEntry(record, undefined))
    if (record.transaction.nonce !== 1n) ledgerForm.apply(known, transferEntry(record, undefined))
  }
  ledgerForm.adopt(known, found)
  const again = ledgerForm.empty()
  for (const entry of ledgerForm.entries(known, 'snapshot'))
    expect(ledgerForm.apply(again, entry)).toBeUndefined()
  expect([...again.transfers.values()].map(({ transaction }) => transaction.nonce)).toEqual([1n, 2n, 3n])
  ledger.close()
})

test('lines that cannot follow what came before are damage, and change nothing', async () => {
  const ledger = new EthLedger({ directory: temporaryDirectory(), wallClock: () => START })
  const signer = new EthSigner({
    ...{ address: SIGNER, device: new TestDevice(), rules: RULES, ledger },
    ...{ clock: new ManualClock(), wallClock: () => START },
  })
  const ask = { deadlineAt: Infinity, signal: undefined, requestId: 'r', idempotencyKey: 'a' }
  await signer.claim(goldenClaim(), ask)
  await signer.transfer(payment(2), ask)
  ledger.keepNonce('abcdefghijklmnop', START, START)
  const state = ledgerForm.empty()
  const claim = signer.claimOf(1n)
  const [paid] = ledger.transfers()
  if (claim === undefined || paid === undefined) throw new Error('nothing is kept')
  const at = START.toISOString()
  const { domain, userId } = claim
  const signed = {
    type: 'transfer-signed',
    at,
    digest: paid.digest,
    signature: paid.signature ?? '',
  } as const
  const nonce = { type: 'hmac-nonce', at, nonce: 'abcdefghijklmnop', until: at } as const
  const earlier = { ...paid, digest: '0'.repeat(64), transaction: { ...paid.transaction, nonce: 1n } }
  for (const entry of [{ type: 'claim', ...claim } as const, transferEntry(paid, 'a'), signed, nonce]) {
    expect(ledgerForm.apply(state, entry)).toBeUndefined()
  }
  const before = structuredClone(state)
  for (const [entry, reason] of [
    [{ type: 'claim', ...claim }, /claims again for user 1/],
    [{ type: 'claim-released', at, domain, userId, digest: '0'.repeat(64) }, /user 1 that is not open/],
    [transferEntry(paid, undefined), /which is signed/],
    [transferEntry(earlier, undefined), /goes back to nonce 1 behind 2/],
    [transferEntry({ ...earlier, transaction: paid.transaction }, 'a'), /same key twice/],
    [signed, /which is not open/],
    [{ ...signed, digest: '0'.repeat(64) }, /which is not open/],
    [{ type: 'transfer-key', at, digest: '0'.repeat(64), key: 'b' }, /which is not there/],
    [{ type: 'transfer-key', at, digest: paid.digest, key: 'a' }, /same key twice/],
    [nonce, /lets the nonce of a request in twice/],
  ] as const) {
    expect(ledgerForm.apply(state, entry)).toMatch(reason)
    expect(state).toEqual(before)
  }
  ledger.close()
})
