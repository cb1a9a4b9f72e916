import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodeLine, encodeLine, NO_PREVIOUS } from '../../src/policy/journal-line.js'
import { entrySchema, type NewEntry } from '../../src/policy/marks-entry.js'
import { marksForm } from '../../src/policy/marks-form.js'
import { replayJournal as replayAny } from '../../src/policy/journal-replay.js'
import { markName, type MarkRecord } from '../../src/policy/mark.js'
import { digestOf, MAINNET, signatureOf, TZ1, wanted } from './fixture.js'

const AT = '2026-01-02T03:04:05.678Z'
const NAME = markName(wanted(0))
const SEGMENT: NewEntry = { type: 'segment', at: AT, format: 'tezio-bridge-marks', version: 1 }

type Why = 'seed' | 'request' | 'operator' | 'snapshot'

function markLine(why: Why, level: number, payload?: number, round = 0): NewEntry {
  const digest = payload === undefined ? null : digestOf(payload)
  const position = { chain: MAINNET, key: TZ1, kind: 'attestation', level, round } as const
  return { type: 'mark', at: AT, why, ...position, digest, signature: null }
}

function signatureLine(level: number, payload: number, round = 0): NewEntry {
  return { type: 'signature', at: AT, ...wanted(level, round, payload), signature: signatureOf(payload) }
}

/** The lines of a journal, each with its line feed. */
function linesOf(...entries: readonly NewEntry[]): readonly string[] {
  let end = { seq: 0, sum: NO_PREVIOUS }
  return entries.map((entry) => {
    const line = encodeLine(entry, end)
    end = line.end
    return line.text
  })
}

const bytesOf = (lines: readonly string[]): Buffer => Buffer.from(lines.join(''))

const replayJournal = (bytes: Uint8Array) => replayAny(marksForm, bytes)

const replay = (...entries: readonly NewEntry[]) => replayJournal(bytesOf(linesOf(...entries)))

/** The reason and the number of the line that is damaged. */
function damage(bytes: Uint8Array): string {
  const result = replayJournal(bytes)
  return result.outcome === 'damaged' ? `${result.line}: ${result.reason}` : 'sound'
}

function marksOf(bytes: Uint8Array): readonly MarkRecord[] {
  const result = replayJournal(bytes)
  if (result.outcome === 'damaged') throw new Error(`line ${result.line}: ${result.reason}`)
  return [...result.state.marks.values()]
}

/** A text that is checked in, whatever it says. */
function sealed(text: string): string {
  const sum = createHash('sha256').update(text).digest('hex')
  return `${text.slice(0, -1)},"sum":"${sum}"}`
}

const JOURNAL = linesOf(
  SEGMENT,
  markLine('seed', 100),
  markLine('request', 101, 1),
  signatureLine(101, 1),
  markLine('operator', 200, undefined, 3),
  markLine('request', 201, 2),
)
const WHOLE = bytesOf(JOURNAL)

