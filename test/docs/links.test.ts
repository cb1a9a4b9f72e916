import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { allDocuments, codeSpans, filesBelow, readDocument, ROOT, type Document } from './documents.js'

const documents = allDocuments()

/** `src/policy/decide.ts`, `docs`, `.ci/run`: what begins at the root. */
const FROM_ROOT = /^(?:src|hw-sim|test|docs|scripts|supervisor|bench|\.ci)\/[\w./-]*$/
/** `decide.ts`: a file of the folder that the document is about. */
const BESIDE = /^[\w./-]+\.(?:ts|mjs|cjs|md)$/

function missingPaths({ path, prose }: Document): readonly string[] {
  return codeSpans(prose).filter((code) => {
    if (FROM_ROOT.test(code)) return !existsSync(join(ROOT, code))
    if (!BESIDE.test(code)) return false
    return ![dirname(path), '.'].some((folder) => existsSync(join(ROOT, folder, code)))
  })
}

function brokenLinks({ path, prose }: Document): readonly string[] {
  const targets = [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target)
  return targets.filter((target) => {
    if (/^(?:https?|mailto):/.test(target)) return false
    const [file = '', anchor] = target.split('#')
    const linked = file === '' ? path : join(dirname(path), file)
    if (!existsSync(join(ROOT, linked))) return true
    return anchor !== undefined && !anchorsOf(readDocument(linked)).includes(anchor)
  })
}

/** Headings as the names that links use. */
function anchorsOf({ prose }: Document): readonly string[] {
  return [...prose.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  )
}

test('there are documents to check', () => {
  expect(documents.map(({ path }) => path)).toEqual(
    expect.arrayContaining(['README.md', 'docs/protocol.md', 'src/policy/README.md']),
  )
})

test('a path, a link and an anchor that lead nowhere are found', () => {
  const text = '`src/nowhere.ts` `README.md` [x](nowhere.md) [y](README.md#nowhere) [z](README.md#the-tree)'
  const document = { path: 'x.md', text, prose: text, fences: [] }
  expect(missingPaths(document)).toEqual(['src/nowhere.ts'])
  expect(brokenLinks(document)).toEqual(['nowhere.md', 'README.md#nowhere'])
})

describe.each(documents)('$path', (document) => {
  test('every path it names exists', () => {
    expect(missingPaths(document)).toEqual([])
  })

  test('every link in it leads somewhere', () => {
    expect(brokenLinks(document)).toEqual([])
  })

  test('every fence in it is closed', () => {
    expect(document.text.match(/^ *```/gm)?.length ?? 0).toBe(document.fences.length * 2)
  })
})

test('every document that a comment or a message names exists', () => {
  const sources = ['src', 'hw-sim'].flatMap((folder) => filesBelow(folder, '.ts'))
  const named = sources.flatMap((path) =>
    [...readFileSync(join(ROOT, path), 'utf8').matchAll(/\bdocs\/[\w./-]+\.md/g)].map(([name]) => name),
  )
  expect(named.length).toBeGreaterThan(5)
  expect(named.filter((name) => !existsSync(join(ROOT, name)))).toEqual([])
})

test('every heading of docs/protocol.md that a comment quotes is one', () => {
  const headings = [...readDocument('docs/protocol.md').prose.matchAll(/^## (.+)$/gm)].map(([, name]) => name)
  const sources = ['src', 'hw-sim'].flatMap((folder) => filesBelow(folder, '.ts'))
  const quoted = sources.flatMap((path) =>
    [...readFileSync(join(ROOT, path), 'utf8').matchAll(/docs\/protocol\.md,? "([^"]+)"/g)].map(
      ([, name]) => name,
    ),
  )
  expect(quoted.length).toBeGreaterThan(5)
  expect(quoted.filter((name) => !headings.includes(name))).toEqual([])
})

test('every decision has its number once, and says context, decision and consequences', () => {
  const decisions = documents.filter(({ path }) => path.startsWith('docs/decisions/'))
  const numbers = decisions.map(({ path }) => /\/(\d{4})-/.exec(path)?.[1])
  expect(numbers.toSorted()).toEqual(numbers.map((_, index) => String(index + 1).padStart(4, '0')))
  for (const { path, prose } of decisions) {
    const headings = [...prose.matchAll(/^## (.+)$/gm)].map(([, name]) => name)
    expect(headings, path).toEqual(['Context', 'Decision', 'Consequences'])
    expect(prose, path).toContain(`# ${/\/(\d{4})-/.exec(path)?.[1] ?? ''} `)
  }
})
