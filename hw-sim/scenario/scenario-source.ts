import { isMap, isScalar, isSeq, LineCounter, parseDocument, type Document } from 'yaml'
import { ScenarioError } from './scenario-error.js'

/** The way to a value: keys and indexes from the top. */
export type Path = readonly PropertyKey[]

/** A file's text as plain data, and the line on which its values stand. */
export type ScenarioSource = {
  readonly value: unknown
  /** The line, from 1, of what is at `path`, or of what encloses the place where it is missing. */
  readonly lineOf: (path: Path) => number
}

const MAX_ALIASES = 100
/** The longest sentence of the parser's that is passed on. */
const MAX_REASON = 200

/** Reads `text` as one YAML document. Throws a ScenarioError for what is none. */
export function readScenarioSource(text: string, file: string): ScenarioSource {
  const lines = new LineCounter()
  const lineAt = (offset: number) => lines.linePos(offset).line
  try {
    const document = parseDocument(text, { lineCounter: lines, prettyErrors: false })
    const faults = [...document.errors, ...document.warnings]
    if (faults.length > 0) {
      const problem = (at: number, reason: string) => {
        return { line: lineAt(at), message: `not valid YAML: ${reason.slice(0, MAX_REASON)}` }
      }
      throw new ScenarioError(
        file,
        faults.map(({ pos, message }) => problem(pos[0], message)),
      )
    }
    const value: unknown = document.toJS({ maxAliasCount: MAX_ALIASES })
    return { value, lineOf: (path) => lineAt(offsetOf(document, path)) }
  } catch (error) {
    if (error instanceof ScenarioError) throw error
    const reason = error instanceof Error ? error.message.slice(0, MAX_REASON) : 'the parser failed'
    throw new ScenarioError(file, [{ line: 1, message: `cannot be read as YAML: ${reason}` }])
  }
}

function offsetOf(document: Document, path: Path): number {
  let node: unknown = document.contents
  let offset = 0
  for (const step of path) {
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(step))
      if (pair === undefined) return offset
      offset = startOf(pair.key) ?? offset
      node = pair.value
    } else if (isSeq(node) && typeof step === 'number') {
      node = node.items[step]
      offset = startOf(node) ?? offset
    } else return offset
  }
  return offset
}

function startOf(node: unknown): number | undefined {
  return isScalar(node) || isMap(node) || isSeq(node) ? node.range?.[0] : undefined
}