describe('a line', () => {
  const entry = fc.oneof(
    fc.constant(SEGMENT),
    fc
      .tuple(
        fc.constantFrom<Why>('seed', 'request', 'operator', 'snapshot'),
        fc.nat(0x7fffffff),
        fc.option(fc.nat(9), { nil: undefined }),
        fc.nat(0x7fffffff),
      )
      .map((values) => markLine(...values)),
    fc.tuple(fc.nat(0x7fffffff), fc.nat(9), fc.nat(0x7fffffff)).map((values) => signatureLine(...values)),
  )

  test('says when it is read what was written', () => {
    fc.assert(
      fc.property(entry, fc.nat(1e9), fc.nat(9), (written, seq, sum) => {
        const end = { seq, sum: digestOf(sum) }
        const line = encodeLine(written, end)
        expect(line.text.endsWith('}\n')).toBe(true)
        const read = decodeLine(line.text.slice(0, -1), entrySchema)
        expect(read).toEqual({ entry: { ...written, seq: seq + 1, prev: end.sum }, sum: line.end.sum })
        expect(line.end.seq).toBe(seq + 1)
      }),
    )
  })

  test('with a right checksum and a content of another version is told by name', () => {
    const [, line = ''] = JOURNAL
    const content = (change: (text: string) => string) => sealed(change(line.replace(/,"sum":.*\n/, '}')))
    expect(
      decodeLine(
        content((text) => text),
        entrySchema,
      ),
    ).toBeTypeOf('object')
    for (const change of [
      (text: string) => text.replace('"level":100', '"level":-1'),
      (text: string) => text.replace('"level":100', '"level":2147483648'),
      (text: string) => text.replace('"level":100', '"level":100.5'),
      (text: string) => text.replace('"level":100', '"level":"100"'),
      (text: string) => text.replace('"round":0', '"round":-1'),
      (text: string) => text.replace('"level":100,', ''),
      (text: string) => text.replace('"level":100', '"level":100,"more":1'),
      (text: string) => text.replace('"mark"', '"lower"'),
      (text: string) => text.replace('"seed"', '"guess"'),
      (text: string) => text.replace('"attestation"', '"endorsement"'),
      (text: string) => text.replace(TZ1, 'KT1'),
      (text: string) => text.replace(MAINNET, 'mainnet'),
      (text: string) => text.replace('"digest":null', '"digest":"ABCD"'),
      (text: string) => text.replace('"seq":2', '"seq":0'),
      () => '{no json}',
      () => '{}',
    ]) {
      expect(decodeLine(content(change), entrySchema)).toMatch(/^it is not an entry of this version/)
    }
  })

  test('without its checksum is told so', () => {
    for (const text of ['', '{}', '[]', 'null', '{"sum":"00"}', JOURNAL[0] ?? '']) {
      expect(decodeLine(text, entrySchema)).toBe('it does not end with a checksum')
    }
  })
})

describe('a whole journal', () => {
  test('gives the last mark of each kind, with its signature', () => {
    const entries = [SEGMENT, markLine('seed', 100), markLine('request', 101, 1)]
    const raised = { ...wanted(101), signature: undefined, raisedAt: AT }
    expect(marksOf(bytesOf(linesOf(...entries)))).toEqual([raised])
    expect(marksOf(bytesOf(linesOf(...entries, signatureLine(101, 1))))).toEqual([
      { ...raised, signature: signatureOf(1) },
    ])
    expect(marksOf(WHOLE)).toEqual([{ ...wanted(201, 0, 2), signature: undefined, raisedAt: AT }])
  })

  test('tells where its chain ends and how many bytes are sound', () => {
    expect(replayJournal(WHOLE)).toMatchObject({
      end: { seq: 6, sum: /"sum":"(.*)"/.exec(JOURNAL[5] ?? '')?.[1] },
      soundBytes: WHOLE.length,
      tornBytes: 0,
    })
  })

  test('is read as well from the middle of a larger buffer', () => {
    const padded = Buffer.concat([Buffer.from('xx\n'), WHOLE, Buffer.from('\n')])
    expect(marksOf(padded.subarray(3, 3 + WHOLE.length))).toEqual(marksOf(WHOLE))
  })

  test('holds the marks of keys, chains and kinds apart', () => {
    const entries = (['block', 'attestation'] as const).map((kind, index) => ({
      ...markLine('seed', index),
      kind,
    })) as NewEntry[]
    expect(marksOf(bytesOf(linesOf(SEGMENT, ...entries))).map(({ kind, level }) => [kind, level])).toEqual([
      ['block', 0],
      ['attestation', 1],
    ])
  })
})

describe('a last line that was cut off', () => {
  const lineBefore = bytesOf(JOURNAL.slice(0, -1))

  test('F3 is dropped at every byte offset: the mark is the one before it', () => {
    const before = marksOf(lineBefore)
    for (let size = lineBefore.length; size < WHOLE.length; size++) {
      const result = replayJournal(WHOLE.subarray(0, size))
      expect(result).toMatchObject({
        outcome: 'replayed',
        soundBytes: lineBefore.length,
        tornBytes: size - lineBefore.length,
        end: { seq: 5 },
      })
      expect(marksOf(WHOLE.subarray(0, size))).toEqual(before)
    }
    expect(marksOf(WHOLE)).not.toEqual(before)
  })

  test('F3 a tail of NULs, whole or behind a cut line, is dropped', () => {
    const before = marksOf(lineBefore)
    for (const cut of [0, 1, 50, WHOLE.length - lineBefore.length - 1]) {
      for (const size of [1, 4096]) {
        const tail = WHOLE.subarray(lineBefore.length, lineBefore.length + cut)
        expect(marksOf(Buffer.concat([lineBefore, tail, Buffer.alloc(size)]))).toEqual(before)
      }
    }
  })

  test('F3 a cut signature leaves its mark', () => {
    const lines = JOURNAL.slice(0, 4)
    const cut = bytesOf(lines).subarray(0, -1)
    expect(marksOf(cut)).toEqual(marksOf(bytesOf(JOURNAL.slice(0, 3))))
  })

  test('F3 a journal cut within its first line is damaged, not empty', () => {
    for (let size = 0; size < (JOURNAL[0] ?? '').length; size++) {
      expect(damage(WHOLE.subarray(0, size))).toBe('1: the journal has no whole line')
    }
  })
})

