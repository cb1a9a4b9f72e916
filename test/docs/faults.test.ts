import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { codeSpans, filesBelow, readDocument, ROOT, tableRows } from './documents.js'

const rows = tableRows(readDocument('docs/faults.md'), 'case').map((cells) => ({
  number: cells[0] ?? '',
  files: codeSpans(cells.at(-1) ?? ''),
}))

/** The numbers of the cases that a test's titles carry, or that a script measures. */
function numbersIn(text: string): readonly string[] {
  const measured = [...text.matchAll(/\b(F\d+): \w/g)].map(([, number = '']) => number)
  return [...measured, ...titlesIn(text)]
}

function titlesIn(text: string): readonly string[] {
  return [...text.matchAll(/['`"](?:F\d+[ ,]+)+/g)].flatMap(([titles]) => titles.match(/F\d+/g) ?? [])
}

test('docs/faults.md has every case once, in order, and each has a test', () => {
  expect(rows.map(({ number }) => number)).toEqual(Array.from({ length: 46 }, (_, index) => `F${index + 1}`))
  for (const { number, files } of rows) expect([number, files.length > 0]).toEqual([number, true])
})

describe.each(rows)('$number', ({ number, files }) => {
  test.each(files)('is a title in %s', (file) => {
    expect(existsSync(join(ROOT, file))).toBe(true)
    expect(numbersIn(readFileSync(join(ROOT, file), 'utf8'))).toContain(number)
  })
})

test('every test whose title carries a number is named for that case', () => {
  const missing = [...filesBelow('test', '.test.ts'), ...filesBelow('test', '.soak.ts')].flatMap((file) =>
    [...new Set(titlesIn(readFileSync(join(ROOT, file), 'utf8')))]
      .filter((number) => !rows.some((row) => row.number === number && row.files.includes(file)))
      .map((number) => `${number} ${file}`),
  )
  expect(missing).toEqual([])
})
