import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The project's folder, with a slash at its end. */
export const ROOT = fileURLToPath(new URL('../../', import.meta.url))

const IGNORED = /^(?:node_modules|dist|dist\..*\.new|reports|results|\.git)$/

/** A fenced block: its language, its lines, and the line of the file its first one is, from 1. */
export type Fence = { readonly language: string; readonly lines: readonly string[]; readonly at: number }

/** A markdown file: its path from the root, its text, and its text with the fenced blocks blanked out. */
export type Document = {
  readonly path: string
  readonly text: string
  readonly prose: string
  readonly fences: readonly Fence[]
}

/** The files below `folder` whose names end with `ending`, as git would see them. */
export function filesBelow(folder: string, ending: string): readonly string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return IGNORED.test(entry.name) ? [] : filesBelow(path, ending)
    return entry.name.endsWith(ending) ? [path] : []
  })
}

/** One document by its path from the root. */
export function readDocument(path: string): Document {
  const text = readFileSync(join(ROOT, path), 'utf8')
  const { prose, fences } = splitFences(text)
  return { path: relative('.', path), text, prose, fences }
}

/** Every document of the project. */
export function allDocuments(): readonly Document[] {
  return filesBelow('.', '.md').map(readDocument)
}

/** The inline code of a text that has no fences. */
export function codeSpans(prose: string): readonly string[] {
  return [...prose.matchAll(/(`+)(.+?)\1/g)].map(([, , code = '']) => code.trim())
}

/** The rows of the table whose head has `heading` as its first cell; cells without the space around them. */
export function tableRows({ text }: Document, heading: string): readonly (readonly string[])[] {
  return text.split('\n\n').flatMap((block) => {
    const [head, , ...rows] = block.trim().split('\n').map(cells)
    return head?.[0] === heading ? rows : []
  })
}

function cells(line: string): readonly string[] {
  return line
    .replace(/^\|/, '')
    .replace(/\|$/, '')
    .split('|')
    .map((cell) => cell.trim())
}

function splitFences(text: string): Pick<Document, 'prose' | 'fences'> {
  const fences: Fence[] = []
  const prose: string[] = []
  let open: { readonly language: string; readonly lines: string[]; readonly at: number } | undefined
  for (const [index, line] of text.split('\n').entries()) {
    const mark = /^ *```(\S*)/.exec(line)
    if (mark === null) open?.lines.push(line)
    else if (open === undefined) open = { language: mark[1] ?? '', lines: [], at: index + 2 }
    else {
      fences.push(open)
      open = undefined
      prose.push('')
      continue
    }
    prose.push(open === undefined ? line : '')
  }
  return { prose: prose.join('\n'), fences }
}
