import fs from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { MarksJournal, systemFiles, verifyHistory } from '../../src/policy/index.js'
import { filesIn, MAINNET, signatureOf, temporaryDirectory, TZ1, wanted } from './fixture.js'

const SEED = { chain: MAINNET, key: TZ1, kind: 'attestation', level: 0, round: 0 } as const

/** A state directory with several rolled segments, its owner gone. */
function history() {
  const directory = join(temporaryDirectory(), 'state')
  const options = { directory, maxLevelGap: 'off', segmentBytes: 3000 } as const
  MarksJournal.create(options, [SEED])
  const store = MarksJournal.open(options)
  for (let level = 1; level <= 12; level++) {
    store.reserve(wanted(level, 0, level))
    store.keepSignature(wanted(level, 0, level), signatureOf(level))
  }
  store.close()
  const names = filesIn(directory)
  const archives = names.filter((name) => name.startsWith('marks-'))
  const path = (name: string) => join(directory, name)
  const lines = (name: string) => fs.readFileSync(path(name), 'utf8').split('\n').slice(0, -1)
  const write = (name: string, kept: readonly string[]) => {
    fs.writeFileSync(path(name), kept.map((line) => `${line}\n`).join(''))
  }
  return {
    directory,
    options,
    archives,
    path,
    lines,
    write,
    verify: () => verifyHistory(systemFiles, directory),
  }
}

describe('a history', () => {
  test('that was written is sound, from its first line to its last', () => {
    const { verify, archives } = history()
    const { segments, problems, journal } = verify()
    expect(problems).toEqual([])
    expect(archives.length).toBeGreaterThan(1)
    expect(segments.map(({ name }) => name)).toEqual([...archives, 'marks.journal'])
    expect(segments[0]?.firstLine).toBe(1)
    for (const [index, { firstLine }] of segments.slice(1).entries()) {
      expect(firstLine).toBe((segments[index]?.lastLine ?? 0) + 1)
    }
    expect([...(journal?.marks.values() ?? [])]).toMatchObject([{ level: 12 }])
  })

  test('is sound without its oldest segments, after a restart, a repair and an import', () => {
    const { verify, archives, path, options } = history()
    fs.unlinkSync(path(archives[0] ?? ''))
    const store = MarksJournal.open(options)
    store.import([{ ...SEED, level: 20, digest: undefined }], [])
    store.quarantine(TZ1, 'a'.repeat(64))
    store.clearQuarantine(TZ1)
    for (let level = 21; level <= 30; level++) {
      store.reserve(wanted(level, 0, level))
      store.keepSignature(wanted(level, 0, level), signatureOf(level))
    }
    store.close()
    expect(verify().problems).toEqual([])
  })

  test('is sound where a crash came between the archive and the new segment', () => {
    const { verify, lines, path, options } = history()
    const last = JSON.parse(lines('marks.journal').at(-1) ?? '') as { seq: number }
    fs.linkSync(path('marks.journal'), path(`marks-${String(last.seq).padStart(12, '0')}.journal`))
    expect(verify().problems).toEqual([])
    const store = MarksJournal.open(options)
    store.reserve(wanted(50))
    store.close()
    expect(verify().problems).toEqual([])
  })

  test('F4 with a byte flipped anywhere in a rolled segment is not, and the line is named', () => {
    const { verify, archives, path, lines } = history()
    const [name = ''] = archives
    const bytes = fs.readFileSync(path(name))
    const second = (lines(name)[0]?.length ?? 0) + 40
    bytes[second] = (bytes[second] ?? 0) ^ 1
    fs.writeFileSync(path(name), bytes)
    expect(verify().problems).toMatchObject([{ name, reason: expect.stringMatching(/^line 2: /) as string }])
  })

  test('F4 of which a segment in the middle is missing is not', () => {
    const { verify, archives, path } = history()
    fs.unlinkSync(path(archives[1] ?? ''))
    expect(verify().problems).toMatchObject([{ reason: expect.stringMatching(/does not follow/) as string }])
  })

  test('F4 of which a segment was cut at a line is not', () => {
    const { verify, archives, lines, write } = history()
    const [name = ''] = archives
    write(name, lines(name).slice(0, -1))
    const reasons = verify().problems.map(({ reason }) => reason)
    expect(reasons).toMatchObject(
      [/its name says/, /does not follow/].map((one) => expect.stringMatching(one) as string),
    )
  })

  test('F4 whose journal went back to another one is not', () => {
    const { verify, archives, path } = history()
    fs.copyFileSync(path(archives[0] ?? ''), path('marks.journal'))
    expect(verify().problems).toMatchObject([{ name: 'marks.journal' }])
  })

  test('F4 without a journal is not', () => {
    const { verify, path } = history()
    fs.unlinkSync(path('marks.journal'))
    const { problems, journal } = verify()
    expect(journal).toBeUndefined()
    expect(problems).toMatchObject([{ name: 'marks.journal' }])
  })

  test('F3 with a torn last line is sound up to there', () => {
    const { verify, path } = history()
    fs.appendFileSync(path('marks.journal'), '{"seq":')
    expect(verify()).toMatchObject({ problems: [], journal: { tornBytes: 7 } })
  })
})
