import { onTestFinished } from 'vitest'
import { AccountsJournal } from '../../../src/accounts/journal/accounts-journal.js'
import { MemoryStore } from '../../accounts/memory-store.js'
import { temporaryDirectory } from '../../policy/fixture.js'
import { accountsStoreSuite } from './accounts-store-suite.js'

accountsStoreSuite('a store in memory', () => {
  const store = new MemoryStore()
  return Promise.resolve({ store, reopened: () => Promise.resolve(store) })
})

const opened = (directory: string, segmentBytes: number) => {
  const store = AccountsJournal.open({ directory, segmentBytes })
  onTestFinished(() => store.close())
  return store
}

const journalBench = (segmentBytes: number) => () => {
  const directory = temporaryDirectory()
  const store = opened(directory, segmentBytes)
  return Promise.resolve({ store, reopened: () => Promise.resolve(opened(directory, segmentBytes)) })
}

accountsStoreSuite('accounts.journal', journalBench(1e6))
accountsStoreSuite('accounts.journal that is always full', journalBench(1))
