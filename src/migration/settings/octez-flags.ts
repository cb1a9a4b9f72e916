import { parseArgs } from 'node:util'
import { MigrationError } from '../migration-error.js'

const TEXT = 'string'
const SWITCH = 'boolean'

/**
 * The options of octez-signer that mean something here, and those with a value that must not be taken for a word. Source:
 * octez `src/bin_signer/main_signer.ml`; the one for proof of possession is that of version 22 and later.
 */
const OPTIONS = {
  'require-authentication': { type: SWITCH, short: 'A' },
  'base-dir': { type: TEXT, short: 'd' },
  'password-filename': { type: TEXT, short: 'f' },
  address: { type: TEXT, short: 'a' },
  port: { type: TEXT, short: 'p' },
  pidfile: { type: TEXT },
  'magic-bytes': { type: TEXT, short: 'M' },
  'check-high-watermark': { type: SWITCH, short: 'W' },
  'allow-list-known-keys': { type: SWITCH, short: 'D' },
  'allow-to-prove-possession': { type: SWITCH, short: 'P' },
  timeout: { type: TEXT },
  socket: { type: TEXT, short: 's' },
} as const

type Name = keyof typeof OPTIONS

/** How octez-signer was launched. */
export type OctezFlags = {
  readonly transport: 'socket' | 'local' | 'http' | 'https'
  /** Of https: the files of the certificate and of its key. */
  readonly files: readonly string[]
  readonly values: Readonly<Partial<Record<Name, string>>>
  readonly switches: readonly Name[]
  /** Options and words that are not known. */
  readonly unknown: readonly string[]
}

const TRANSPORTS = ['socket', 'local', 'http', 'https'] as const

/** The words of a command line, as octez-signer reads them. Throws a MigrationError where they launch no signer. */
export function readFlags(words: readonly string[]): OctezFlags {
  const { tokens } = parseArgs({
    ...{ args: [...words], options: OPTIONS, strict: false, tokens: true, allowPositionals: true },
  })
  const values: Partial<Record<Name, string>> = {}
  const switches: Name[] = []
  const unknown: string[] = []
  for (const token of tokens) {
    if (token.kind !== 'option') continue
    const name = knownName(token.name)
    if (name === undefined) unknown.push(token.rawName)
    else if (OPTIONS[name].type === SWITCH) switches.push(name)
    else if (token.value === undefined) throw new MigrationError(`${token.rawName} has no value`)
    else if (values[name] !== undefined) throw new MigrationError(`${token.rawName} is given twice`)
    else values[name] = token.value
  }
  const positionals = tokens.flatMap((token) => (token.kind === 'positional' ? [token.value] : []))
  const at = positionals.indexOf('launch')
  const [, kind, noun, ...files] = positionals.slice(at)
  const transport = TRANSPORTS.find((one) => one === kind)
  if (at === -1 || transport === undefined || noun !== 'signer') {
    throw new MigrationError('its words are not "... launch (socket|local|http|https) signer ..."')
  }
  const expected = transport === 'https' ? 2 : 0
  const strange = [...positionals.slice(0, at), ...files.slice(expected)]
  return { transport, files: files.slice(0, expected), values, switches, unknown: [...unknown, ...strange] }
}

function knownName(name: string): Name | undefined {
  return Object.hasOwn(OPTIONS, name) ? (name as Name) : undefined
}
