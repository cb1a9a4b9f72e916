import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MarksJournal } from '../../../src/policy/index.js'
import { initSharedMarks, SharedMarks } from '../../../src/shared-marks/index.js'
import type { HostStore, StoreFactory, TableFactory } from './factory.js'
import { memoryStore } from './memory-store.js'
import { MemoryTable } from './memory-table.js'

/** Longer than any test: the tests read the table when they want to. */
const NEVER_MS = 1_000_000_000

const memory: StoreFactory = {
  name: 'a store in memory',
  open: (wish) => {
    const one = memoryStore(wish)
    return Promise.resolve({ one, other: one, close: () => undefined })
  },
}

const journal: StoreFactory = {
  name: 'the journal of one host',
  open: ({ seeds, maxLevelGap }) => {
    const folder = mkdtempSync(join(tmpdir(), 'tezio-marks-'))
    const options = { directory: join(folder, 'state'), maxLevelGap }
    MarksJournal.create(options, seeds)
    const opened = MarksJournal.open(options)
    const one: HostStore = Object.assign(opened, { refresh: () => undefined })
    const close = () => {
      opened.close()
      rmSync(folder, { recursive: true })
    }
    return Promise.resolve({ one, other: one, close })
  },
}

/** Two hosts, each with its own journal, on one table. */
export function sharedMarksOn(table: TableFactory): StoreFactory {
  return {
    name: `shared marks on ${table.name}`,
    open: async ({ seeds, maxLevelGap }) => {
      const folder = mkdtempSync(join(tmpdir(), 'tezio-marks-'))
      const tables = await table.open()
      const host = async (name: 'one' | 'other') => {
        const options = { directory: join(folder, name), maxLevelGap }
        await initSharedMarks(options, tables[name], seeds)
        return SharedMarks.open({ journal: options, table: tables[name], refreshMs: NEVER_MS })
      }
      const [one, other] = [await host('one'), await host('other')]
      const close = async () => {
        await Promise.all([one.close(), other.close()])
        await tables.close()
        rmSync(folder, { recursive: true })
      }
      return { one, other, close }
    },
  }
}

export const memoryTable: TableFactory = {
  name: 'a table in memory',
  open: () => {
    const table = new MemoryTable()
    return Promise.resolve({ one: table.handle(), other: table.handle(), close: () => Promise.resolve() })
  },
}

/** Those that need nothing but this process and its disk. */
export const LOCAL_STORES: readonly StoreFactory[] = [memory, journal, sharedMarksOn(memoryTable)]