describe('damage', () => {
  /** Which line, from 1, a byte is in. */
  const lineAt = (offset: number) => WHOLE.subarray(0, offset).filter((byte) => byte === 0x0a).length + 1

  test('F4 of any byte of any line, the last one too, names the line', () => {
    const offsets = fc.nat(WHOLE.length - 2) // the last line feed makes a torn line: F3
    fc.assert(
      fc.property(offsets, fc.integer({ min: 1, max: 255 }), (offset, flip) => {
        const bytes = Buffer.from(WHOLE)
        bytes[offset] = (bytes[offset] ?? 0) ^ flip
        const result = replayJournal(bytes)
        expect(result).toMatchObject({ outcome: 'damaged', line: lineAt(offset) })
      }),
      { numRuns: 3000 },
    )
  })

  test('F4 of one bit, for every byte', () => {
    for (let offset = 0; offset < WHOLE.length - 1; offset++) {
      const bytes = Buffer.from(WHOLE)
      bytes[offset] = (bytes[offset] ?? 0) ^ 1
      expect(replayJournal(bytes)).toMatchObject({ outcome: 'damaged', line: lineAt(offset) })
    }
  })

  test('F4 a complete last line with a wrong byte is damaged, not torn', () => {
    const text = WHOLE.toString().replace('"level":201', '"level":101')
    expect(damage(Buffer.from(text))).toBe('6: its checksum is wrong')
  })

  test('F4 a missing line is noticed at the one after it', () => {
    for (let missing = 0; missing < JOURNAL.length - 1; missing++) {
      const lines = JOURNAL.filter((_, index) => index !== missing)
      expect(damage(bytesOf(lines))).toMatch(
        missing === 0
          ? /^1: the first line does not open a segment/
          : new RegExp(`^${missing + 1}: its number is ${missing + 2} where ${missing + 1} is due`),
      )
    }
  })

  test('F4 a repeated line is noticed', () => {
    for (let index = 0; index < JOURNAL.length; index++) {
      const lines = JOURNAL.toSpliced(index, 0, JOURNAL[index] ?? '')
      expect(damage(bytesOf(lines))).toMatch(
        index === 0
          ? /^2: a segment begins within a segment/
          : new RegExp(`^${index + 2}: its number is ${index + 1} where ${index + 2} is due`),
      )
    }
  })

  test('F4 swapped lines are noticed', () => {
    for (let index = 0; index < JOURNAL.length - 1; index++) {
      const lines = JOURNAL.toSpliced(index, 2, JOURNAL[index + 1] ?? '', JOURNAL[index] ?? '')
      expect(damage(bytesOf(lines))).toMatch(new RegExp(`^${index + 1}: `))
    }
  })

  test('F4 a line of another journal with the right number is noticed by the chain', () => {
    const other = linesOf(SEGMENT, markLine('seed', 99), markLine('request', 101, 1))
    const lines = [...JOURNAL.slice(0, 2), other[2] ?? '', ...JOURNAL.slice(3)]
    expect(damage(bytesOf(lines))).toBe('3: it does not follow the line before it')
  })

  test('F4 a line with the wrong number in the right chain is noticed', () => {
    const head = encodeLine(SEGMENT, { seq: 0, sum: NO_PREVIOUS })
    const next = encodeLine(markLine('seed', 1), { seq: head.end.seq + 1, sum: head.end.sum })
    expect(damage(bytesOf([head.text, next.text]))).toBe('2: its number is 3 where 2 is due')
  })

  test.each([
    ['an empty file', '', '1: the journal has no whole line'],
    ['a lone line feed', '\n', '1: it does not end with a checksum'],
    ['a foreign file', 'hello\nworld\n', '1: it does not end with a checksum'],
    ['a foreign JSON file', '{"a":1}\n', '1: it does not end with a checksum'],
    ['NULs', '\0'.repeat(100), '1: the journal has no whole line'],
    ['NULs and a line feed', `${'\0'.repeat(100)}\n`, '1: it does not end with a checksum'],
  ])('F4 %s is damaged', (_, text, expected) => {
    expect(damage(Buffer.from(text))).toBe(expected)
  })

  test('F4 a blank line, a space, CRLF or a byte order mark is damage', () => {
    const text = (lines: readonly string[]) => damage(bytesOf(lines))
    expect(text(JOURNAL.toSpliced(2, 0, '\n'))).toBe('3: it does not end with a checksum')
    expect(text([...JOURNAL, '\n'])).toBe('7: it does not end with a checksum')
    expect(text(JOURNAL.map((line) => line.replace('\n', '\r\n')))).toBe('1: it does not end with a checksum')
    expect(text(JOURNAL.map((line) => ` ${line}`))).toBe('1: it does not end with a checksum')
    expect(text(['\ufeff', ...JOURNAL])).toBe('1: it does not end with a checksum')
  })

  test('F4 NULs within the journal are damage', () => {
    const lines = [...JOURNAL.slice(0, 3), `${'\0'.repeat(200)}\n`, ...JOURNAL.slice(4)]
    expect(damage(bytesOf(lines))).toBe('4: it does not end with a checksum')
  })

  test.each<[string, NewEntry, string]>([
    ['a future version', { ...SEGMENT, version: 2 }, '1: it is of version 2; this program reads version 1'],
    ['a past version', { ...SEGMENT, version: 0 }, '1: it is of version 0; this program reads version 1'],
    ['another format', { ...SEGMENT, format: 'watermarks' }, '1: it is of another format, watermarks'],
    ['a journal without a head', markLine('seed', 1), '1: the first line does not open a segment'],
  ])('F4 %s is refused', (_, entry, expected) => {
    expect(damage(bytesOf(linesOf(entry)))).toBe(expected)
  })
})

