/** Where a value stands in a configuration, from the top: keys of mappings and indexes of lists. */
export type Path = readonly (string | number)[]

/** A value that is refused, as an operator reads it: what is wrong with which value, the limit, the remedy. */
export type Refused = { readonly refused: string }

/** Collects what the rules across values find; `refuse` stops the start, `warn` does not. */
export type Findings = {
  readonly refuse: (path: Path, message: string) => void
  readonly warn: (sentence: string) => void
}

const MAX_SHOWN = 60

/** A refusal in one call. */
export function refused(sentence: string): Refused {
  return { refused: sentence }
}

/** Whether a reader refused its value. */
export function isRefused(result: unknown): result is Refused {
  return typeof result === 'object' && result !== null && 'refused' in result
}

/** `policy.signing_keys.tz1...allowed_ops[0]`: a path as messages and documents write it. */
export function pathText(path: Path): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === 'number') return `${text}[${step}]`
    return text === '' ? printable(step) : `${text}.${printable(step)}`
  }, '')
}

/** A value for a message: short, on one line, without control characters. */
export function show(value: unknown): string {
  if (value === undefined || value === null) return 'nothing'
  if (typeof value === 'string') return `"${printable(value)}"`
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  return Array.isArray(value) ? 'a list' : 'a mapping'
}

/** The one of `known` that `word` is most likely a misspelling of, as ` (did you mean ...?)`; empty when none is close. */
export function suggestion(word: string, known: readonly string[]): string {
  const limit = Math.min(3, Math.floor(word.length / 3) + 1)
  const close = known
    .map((candidate) => ({ candidate, distance: editDistance(word.toLowerCase(), candidate) }))
    .filter(({ distance }) => distance <= limit)
    .sort((left, right) => left.distance - right.distance)[0]
  return close === undefined ? '' : ` (did you mean "${close.candidate}"?)`
}

/** Foreign text for a message: at most `limit` characters, and only those that cannot move a terminal's cursor. */
export function printable(text: string, limit = MAX_SHOWN): string {
  const short = text.length > limit ? `${text.slice(0, limit)}...` : text
  return short.replace(/[^\x20-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** Levenshtein's distance; words too unlike in length are simply far. */
function editDistance(from: string, to: string): number {
  if (Math.abs(from.length - to.length) > 3) return Infinity
  let row = Array.from({ length: to.length + 1 }, (_, index) => index)
  for (const [index, letter] of Array.from(from).entries()) {
    const next = [index + 1]
    for (const [column, other] of Array.from(to).entries()) {
      const replaced = (row[column] ?? Infinity) + (letter === other ? 0 : 1)
      next.push(Math.min(replaced, (row[column + 1] ?? Infinity) + 1, (next[column] ?? Infinity) + 1))
    }
    row = next
  }
  return row[to.length] ?? Infinity
}
