import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  type Scalar,
  visit,
  type Document,
  type Pair,
  type ScalarTag,
  type YAMLError,
  type YAMLMap,
} from 'yaml'
import { ConfigError, type ConfigProblem } from './config-error.js'
import { pathText, printable, show, type Path } from './findings.js'

/** A configuration's text as plain data, and the line on which each of its values stands. */
export type Source = {
  readonly value: unknown
  /** The line, from 1, of the value at `path`, or of what encloses the place where it is missing. */
  readonly lineOf: (path: Path) => number | undefined
}

const TOO_DEEP = 'is nested too deeply; a configuration has four levels'

/** The longest sentence of the parser's that is passed on. */
const MAX_REASON = 200

/** Far above what a person writes by hand, far below what expands to a gigabyte. */
const MAX_ALIASES = 100

/** PyYAML, which read these files before, follows YAML 1.1: there plain `yes` and `off` are booleans too. */
const PYTHON_BOOLEANS: readonly ScalarTag[] = [
  { default: true, tag: 'tag:yaml.org,2002:bool', test: /^(?:[Yy]es|YES|[Oo]n|ON)$/, resolve: () => true },
  { default: true, tag: 'tag:yaml.org,2002:bool', test: /^(?:[Nn]o|NO|[Oo]ff|OFF)$/, resolve: () => false },
]

/**
 * Reads `text` as one YAML mapping whose keys are text, each written once.
 * Throws a `ConfigError` (`not-yaml`) for anything else: a second document, a tag or directive that is not known,
 * aliases without measure, or nesting deeper than the parser's stack.
 */
export function readSource(text: string, file: string): Source {
  try {
    return read(text, file)
  } catch (error) {
    if (error instanceof ConfigError) throw error
    throw notYaml(file, [{ line: undefined, path: '', message: reason(error) }], error)
  }
}

function read(text: string, file: string): Source {
  const lines = new LineCounter()
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    // Checked below by sets: the parser compares every key with every other.
    uniqueKeys: false,
    merge: true,
    customTags: (tags) => [...tags, ...PYTHON_BOOLEANS],
  })
  const lineAt = (offset: number) => lines.linePos(offset).line
  const faults = firstPerLine(
    [...document.errors, ...document.warnings].map((fault) => {
      return { line: lineAt(fault.pos[0]), path: '', message: yamlFault(fault) }
    }),
  )
  const keys: KeyIndex = new Map()
  const problems = faults.length > 0 ? faults : checkNodes(document, keys, lineAt)
  if (problems.length > 0) throw notYaml(file, problems)
  return {
    value: document.toJS({ maxAliasCount: MAX_ALIASES }),
    lineOf: (path) => lineOf(document, keys, path, lineAt),
  }
}

/** The entries of every mapping by key, filled by the check of its keys. */
type KeyIndex = Map<YAMLMap, ReadonlyMap<string, Pair>>

function checkNodes(
  document: Document,
  keys: KeyIndex,
  lineAt: (offset: number) => number,
): readonly ConfigProblem[] {
  const problems: ConfigProblem[] = []
  const report = (
    node: { range?: readonly number[] | null | undefined } | null,
    path: string,
    message: string,
  ) => {
    problems.push({ line: node?.range ? lineAt(node.range[0] ?? 0) : undefined, path, message })
  }
  let aliases = 0
  const top = document.contents
  if (!isMap(top)) {
    const empty = top === null || (isScalar(top) && top.value === null)
    const what = empty ? 'is empty' : 'is not a mapping of sections'
    report(top, '', `${what}; start with a "policy:" section, as docs/config.md shows`)
  }
  visit(document, {
    Map: (_, map) => {
      keys.set(map, checkKeys(map, report))
    },
    Scalar: (position, scalar) => {
      if (position !== 'key') checkScalar(scalar, report)
    },
    Alias: (_, alias) => {
      aliases += 1
      if (aliases !== MAX_ALIASES + 1) return
      report(alias, '', `is one of more than ${MAX_ALIASES} aliases; write the values out`)
    },
  })
  return problems
}

type Report = (node: Scalar | YAMLMap, path: string, message: string) => void

/** Keys are taken as they are written: `0x11` stays `0x11`, quoted or not. */
function checkKeys(map: YAMLMap, report: Report): ReadonlyMap<string, Pair> {
  const entries = new Map<string, Pair>()
  for (const pair of map.items) {
    const { key } = pair
    if (!isScalar(key)) {
      report(map, '', 'holds a key that is not plain text; keys are names, numbers or addresses')
      continue
    }
    const name = typeof key.value === 'string' ? key.value : (key.source ?? '')
    if (typeof key.value !== 'symbol') key.value = name
    const path = pathText([name])
    if (entries.has(name)) report(key, path, 'is written twice in the same section; remove one of them')
    if (name === '__proto__') report(key, path, 'is not a known key; remove it')
    entries.set(name, pair)
  }
  return entries
}

/** YAML 1.1 reads `010` as 8 and YAML 1.2 as 10: neither is guessed. */
function checkScalar(scalar: Scalar, report: Report): void {
  const { value, source = '' } = scalar
  if (typeof value === 'number' && /^[-+]?0\d/.test(source)) {
    report(
      scalar,
      '',
      `${show(source)} may be octal or decimal; drop the leading zero, or put text in quotes`,
    )
  } else if (value !== null && !['string', 'number', 'boolean'].includes(typeof value)) {
    report(scalar, '', `${show(source)} is neither text nor a number, true or false; put text in quotes`)
  }
}

function lineOf(
  document: Document,
  keys: KeyIndex,
  path: Path,
  lineAt: (offset: number) => number,
): number | undefined {
  let node: unknown = document.contents
  let offset: number | undefined
  for (const step of path) {
    if (isAlias(node)) node = node.resolve(document)
    if (isMap(node)) {
      const pair = keys.get(node)?.get(String(step))
      if (pair === undefined) break
      offset = startOf(pair.key) ?? offset
      node = pair.value
    } else if (isSeq(node) && typeof step === 'number') {
      node = node.items[step]
      offset = startOf(node) ?? offset
    } else break
  }
  if (isScalar(node) && node.source !== '') offset = startOf(node) ?? offset
  return offset === undefined ? undefined : lineAt(offset)
}

function startOf(node: unknown): number | undefined {
  return isScalar(node) || isMap(node) || isSeq(node) || isAlias(node) ? node.range?.[0] : undefined
}

function notYaml(file: string, problems: readonly ConfigProblem[], cause?: unknown): ConfigError {
  return new ConfigError('not-yaml', file, problems, cause)
}

/** What the parser says next of a line it has lost is no news. */
function firstPerLine(problems: readonly ConfigProblem[]): readonly ConfigProblem[] {
  const seen = new Set<number | undefined>()
  return problems.filter(({ line }) => !seen.has(line) && seen.add(line))
}

function yamlFault({ code, message }: Pick<YAMLError, 'code' | 'message'>): string {
  if (code === 'RESOURCE_EXHAUSTION') return TOO_DEEP
  if (code === 'MULTIPLE_DOCS') return 'a second document starts here; keep one, without --- and ... between'
  if (code === 'TAG_RESOLVE_FAILED') return `${printable(message, MAX_REASON)}; remove the tag`
  return `is not valid YAML here: ${printable(message, MAX_REASON)}; put text with : # [ { in quotes`
}

function reason(error: unknown): string {
  if (error instanceof RangeError) return TOO_DEEP
  const what = error instanceof Error ? printable(error.message, MAX_REASON) : 'the parser failed'
  return `cannot be read as YAML: ${what}; check its aliases (*name) and their anchors (&name)`
}
