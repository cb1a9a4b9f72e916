import { existsSync, Stats, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { MarksJournal, type StateFiles } from '../../src/policy/index.js'
import {
  aroundFiles,
  MAINNET,
  recordingFiles,
  signatureOf,
  stateErrorOf,
  systemError,
  temporaryDirectory,
  TZ1,
  wanted,
} from './fixture.js'

const SEED = { chain: MAINNET, key: TZ1, kind: 'attestation', level: 100, round: 0 } as const

/** A journal of which every signature rolls a segment, made and used on `files`. */
function live(files: StateFiles, directory = join(temporaryDirectory(), 'state'), levels = 2): string {
  const options = { directory, maxLevelGap: 'off', segmentBytes: 1, files } as const
  if (!existsSync(join(directory, 'marks.journal'))) MarksJournal.create(options, [SEED])
  const journal = MarksJournal.open(options)
  try {
    for (let level = 101; level < 101 + levels; level++) {
      journal.reserve(wanted(level))
      journal.keepSignature(wanted(level), signatureOf(1))
    }
  } finally {
    journal.close()
  }
  return directory
}

/** Counts what is opened and closed; the operation `failAt` fails. */
function countingFiles(failAt: number) {
  const open = new Set<number>()
  const count = { operations: 0, foreign: 0 }
  const files = aroundFiles((operation, call, args) => {
    if (operation === 'closeSync') {
      // a number that is not ours may be somebody else's file by now
      if (!open.delete(args[0] as number)) count.foreign++
      return call()
    }
    if (count.operations++ === failAt) throw systemError('EIO')
    const result = call()
    if (operation === 'openSync') open.add(result as number)
    return result
  })
  return { files, open, count }
}

describe('a descriptor', () => {
  test('of a quiet life is given back, and none twice', () => {
    const { files, open, count } = countingFiles(-1)
    live(files)
    expect(open.size).toBe(0)
    expect(count.foreign).toBe(0)
    expect(count.operations).toBeGreaterThan(40)
  })

  test('F5 is given back whatever operation fails, and none twice', () => {
    const quiet = countingFiles(-1)
    live(quiet.files)
    let failures = 0
    for (let failAt = 0; failAt < quiet.count.operations; failAt++) {
      const { files, open, count } = countingFiles(failAt)
      try {
        live(files)
      } catch {
        failures++
      }
      expect([failAt, open.size, count.foreign]).toEqual([failAt, 0, 0])
    }
    expect(failures).toBeGreaterThan(30)
  })
})

test('only files with the whole name of an old segment are deleted', () => {
  const directory = live(aroundFiles((_, call) => call()))
  const others = [
    'marks-000000000001.journal.bak',
    'backup-marks-000000000001.journal',
    'marks-00000000001.journal',
    'marks-0000000000001.journal',
  ]
  for (const name of others) writeFileSync(join(directory, name), 'not ours')
  live(
    aroundFiles((_, call) => call()),
    directory,
    40,
  )
  for (const name of others) expect([name, existsSync(join(directory, name))]).toEqual([name, true])
})

test('old segments are told apart by their numbers, in whatever order the system lists them', () => {
  const directory = live(
    aroundFiles((operation, call) => {
      const result = call()
      return operation === 'readdirSync' && Array.isArray(result) ? result.sort().reverse() : result
    }),
    join(temporaryDirectory(), 'state'),
    40,
  )
  expect(existsSync(join(directory, 'marks-000000000160.journal'))).toBe(true)
  expect(existsSync(join(directory, 'marks-000000000004.journal'))).toBe(false)
})

test('the owner of a file that is its own is not set again', () => {
  const calls: string[] = []
  live(recordingFiles(calls))
  expect(calls).toContain('renameSync')
  expect(calls).not.toContain('fchownSync')
})

test('F6 a file of another disk is not the one that was opened, whatever its number and size', () => {
  let isElsewhere = false
  const files = aroundFiles((operation, call) => {
    const result = call()
    if (!isElsewhere || operation !== 'statSync' || !(result instanceof Stats)) return result
    return Object.assign(result, { dev: result.dev + 1 })
  })
  const directory = join(temporaryDirectory(), 'state')
  const options = { directory, maxLevelGap: 'off', files } as const
  MarksJournal.create(options, [SEED])
  const journal = MarksJournal.open(options)
  isElsewhere = true
  expect(stateErrorOf(() => journal.reserve(wanted(101)))).toEqual({
    code: 'journal-replaced',
    message: expect.stringMatching(/is not the file that was opened/) as string,
  })
  journal.close()
})