describe('what no journal of this program says, though every checksum is right', () => {
  const reasonOf = (...entries: readonly NewEntry[]) => {
    const result = replay(SEGMENT, ...entries)
    return result.outcome === 'damaged' ? `${result.line}: ${result.reason}` : 'sound'
  }
  const none = `it holds a signature where ${NAME} has no such mark`

  test.each<[string, readonly NewEntry[], string]>([
    ['a lower mark', [markLine('seed', 9), markLine('request', 8, 1)], `3: it does not raise ${NAME}`],
    ['a mark as high', [markLine('seed', 9), markLine('request', 9, 1)], `3: it does not raise ${NAME}`],
    ['a lower operator mark', [markLine('seed', 9), markLine('operator', 8)], `3: it does not raise ${NAME}`],
    ['a raise of nothing', [markLine('request', 8, 1)], `2: it raises ${NAME} out of turn`],
    ['a second seed', [markLine('seed', 8), markLine('seed', 9)], `3: it sets ${NAME} out of turn`],
    ['a late snapshot', [markLine('seed', 8), markLine('snapshot', 9)], `3: it sets ${NAME} out of turn`],
    ['a signature of nothing', [signatureLine(8, 1)], `2: ${none}`],
    ['a signature of a seed', [markLine('seed', 8), signatureLine(8, 1)], `3: ${none}`],
    ['another payload', [markLine('seed', 8), markLine('request', 9, 1), signatureLine(9, 2)], `4: ${none}`],
    ['another level', [markLine('seed', 8), markLine('request', 9, 1), signatureLine(8, 1)], `4: ${none}`],
    ['another round', [markLine('seed', 8), markLine('request', 9, 1), signatureLine(9, 1, 1)], `4: ${none}`],
    ['a second head', [markLine('seed', 8), SEGMENT], '3: a segment begins within a segment'],
  ])('%s is damage', (_, entries, expected) => {
    expect(reasonOf(...entries)).toBe(expected)
  })
})

test('no bytes make the replay throw', () => {
  const pieces = fc.oneof(
    fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
    fc.constantFrom(...JOURNAL).map((line) => Buffer.from(line)),
  )
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 8 }), (parts) => {
      expect(['replayed', 'damaged']).toContain(replayJournal(Buffer.concat(parts)).outcome)
    }),
    { numRuns: 500 },
  )
})
