import { basename, extname } from 'node:path'
import { isAlias, isMap, isScalar, LineCounter, parseDocument, type Node } from 'yaml'
import { KEY_NAMES, type KeyName } from './device-key.js'
import { drawLatencyMs, type LatencyDistribution } from './latency-distribution.js'
import { WORKS, workOf, type LatencyModel, type Work } from './latency-model.js'

/** A latency file that is refused. The message begins with file:line and says what is expected there. */
export class LatencyError extends Error {
  override readonly name = 'LatencyError'
}

type PerKey = Readonly<Record<KeyName, LatencyDistribution>>
/** `refusal` may be missing: then refusals and default signatures take no time, as in the model `board`. */
type Table = Readonly<Record<Work, PerKey>> & { readonly refusal: LatencyDistribution | undefined }

const FIELDS = ['median_ms', 'p99_ms', 'jitter_ms'] as const
/** A minute: longer than any host waits. */
const MAX_MS = 60_000

/**
 * The model in a YAML file (hw-sim/README.md "Latency"): under `get_pk`, `get_pk_address`, `sign` and `verify`, all
 * four, either one distribution for all keys or one under each key's name; under `refusal`, if it is there, one
 * distribution. A distribution is `median_ms`, and `p99_ms` (default: the median, so no spread) and `jitter_ms`
 * (default 0), each 0 to 60,000. Throws a LatencyError naming `file` and line.
 */
export function parseLatencyFile(text: string, file: string): LatencyModel {
  const table = new LatencyReader(text, file).table()
  return {
    name: basename(file, extname(file)),
    delayMs(exchange, random) {
      const done = workOf(exchange)
      const distribution = done === undefined ? table.refusal : table[done.work][done.key]
      return distribution === undefined ? 0 : drawLatencyMs(distribution, random)
    },
  }
}

/** A mapping's values by key, and the place where it begins. */
type Entries = { readonly at: number; readonly values: ReadonlyMap<string, Node | null> }

class LatencyReader {
  readonly #file: string
  readonly #lines = new LineCounter()
  readonly #root: Node | null

  constructor(text: string, file: string) {
    this.#file = file
    const document = parseDocument(text, { lineCounter: this.#lines, prettyErrors: false, version: '1.2' })
    const [fault] = [...document.errors, ...document.warnings]
    if (fault !== undefined) throw this.#error(fault.pos[0], `not YAML: ${fault.message}`)
    this.#root = document.contents
  }

  table(): Table {
    const root = this.#entries(this.#root, 0, 'the file', [...WORKS, 'refusal'])
    const perKey = (work: Work) => this.#perKey(this.#needed(root, work, 'the file'), root.at, work)
    const refusal = root.values.get('refusal')
    return {
      get_pk: perKey('get_pk'),
      get_pk_address: perKey('get_pk_address'),
      sign: perKey('sign'),
      verify: perKey('verify'),
      refusal: refusal === undefined ? undefined : this.#distribution(refusal, root.at, 'refusal'),
    }
  }

  #perKey(node: Node | null, at: number, work: string): PerKey {
    const entries = this.#entries(node, at, work, [...KEY_NAMES, ...FIELDS])
    if (FIELDS.some((field) => entries.values.has(field))) {
      const all = this.#distribution(node, at, work)
      return { auth: all, ed25519: all, secp256k1: all, p256: all }
    }
    const one = (key: KeyName) =>
      this.#distribution(this.#needed(entries, key, work), entries.at, `${work}.${key}`)
    return { auth: one('auth'), ed25519: one('ed25519'), secp256k1: one('secp256k1'), p256: one('p256') }
  }

  #distribution(node: Node | null, at: number, path: string): LatencyDistribution {
    const entries = this.#entries(node, at, path, FIELDS)
    const medianMs = this.#ms(this.#needed(entries, 'median_ms', path), entries.at, `${path}.median_ms`)
    const optional = (field: string, otherwise: number) => {
      const value = entries.values.get(field)
      return value === undefined ? otherwise : this.#ms(value, entries.at, `${path}.${field}`)
    }
    const p99Ms = optional('p99_ms', medianMs)
    const p99At = entries.values.get('p99_ms')?.range?.[0] ?? entries.at
    if (p99Ms < medianMs) throw this.#error(p99At, `${path}.p99_ms: ${p99Ms} is below median_ms, ${medianMs}`)
    if (medianMs === 0 && p99Ms > 0)
      throw this.#error(p99At, `${path}.p99_ms: a median of 0 has no spread; use jitter_ms`)
    return { medianMs, p99Ms, jitterMs: optional('jitter_ms', 0) }
  }

  #ms(node: Node | null, at: number, path: string): number {
    const value = isScalar(node) ? node.value : undefined
    if (typeof value === 'number' && value >= 0 && value <= MAX_MS) return value
    throw this.#error(node?.range?.[0] ?? at, `${path}: expected milliseconds, 0 to ${MAX_MS}`)
  }

  #needed(entries: Entries, key: string, path: string): Node | null {
    const node = entries.values.get(key)
    if (node === undefined) throw this.#error(entries.at, `${path}: "${key}" is missing`)
    return node
  }

  #entries(node: Node | null, parentAt: number, path: string, known: readonly string[]): Entries {
    const at = node?.range?.[0] ?? parentAt
    if (!isMap<Node, Node | null>(node)) {
      const found = isAlias(node) ? ', not an alias' : ''
      throw this.#error(at, `${path}: expected a mapping of ${known.join(', ')}${found}`)
    }
    const values = new Map<string, Node | null>()
    for (const { key, value } of node.items) {
      const name = isScalar(key) ? String(key.value) : ''
      if (!known.includes(name)) {
        const shown = JSON.stringify(name.slice(0, 40))
        throw this.#error(key.range?.[0] ?? at, `${path}: unknown key ${shown}: expected ${known.join(', ')}`)
      }
      values.set(name, value)
    }
    return { at, values }
  }

  #error(offset: number, message: string): LatencyError {
    return new LatencyError(`${this.#file}:${Math.max(1, this.#lines.linePos(offset).line)}: ${message}`)
  }
}
