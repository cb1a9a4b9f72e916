import { parseTree, printParseErrorCode, type Node, type ParseError } from 'jsonc-parser'

/**
 * The value of a JSON text in which no object names a key twice, or a sentence that says what is wrong. `JSON.parse`
 * would silently keep the last of two equal keys, and that may be the lower mark. With `numbers` `whole`, numbers are
 * written as plain digits and are exact: 1e3, 1.0, -0 and what a JSON number cannot hold are told by their line.
 */
export function parseStrictJson(
  text: string,
  { numbers = 'any' }: { readonly numbers?: 'any' | 'whole' } = {},
): { readonly value: unknown; readonly problem?: undefined } | { readonly problem: string } {
  const errors: ParseError[] = []
  const options = { disallowComments: true, allowTrailingComma: false, allowEmptyContent: false }
  try {
    const tree = parseTree(text, errors, options)
    const [error] = errors
    if (error !== undefined || tree === undefined) return { problem: describe(text, error) }
    const repeated = repeatedKey(tree)
    if (repeated !== undefined) {
      return { problem: `line ${lineOf(text, repeated.offset)}: ${repeated.key} is there twice` }
    }
    const inexact = numbers === 'whole' ? inexactNumber(text, tree) : undefined
    if (inexact !== undefined) return { problem: inexact }
    return { value: JSON.parse(text) }
  } catch (error) {
    // a nesting too deep for the stack, or what only JSON.parse refuses
    return { problem: `it is not JSON (${error instanceof Error ? error.message : String(error)})` }
  }
}

function describe(text: string, error: ParseError | undefined): string {
  if (error === undefined) return 'it is empty'
  return `line ${lineOf(text, error.offset)}: it is not JSON (${printParseErrorCode(error.error)})`
}

function lineOf(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length
}

function repeatedKey(node: Node): { readonly key: string; readonly offset: number } | undefined {
  const keys = new Set<string>()
  for (const child of node.children ?? []) {
    if (node.type === 'object') {
      const name = child.children?.[0]
      const key = String(name?.value)
      if (keys.has(key)) return { key: JSON.stringify(key), offset: name?.offset ?? 0 }
      keys.add(key)
    }
    const below = repeatedKey(child)
    if (below !== undefined) return below
  }
  return undefined
}

function inexactNumber(text: string, node: Node): string | undefined {
  if (node.type === 'number') {
    const written = text.slice(node.offset, node.offset + node.length)
    if (/^(?:0|[1-9]\d{0,15})$/.test(written) && Number.isSafeInteger(Number(written))) return undefined
    return `line ${lineOf(text, node.offset)}: ${written.slice(0, 40)} is no whole number of at most ${Number.MAX_SAFE_INTEGER} in plain digits; write a larger one as text`
  }
  for (const child of node.children ?? []) {
    const problem = inexactNumber(text, child)
    if (problem !== undefined) return problem
  }
  return undefined
}
