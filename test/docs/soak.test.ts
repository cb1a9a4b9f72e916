import { join } from 'node:path'
import { expect, test } from 'vitest'
import { allDocuments, codeSpans, readDocument, ROOT, tableRows } from './documents.js'

type Part = { readonly name: string; readonly minutes: string }

const { PARTS } = (await import(join(ROOT, 'scripts/soak-parts.mjs'))) as { readonly PARTS: readonly Part[] }
const names = PARTS.map(({ name }) => name)
const OPTIONS = ['--minutes', '--rate', '--levels', '--seed']

test.each(['README.md', 'test/README.md'])('%s lists the parts of the soak', (path) => {
  const listed = tableRows(readDocument(path), 'part').map(([name = '']) => codeSpans(name)[0])
  expect(listed).toEqual(names)
})

test('every soak that a document shows names parts and options that there are', () => {
  const shown = allDocuments().flatMap(({ text }) => text.match(/npm run soak -- [^`\n]+/g) ?? [])
  const words = shown.flatMap((line) => line.split(' ').slice(4))
  expect(shown.length).toBeGreaterThan(3)
  expect(words.filter((word) => ![...names, ...OPTIONS].includes(word) && !/^[\d.]+$/.test(word))).toEqual([])
})
