import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MarksJournal, StateError, syncDirectory, type MarksJournalOptions } from '../../src/policy/index.js'
import { systemErrorCode } from '../../src/system-error.js'
import { filesIn } from '../policy/fixture.js'
import { SimulatedDisk, type Incident } from '../policy/simulated-disk.js'
import { MARKED } from './place.js'

/** A state directory on a simulated disk, seeded at level 0. */
export class StateDirectory {
  readonly path = mkdtempSync(join(tmpdir(), 'tezio-model-'))
  readonly disk = new SimulatedDisk(this.path)
  readonly #options: Omit<MarksJournalOptions, 'directory'>

  constructor(options: Omit<MarksJournalOptions, 'directory'>) {
    this.#options = options
    this.#seed()
  }

  /** The journal as a command opens it that runs while no daemon does. Throws what the journal throws. */
  open(): MarksJournal {
    return MarksJournal.open({ directory: this.path, files: this.disk.files, ...this.#options })
  }

  /** Such a command, whole; it may fail where the disk does. */
  command(use: (journal: MarksJournal) => void, incident?: Incident): void {
    if (incident !== undefined) this.disk.plan(incident)
    let journal: MarksJournal | undefined
    try {
      journal = this.open()
      use(journal)
    } catch (error) {
      if (incident === undefined || !isOfTheDisk(error)) throw error
    } finally {
      journal?.close()
      this.disk.restart()
    }
  }

  /** Another host: its state directory is new. */
  renew(): void {
    for (const name of filesIn(this.path)) this.disk.files.unlinkSync(join(this.path, name))
    syncDirectory(this.disk.files, this.path)
    this.#seed()
  }

  destroy(): void {
    this.disk.close()
    rmSync(this.path, { recursive: true })
  }

  #seed(): void {
    const seeds = MARKED.map((mark) => ({ ...mark, level: 0, round: 0 }))
    MarksJournal.create({ directory: this.path, maxLevelGap: 'off', files: this.disk.files }, seeds)
  }
}

/** Whether an error is what a failing disk may cause. */
export function isOfTheDisk(error: unknown): boolean {
  return error instanceof StateError || systemErrorCode(error) !== undefined
}
