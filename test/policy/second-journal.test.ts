import { readFileSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import {
  ensureJournal,
  lineHead,
  openingSchema,
  SoundJournal,
  StateError,
  systemFiles,
  type JournalEvent,
  type JournalForm,
  type StateFiles,
  type Unchained,
} from '../../src/policy/index.js'
import { filesIn, stateErrorOf, temporaryDirectory } from './fixture.js'
import { SimulatedDisk } from './simulated-disk.js'

const schema = z.discriminatedUnion('type', [
  openingSchema,
  z.strictObject({ ...lineHead, type: z.literal('name'), name: z.string() }),
])
type Entry = Unchained<z.infer<typeof schema>>

/** A journal of names, each of which comes once. */
function formOf(name: string): JournalForm<Entry, Set<string>> {
  return {
    name,
    format: 'names',
    version: 1,
    schema,
    empty: () => new Set(),
    apply: (names, entry) => {
      if (entry.type === 'segment') return undefined
      if (names.has(entry.name)) return `it names ${entry.name} twice`
      names.add(entry.name)
      return undefined
    },
    entries: (names) => [...names].map((one) => ({ type: 'name', at: AT, name: one })),
    forget: (names) => {
      names.delete('old')
    },
    adopt: (known, found) => {
      for (const one of known)
        if (!found.has(one)) throw new StateError('journal-replaced', `${one} is lost; restore it`)
      for (const one of found) known.add(one)
    },
    ended: () => undefined,
    words: {
      missing: (path) => `${path} does not exist`,
      exists: (path) => `${path} exists`,
      gone: (directory) => `the names in ${directory} are gone; restore them`,
    },
  }
}

const AT = '2026-01-02T03:04:05.678Z'
const NAMES = formOf('names')

function open(
  directory: string,
  {
    form = NAMES,
    files = systemFiles,
    segmentBytes = 1e6,
    snapshots = 2,
  }: {
    form?: typeof NAMES
    files?: StateFiles
    segmentBytes?: number
    snapshots?: number
  } = {},
) {
  const events: JournalEvent[] = []
  const seen: string[] = []
  ensureJournal({ form, directory, files }, AT)
  const journal = new SoundJournal({
    ...{ form, directory, files, segmentBytes, snapshots },
    now: () => AT,
    onEvent: (event) => events.push(event),
    onLine: (entry) => seen.push(entry.type === 'name' ? entry.name : entry.type),
  })
  const add = (...names: readonly string[]) => {
    for (const name of names) {
      journal.commit({ type: 'name', at: AT, name })
      journal.rollWhenFull()
    }
  }
  return { journal, events, seen, add }
}

describe('a journal of another form', () => {
  test('is made when it is first opened, and read again', () => {
    const directory = temporaryDirectory()
    const first = open(directory)
    first.add('one', 'two')
    first.journal.close()
    expect(filesIn(directory)).toEqual(['names.journal'])
    const again = open(directory)
    expect(again.seen).toEqual(['segment', 'one', 'two'])
    expect([...again.journal.state]).toEqual(['one', 'two'])
    again.journal.close()
  })

  test('is not made again where rolled segments show that there was one', () => {
    const directory = temporaryDirectory()
    const { journal, add } = open(directory, { segmentBytes: 1, snapshots: 0 })
    add('one')
    journal.close()
    rmSync(join(directory, 'names.journal'))
    const error = stateErrorOf(() => open(directory))
    expect(error).toEqual({
      code: 'journal-replaced',
      message: `the names in ${directory} are gone; restore them`,
    })
  })

  test('that went away while it was open is not made again', () => {
    const directory = temporaryDirectory()
    const { journal, add } = open(directory)
    add('one')
    rmSync(join(directory, 'names.journal'))
    expect(
      stateErrorOf(() => {
        add('two')
      }),
    ).toMatchObject({ code: 'journal-replaced' })
    expect(
      stateErrorOf(() => {
        add('three')
      }),
    ).toMatchObject({
      message: expect.stringMatching(/are gone; restore them/) as string,
    })
    expect(filesIn(directory)).toEqual([])
    journal.close()
  })

  test('is not read as one of another format or version', () => {
    const directory = temporaryDirectory()
    open(directory).journal.close()
    const other = { ...NAMES, format: 'others' }
    expect(stateErrorOf(() => open(directory, { form: other })).message).toMatch(/of another format, names/)
    const later = { ...NAMES, version: 2 }
    expect(stateErrorOf(() => open(directory, { form: later })).message).toMatch(
      /this program reads version 2/,
    )
  })

  test('lets go of what is old only at a roll', () => {
    const directory = temporaryDirectory()
    const { journal, add } = open(directory, { segmentBytes: 900, snapshots: 0 })
    add('old', 'one')
    expect([...journal.state]).toEqual(['old', 'one'])
    add('two', 'three')
    expect([...journal.state]).toEqual(['one', 'two', 'three'])
    journal.close()
  })

  test('keeps what was committed when a sync failed and power is cut behind it', () => {
    const directory = temporaryDirectory()
    const disk = new SimulatedDisk(directory)
    const { journal, events, add } = open(directory, { files: disk.files })
    add('one')
    const told: string[] = []
    for (let at = 0; at < 6; at++) {
      disk.plan({ at, when: 'behind', then: 'goes-on', code: 'EIO' })
      try {
        add(`try ${at}`)
      } catch (error) {
        expect(error).toBeInstanceOf(StateError)
        told.push(`try ${at}`)
      }
      disk.restart()
      add(`behind ${at}`)
    }
    expect(events).toContainEqual({ event: 'journal.reopened' })
    const known = [...journal.state]
    journal.close()
    disk.cutPower()
    const again = open(directory, { files: disk.files })
    expect([...again.journal.state]).toEqual(known)
    expect(known).toContain('one')
    expect(told.length).toBeGreaterThan(1)
    // a line that reached the file counts, although its writing was told to have failed
    expect(known.filter((name) => told.includes(name)).length).toBeGreaterThan(0)
    again.journal.close()
    disk.close()
  })
})

describe('two journals in one directory', () => {
  test('roll and delete their own segments only', () => {
    const directory = temporaryDirectory()
    const [left, right] = [formOf('left'), formOf('left-right')].map((form) =>
      open(directory, { form, segmentBytes: 1, snapshots: 0 }),
    )
    for (let at = 0; at < 40; at++) left?.add(`${at}`)
    for (let at = 0; at < 3; at++) right?.add(`${at}`)
    const names = filesIn(directory)
    expect(names.filter((name) => /^left-\d{12}\./.test(name))).toHaveLength(32)
    expect(names.filter((name) => /^left-right-\d{12}\./.test(name))).toHaveLength(3)
    left?.journal.close()
    right?.journal.close()
  })
})

describe('a state that is larger than a segment', () => {
  const many = Array.from({ length: 200 }, (_, at) => `name ${at}`)

  test('is not written again with every line, not after a restart either', () => {
    const directory = temporaryDirectory()
    const first = open(directory, { segmentBytes: 2000 })
    first.add(...many)
    const rolls = first.events.filter(({ event }) => event === 'journal.rolled').length
    first.journal.close()
    expect(rolls).toBeGreaterThan(1)
    expect(rolls).toBeLessThan(8)
    const again = open(directory, { segmentBytes: 2000 })
    again.add('one', 'two', 'three')
    expect(again.events).toEqual([])
    again.journal.close()
  })

  test('and its file stays within three times of what a new segment would be', () => {
    const directory = temporaryDirectory()
    let largest = 0
    for (let at = 0; at < many.length; at += 20) {
      const { journal, add } = open(directory, { segmentBytes: 2000 })
      for (const name of many.slice(at, at + 20)) {
        add(name)
        const needed = [...journal.state].length * 200
        largest = Math.max(largest, (statSync(join(directory, 'names.journal')).size - 2000) / needed)
      }
      journal.close()
    }
    expect(largest).toBeLessThan(3)
    expect(readFileSync(join(directory, 'names.journal'), 'utf8')).toContain('name 199')
  })
})
