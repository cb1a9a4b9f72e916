import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { AccountsError } from '../../../src/accounts/accounts-error.js'
import { AccountsJournal } from '../../../src/accounts/journal/accounts-journal.js'
import { systemFiles, type StateFiles } from '../../../src/policy/index.js'
import { temporaryDirectory } from '../../policy/fixture.js'
import { SimulatedDisk } from '../../policy/simulated-disk.js'
import { header, intent, tokenAccount, vaultAccount } from '../records.js'

const open = (directory: string, files: StateFiles = systemFiles) =>
  AccountsJournal.open({ directory, files })

describe('accounts.journal', () => {
  test('that was changed anywhere but in its last line is not opened', async () => {
    const directory = temporaryDirectory()
    const store = open(directory)
    await store.createVault(header())
    await store.addAccount(tokenAccount())
    await store.close()
    const path = join(directory, 'accounts.journal')
    writeFileSync(path, readFileSync(path, 'utf8').replace('"op":3', '"op":5'))
    expect(() => open(directory)).toThrow(AccountsError)
    expect(() => open(directory)).toThrow(/accounts\.journal:2: its checksum is wrong; nothing is guessed/)
  })

  test('never takes what it could not read again', async () => {
    const directory = temporaryDirectory()
    const store = open(directory)
    await expect(store.addAccount(tokenAccount({ owner: 'with a space' }))).rejects.toThrow(/owner/)
    await expect(store.addIntent(intent({ idempotencyKey: '' }))).rejects.toThrow(/idempotencyKey/)
    await store.close()
    const again = open(directory)
    expect(await again.accounts()).toEqual([])
    await again.close()
  })

  test('loses nothing and answers nothing it has not stored, whatever write or sync fails and power is cut behind it', async () => {
    let failures = 0
    for (let at = 0; at < 12; at += 1) {
      const directory = temporaryDirectory()
      const disk = new SimulatedDisk(directory)
      const store = open(directory, disk.files)
      const first = vaultAccount()
      await store.addAccount(first)
      const answered = [first.address]
      disk.plan({ at, when: 'behind', then: 'goes-on', code: 'EIO' })
      const all = Array.from({ length: 5 }, () => vaultAccount())
      for (const account of all) {
        const added = await store.addAccount(account).catch((error: unknown) => error)
        if (added instanceof AccountsError) {
          failures += 1
          disk.restart()
        } else answered.push(account.address)
      }
      await store.close()
      disk.cutPower()
      const again = open(directory, disk.files)
      const kept = (await again.accounts()).map(({ address }) => address)
      expect(answered.filter((address) => !kept.includes(address))).toEqual([])
      expect(kept.filter((address) => ![first, ...all].some((one) => one.address === address))).toEqual([])
      await again.close()
      disk.close()
    }
    expect(failures).toBeGreaterThan(5)
  })

  test('makes no second account of a call whose record reached the file though its writing failed', async () => {
    const outcomes: string[] = []
    for (let at = 0; at < 10; at += 1) {
      const directory = temporaryDirectory()
      const disk = new SimulatedDisk(directory)
      const store = open(directory, disk.files)
      disk.plan({ at, when: 'behind', then: 'goes-on', code: 'EIO' })
      const call = { idempotencyKey: 'k' }
      const first = await store.addAccount(vaultAccount(call)).catch(() => ({ outcome: 'failed' }))
      disk.restart()
      const second = await store.addAccount(vaultAccount(call))
      outcomes.push(`${first.outcome} ${second.outcome}`)
      expect(await store.accounts()).toHaveLength(1)
      await store.close()
      disk.close()
    }
    expect(new Set(outcomes)).toEqual(new Set(['failed stored', 'failed known', 'stored known']))
  })
})
