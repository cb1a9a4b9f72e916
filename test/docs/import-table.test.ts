import { createRequire } from 'node:module'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { codeSpans, readDocument, tableRows } from './documents.js'

const paths = z.union([z.string(), z.array(z.string())]).optional()
const { forbidden } = z
  .object({
    forbidden: z.array(
      z.object({
        name: z.string(),
        from: z.looseObject({ path: paths }),
        to: z.looseObject({ pathNot: paths }),
      }),
    ),
  })
  .parse(createRequire(import.meta.url)('../../.dependency-cruiser.cjs'))

const page = readDocument('docs/architecture.md')
const rows = tableRows(page, 'rule').map((cells) => cells.map((cell) => codeSpans(cell)))
const tabled = rows.filter(([name]) => name?.[0]?.endsWith('-imports') === true)
const base = ['src/clock.ts', 'src/strict-json.ts', 'src/system-error.ts']

/** `^src/tezos/` as `src/tezos`, `^src/(clock|system-error)\.ts$` as its files. */
function readable(pattern: string): readonly string[] {
  const plain = pattern.replace(/^\^/, '').replace(/[/$]$/, '').replaceAll('\\', '')
  const choice = /^(.*)\((.*)\)(.*)$/.exec(plain)
  if (choice === null) return [plain]
  const [, before = '', words = '', after = ''] = choice
  return words.split('|').map((word) => `${before}${word}${after}`)
}

const list = (patterns: string | string[] | undefined) => [patterns ?? []].flat().flatMap(readable)

test('docs/architecture.md names every rule that is enforced, and no other', () => {
  const named = rows.map(([name]) => name?.[0])
  expect(named.toSorted()).toEqual(forbidden.map(({ name }) => name).toSorted())
})

test('docs/architecture.md names the files that are called base', () => {
  for (const path of base) expect(page.prose).toContain(`\`${path}\``)
})

test.each(tabled.map(([name]) => name?.[0] ?? ''))('%s allows what the table says', (name) => {
  const rule = forbidden.find((candidate) => candidate.name === name)
  const line = page.text.split('\n').find((text) => text.includes(`\`${name}\``)) ?? ''
  const [, from = [], allowed = []] = tabled.find(([cell]) => cell?.[0] === name) ?? []
  expect(list(rule?.from.path)).toEqual(from)
  const withBase = /\bbase\b/.test(line) ? [...base, ...allowed] : allowed
  const enforced = list(rule?.to.pathNot).filter((path) => !from.includes(path))
  expect(enforced.toSorted()).toEqual(withBase.toSorted())
})

test('no row of the table is without its rule', () => {
  expect(tabled).toHaveLength(16)
})
