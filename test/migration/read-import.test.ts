import { createHash } from 'node:crypto'
import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { describe, expect, onTestFinished, test } from 'vitest'
import { exportText, MigrationError, readImport } from '../../src/migration/index.js'
import { GHOSTNET, MAINNET, TZ1, TZ3 } from '../policy/fixture.js'

const vectors = (name: string) => fileURLToPath(new URL(`../vectors/migration/${name}`, import.meta.url))

/** A file of this name and text. */
function file(name: string, text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'tezio-import-'))
  onTestFinished(() => {
    rmSync(folder, { recursive: true })
  })
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

/** What is said of a file that is refused. */
function refusal(name: string, text: string): string {
  const path = file(name, text)
  try {
    readImport([path])
  } catch (error) {
    if (error instanceof MigrationError) return error.message.replace(path, name)
    throw error
  }
  throw new Error(`${name} was not refused`)
}

const seed = { chain: MAINNET, key: TZ3 }

describe('marks of octez-signer', () => {
  test('are read from the three files of its directory', () => {
    const { marks, files } = readImport([vectors('octez-signer')])
    expect(files.map((path) => path.split('/').at(-1))).toEqual([
      'attestation_high_watermarks',
      'block_high_watermarks',
      'preattestation_high_watermarks',
    ])
    expect(marks).toEqual([
      { ...seed, kind: 'attestation', level: 9_000_101, round: 1, digest: 'c3'.repeat(32) },
      { ...seed, key: TZ1, kind: 'attestation', level: 77, round: 0, digest: undefined },
      { ...seed, chain: GHOSTNET, kind: 'attestation', level: 5, round: 0, digest: undefined },
      { ...seed, kind: 'block', level: 9_000_100, round: 0, digest: 'a1'.repeat(32) },
      { ...seed, kind: 'preattestation', level: 9_000_101, round: 2, digest: 'b2'.repeat(32) },
    ])
  })

  test('are read from the names with endorsement, before version 23', () => {
    expect(readImport([vectors('octez-signer-22')]).marks).toEqual([
      { ...seed, kind: 'block', level: 100, round: 0, digest: undefined },
      { ...seed, kind: 'attestation', level: 102, round: 0, digest: undefined },
      { ...seed, kind: 'preattestation', level: 101, round: 3, digest: undefined },
    ])
  })

  test('are read from a file with the name in the singular', () => {
    const text = JSON.stringify({ [MAINNET]: { [TZ3]: { level: 1, round: 0 } } })
    expect(readImport([file('block_high_watermark', text)]).marks).toHaveLength(1)
  })
})

describe('marks of Signatory', () => {
  test('are read from a file named for its chain, without hashes', () => {
    const expected = [
      { ...seed, kind: 'block', level: 9_000_200, round: 0, digest: undefined },
      { ...seed, kind: 'preattestation', level: 9_000_200, round: 4, digest: undefined },
      { ...seed, kind: 'attestation', level: 9_000_199, round: 0, digest: undefined },
      { ...seed, key: TZ1, kind: 'attestation', level: 50, round: 1, digest: undefined },
    ]
    expect(readImport([vectors('watermark_v2')]).marks).toEqual(expected)
    expect(readImport([vectors(`watermark_v2/${MAINNET}.json`)]).marks).toEqual(expected)
  })

  test('of a kind that is not known are refused, for it could be a mark', () => {
    const text = JSON.stringify({ [TZ3]: { block: { level: 1 }, attestation_v9: { level: 5 } } })
    expect(refusal(`${MAINNET}.json`, text)).toMatch(/attestation_v9.*one of block, preattestation/)
  })
})

describe('an export', () => {
  const exported = {
    exportedAt: '2026-01-02T03:04:05.678Z',
    marks: [
      { ...seed, kind: 'block' as const, level: 7, round: 1, digest: 'ab'.repeat(32) },
      { ...seed, kind: 'attestation' as const, level: 9, round: 0, digest: undefined },
    ],
    quarantines: [{ key: TZ1, digest: 'cd'.repeat(32), since: '2026-01-01T00:00:00.000Z' }],
    spends: [
      ...[
        { key: TZ1, digest: 'ef'.repeat(32), mutez: 5n, feeMutez: 2n ** 70n, at: '2026-01-01T00:00:00.000Z' },
      ],
    ],
  }

  test('is read as it was written, whatever the file is called', () => {
    const path = file('anything', exportText(exported))
    expect(readImport([path])).toEqual({
      files: [path],
      marks: exported.marks,
      quarantines: exported.quarantines,
      spends: exported.spends,
    })
  })

  test('F12 property: with any one character changed it is refused or says the same', () => {
    const text = exportText(exported)
    const path = file('marks.json', text)
    fc.assert(
      fc.property(
        fc.nat(text.length - 1),
        fc.constantFrom(...'0123456789abz{}[]",: '.split('')),
        (index, other) => {
          writeFileSync(path, text.slice(0, index) + other + text.slice(index + 1))
          try {
            expect(readImport([path]).marks).toEqual(exported.marks)
          } catch (error) {
            expect(error).toBeInstanceOf(MigrationError)
          }
        },
      ),
      { numRuns: 500 },
    )
  })

  test('F12 cut at any character is refused', () => {
    const text = exportText(exported)
    const path = file('marks.json', text)
    for (let size = 0; size < text.length - 2; size++) {
      writeFileSync(path, text.slice(0, size))
      expect(() => readImport([path])).toThrow(MigrationError)
    }
  })

  test('F12 that names a mark twice is refused, its checksum being right', () => {
    const [mark] = exported.marks
    const marks = mark === undefined ? [] : [mark, { ...mark, level: 3 }]
    expect(refusal('m.json', exportText({ ...exported, marks }))).toMatch(/twice/)
  })

  test('F12 of another version is refused', () => {
    const body = exportText(exported).replace('"version": 1', '"version": 2')
    expect(refusal('m.json', body)).toMatch(/checksum/)
    const { sum, ...rest } = JSON.parse(body) as Record<string, unknown>
    const right = createHash('sha256').update(JSON.stringify(rest)).digest('hex')
    expect(right).not.toBe(sum)
    expect(refusal('m.json', JSON.stringify({ ...rest, sum: right }))).toMatch(/version/)
  })
})

