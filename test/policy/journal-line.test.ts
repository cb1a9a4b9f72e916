import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { decodeLine, encodeLine, NO_PREVIOUS } from '../../src/policy/journal-line.js'
import { entrySchema, type NewEntry } from '../../src/policy/marks-entry.js'
import { signatureOf, wanted } from './fixture.js'

const ENTRY: NewEntry = {
  ...{ type: 'signature', at: '2026-01-02T03:04:05.678Z', ...wanted(101), signature: signatureOf(1) },
}

const LINE = encodeLine(ENTRY, { seq: 1, sum: NO_PREVIOUS }).text.slice(0, -1)

/** The line with another text for one of its fields, under a right checksum. */
function withField(name: string, change: (text: string) => string): string {
  const body = LINE.replace(/,"sum":.*$/, '}').replace(
    new RegExp(`"${name}":"([^"]*)"`),
    (_, text: string) => `"${name}":"${change(text)}"`,
  )
  const sum = createHash('sha256').update(body).digest('hex')
  return `${body.slice(0, -1)},"sum":"${sum}"}`
}

describe('a line under a right checksum', () => {
  const fields = ['chain', 'key', 'digest', 'signature', 'prev', 'at'] as const

  test.each(fields)('is read with its own %s', (name) => {
    expect(withField(name, (text) => text)).toBe(LINE)
    expect(
      decodeLine(
        withField(name, (text) => text),
        entrySchema,
      ),
    ).toMatchObject({ entry: ENTRY })
  })

  test.each(fields)('F4 is refused with anything before, behind or missing in its %s', (name) => {
    const changes: readonly ((text: string) => string)[] = [
      (text) => `1${text}`,
      (text) => `${text}1`,
      (text) => `${text} `,
      (text) => text.slice(1),
      (text) => text.slice(0, -1),
      () => '',
    ]
    for (const change of changes) {
      expect(decodeLine(withField(name, change), entrySchema)).toMatch(/^it is not an entry of this version/)
    }
  })
})
