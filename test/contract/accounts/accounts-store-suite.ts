import { describe, expect, test } from 'vitest'
import type { AccountsStore } from '../../../src/accounts/accounts-store.js'
import { header, intent, tokenAccount, vaultAccount } from '../../accounts/records.js'

/** A store, and the same one opened again behind whoever had it, as after a crash. */
export type StoreBench = {
  readonly store: AccountsStore
  /** The one before is not used any more. */
  readonly reopened: () => Promise<AccountsStore>
}

/** What every store of accounts does. `make` makes an empty one for each test, and sees to its end. */
export function accountsStoreSuite(name: string, make: () => Promise<StoreBench>): void {
  describe(name, () => {
    test('holds nothing at first', async () => {
      const { store } = await make()
      expect(await store.vault()).toBeUndefined()
      expect(await store.accounts()).toEqual([])
      expect(await store.intents()).toEqual([])
      const account = tokenAccount()
      expect(await store.account(account.address)).toBeUndefined()
      expect(await store.accountOf('alice', 'k')).toBeUndefined()
    })

    test('tells what it stored, field for field, also when it is opened again', async () => {
      const { store, reopened } = await make()
      const accounts = [vaultAccount({ idempotencyKey: 'a"key"' }), tokenAccount(), vaultAccount()]
      const vault = header()
      const begun = intent({ idempotencyKey: 'begun' })
      expect(await store.createVault(vault)).toBe(true)
      for (const account of accounts) expect(await store.addAccount(account)).toEqual({ outcome: 'stored' })
      expect(await store.addIntent(begun)).toEqual({ outcome: 'stored' })
      for (const one of [store, await reopened()]) {
        expect(await one.vault()).toEqual(vault)
        expect(sorted(await one.accounts())).toEqual(sorted(accounts))
        expect(await one.account(accounts[1]!.address)).toEqual(accounts[1])
        expect(await one.accountOf('alice', 'a"key"')).toEqual(accounts[0])
        expect(await one.intents()).toEqual([begun])
      }
    })

    test('keeps the first vault', async () => {
      const { store } = await make()
      const first = header()
      expect(await store.createVault(first)).toBe(true)
      expect(await store.createVault(header())).toBe(false)
      expect(await store.vault()).toEqual(first)
    })

    test('exchanges slots only for those of the revision before, of the same vault', async () => {
      const { store, reopened } = await make()
      const first = header()
      const slots = [...first.slots, ...header().slots.slice(0, 1)]
      expect(await store.replaceSlots({ ...first, revision: 2 })).toBe(false)
      await store.createVault(first)
      expect(await store.replaceSlots({ ...header(), revision: 2 })).toBe(false)
      expect(await store.replaceSlots({ ...first, revision: 2, slots })).toBe(true)
      expect(await store.replaceSlots({ ...first, revision: 2 })).toBe(false)
      expect(await store.replaceSlots({ ...first, revision: 4 })).toBe(false)
      expect(await (await reopened()).vault()).toEqual({ ...first, revision: 2, slots })
    })

    test('takes one account for one call of an owner, and tells which; others call as they like', async () => {
      const { store } = await make()
      const first = tokenAccount({ idempotencyKey: 'k' })
      await store.addAccount(first)
      const again = vaultAccount({ idempotencyKey: 'k' })
      expect(await store.addAccount(again)).toEqual({ outcome: 'known', account: first })
      expect(await store.account(again.address)).toBeUndefined()
      expect(await store.addAccount(tokenAccount({ idempotencyKey: 'k', owner: 'bob' }))).toEqual({
        outcome: 'stored',
      })
      expect(await store.addAccount(tokenAccount())).toEqual({ outcome: 'stored' })
      expect(await store.addIntent(intent({ idempotencyKey: 'k' }))).toEqual({
        outcome: 'known',
        account: first,
      })
      expect(await store.intents()).toEqual([])
    })

    test('takes the very same account once', async () => {
      const { store } = await make()
      const account = tokenAccount()
      await store.addAccount(account)
      expect(await store.addAccount(account)).toEqual({ outcome: 'known', account })
      expect(await store.accounts()).toEqual([account])
    })

    test('tells of an intent under the same call that has not ended', async () => {
      const { store } = await make()
      const first = intent({ idempotencyKey: 'k' })
      await store.addIntent(first)
      const again = intent({ idempotencyKey: 'k' })
      expect(await store.addIntent(again)).toEqual({ outcome: 'pending', intent: first })
      expect(await store.addIntent(intent({ idempotencyKey: 'k', owner: 'bob' }))).toEqual({
        outcome: 'stored',
      })
      expect((await store.intents()).map(({ accountId }) => accountId)).not.toContain(again.accountId)
    })

    test('ends an intent with its account in one step, or alone, and ends nothing twice', async () => {
      const { store, reopened } = await make()
      const [made, given, open] = [intent(), intent({ idempotencyKey: 'k' }), intent()]
      for (const one of [made, given, open]) await store.addIntent(one)
      await store.addAccount(tokenAccount({ accountId: made.accountId }))
      await store.closeIntent(given.accountId)
      await store.closeIntent(given.accountId)
      expect(await store.intents()).toEqual([open])
      const again = await reopened()
      expect(await again.intents()).toEqual([open])
      expect(await again.addIntent(intent({ idempotencyKey: 'k' }))).toEqual({ outcome: 'stored' })
    })

    test('lets one of many at the same time through', async () => {
      const { store } = await make()
      const all = Array.from({ length: 8 }, () => vaultAccount({ idempotencyKey: 'k' }))
      const stored = await Promise.all(all.map((one) => store.addAccount(one)))
      expect(stored.filter(({ outcome }) => outcome === 'stored')).toHaveLength(1)
      const [kept] = await store.accounts()
      for (const one of stored) if (one.outcome === 'known') expect(one.account).toEqual(kept)
      const vaults = await Promise.all([1, 2, 3].map(() => store.createVault(header())))
      expect(vaults.filter(Boolean)).toHaveLength(1)
      const begun = await Promise.all([1, 2, 3].map(() => store.addIntent(intent({ idempotencyKey: 'i' }))))
      expect(begun.map(({ outcome }) => outcome).sort()).toEqual(['pending', 'pending', 'stored'])
    })
  })
}

function sorted<One extends { readonly address: string }>(accounts: readonly One[]): readonly One[] {
  return [...accounts].sort((left, right) => (left.address < right.address ? -1 : 1))
}