describe('F12 a file that cannot be relied on is refused as a whole, and the reason is told:', () => {
  const mark = { level: 1, round: 0 }
  const octez = (value: unknown) => JSON.stringify(value)
  test.each<[string, string, RegExp]>([
    ['nothing', '', /it is not JSON|it is empty/],
    ['truncated JSON', octez({ [MAINNET]: { [TZ3]: mark } }).slice(0, -2), /line 1: it is not JSON/],
    ['text behind the JSON', `${octez({})} x`, /it is not JSON/],
    ['a comment', `{ /* none */ }`, /it is not JSON/],
    ['a comma too many', `{"${MAINNET}":{},}`, /it is not JSON/],
    ['a chain twice', `{"${MAINNET}":{},\n"${MAINNET}":{}}`, /line 2: "NetX.*" is there twice/],
    ['a key twice', `{"${MAINNET}":{"${TZ3}":{"level":9},"${TZ3}":{"level":1}}}`, /is there twice/],
    ['a level twice', `{"${MAINNET}":{"${TZ3}":{"level":9,"level":1}}}`, /"level" is there twice/],
    ['a chain by its name', octez({ mainnet: { [TZ3]: mark } }), /mainnet.*is not a chain id/],
    ['a chain with a wrong checksum', octez({ NetXdQprcVkpaWX: {} }), /is not a chain id/],
    [
      'a key with a wrong checksum',
      octez({ [MAINNET]: { [`${TZ3.slice(0, -1)}X`]: mark } }),
      /public key hash/,
    ],
    ['a mark without a level', octez({ [MAINNET]: { [TZ3]: { round: 0 } } }), /level/],
    ['a negative level', octez({ [MAINNET]: { [TZ3]: { level: -1 } } }), /level/],
    ['a level above int32', octez({ [MAINNET]: { [TZ3]: { level: 2147483648 } } }), /level/],
    ['a level as text', octez({ [MAINNET]: { [TZ3]: { level: '1' } } }), /level/],
    ['a fraction', octez({ [MAINNET]: { [TZ3]: { level: 1.5 } } }), /level/],
    ['a negative round', octez({ [MAINNET]: { [TZ3]: { level: 1, round: -1 } } }), /round/],
    ['a short hash', octez({ [MAINNET]: { [TZ3]: { ...mark, hash: 'ab' } } }), /hash/],
    ['a list', '[]', /the file/],
    ['null', 'null', /the file/],
    ['nesting without end', '['.repeat(200_000), /it is not JSON/],
  ])('%s', (_, text, expected) => {
    expect(refusal('block_high_watermarks', text)).toMatch(expected)
  })

  test('a name that says nothing', () => {
    expect(refusal('watermarks.json', octez({ [MAINNET]: { [TZ3]: mark } }))).toMatch(
      /neither its name nor its content tells what it is; understood are/,
    )
  })

  test('a million entries', () => {
    const entry = `"${'x'.repeat(10)}":{"level":1},`
    expect(refusal('block_high_watermarks', `{${entry.repeat(1_000_000)}`)).toMatch(
      /bytes, and a file of marks has/,
    )
  })

  test('a directory in which nothing is known, and one that is a file’s name', () => {
    const path = file('other.txt', '{}')
    const folder = join(path, '..')
    expect(() => readImport([folder])).toThrow(/no file in it is known by its name/)
    mkdirSync(join(folder, 'block_high_watermarks'))
    expect(() => readImport([folder])).toThrow(/is not a regular file/)
  })

  test('one of several', () => {
    const good = file('block_high_watermarks', octez({ [MAINNET]: { [TZ3]: mark } }))
    const bad = file('attestation_high_watermarks', '{')
    expect(() => readImport([good, bad])).toThrow(MigrationError)
  })
})
