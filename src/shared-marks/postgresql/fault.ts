import { StateError, type StateErrorCode } from '../../policy/index.js'
import { systemErrorCode } from '../../system-error.js'

/** Why something was not done. `passing`: on another connection, or a little later, it may work. */
export type Fault = { readonly code: StateErrorCode; readonly text: string; readonly passing: boolean }

/** A fault on its way to whoever decides whether to try again. */
export class TableFault extends Error {
  readonly fault: Fault

  constructor(code: Fault['code'], text: string, passing: boolean, cause?: unknown) {
    super(text, cause === undefined ? {} : { cause })
    this.name = 'TableFault'
    this.fault = { code, text, passing }
  }
}

const MIGRATE = 'run tezio-bridge marks migrate'

/** What a server's SQLSTATE means for an operator, where its own words are not enough. */
const STATES: Readonly<Record<string, readonly [code: StateErrorCode, text: string, passing: boolean]>> = {
  '28P01': ['marks-unavailable', 'wrong password; put the right one into the passfile', false],
  '28000': ['marks-unavailable', 'the server does not let this user in; see its pg_hba.conf', false],
  '3D000': ['marks-unavailable', 'no such database; create it, or mend the url', false],
  '42501': [
    'marks-unavailable',
    'the role lacks a right; give it with the GRANTs of docs/shared-marks.md',
    false,
  ],
  '42P01': ['marks-schema', `a table is missing; ${MIGRATE}`, false],
  '3F000': ['marks-schema', `the schema tezio_bridge is missing; ${MIGRATE}`, false],
  '42703': ['marks-schema', `a column is missing; ${MIGRATE}`, false],
  '42883': ['marks-schema', `a function is missing; ${MIGRATE}`, false],
  '25006': ['marks-unavailable', 'the server is read-only; write to the primary', true],
  '57014': ['marks-unavailable', 'the server cancelled the statement', true],
  '55P03': ['marks-unavailable', 'another statement holds the mark for too long', true],
  '53300': ['marks-unavailable', 'the server has too many connections; raise its max_connections', true],
}

/** SQLSTATE classes of what passes: connection, rollback, resources, operator, system. */
const PASSING = /^(?:08|40|53|57|58)/

/** What an error of `pg`, of Node or of our own says. No password and no statement is in it. */
export function faultOf(error: unknown): Fault {
  if (error instanceof TableFault) return error.fault
  if (error instanceof StateError) return { code: error.code, text: error.message, passing: false }
  const code = systemErrorCode(error)
  const words = error instanceof Error && error.message !== '' ? error.message : (code ?? 'it failed')
  const text =
    error instanceof AggregateError ? error.errors.map((one) => faultOf(one).text).join('; ') : words
  if (code !== undefined && /^[0-9A-Z]{5}$/.test(code) && !code.startsWith('E')) return sqlFault(code, text)
  if (isCertificateError(error, code)) {
    return {
      code: 'marks-unavailable',
      text: `the server's certificate is not trusted: ${text}`,
      passing: false,
    }
  }
  return { code: 'marks-unavailable', text: connectionText(code, text), passing: !isOurOwn(code, text) }
}

function sqlFault(state: string, words: string): Fault {
  const known = STATES[state]
  if (known === undefined) {
    return { code: 'marks-unavailable', text: `${words} (${state})`, passing: PASSING.test(state) }
  }
  const [code, meaning, passing] = known
  return { code, text: `${meaning} (${words})`, passing }
}

function isCertificateError(error: unknown, code: string | undefined): boolean {
  if (code === undefined) return false
  if (code.startsWith('ERR_TLS_CERT')) return true
  return /CERT|SIGNED|ISSUER|LEAF_SIGNATURE|CRL/.test(code) && error instanceof Error && 'code' in error
}

function connectionText(code: string | undefined, words: string): string {
  switch (code) {
    case 'ECONNREFUSED':
    case 'ENOENT':
      return `nobody listens there (${words})`
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `its name is not known (${words})`
    case 'ECONNRESET':
    case 'EPIPE':
      return `the connection broke (${words})`
    default:
      return words
  }
}

/** What is wrong on this host stays wrong: a file that cannot be read, a passfile without a line. */
function isOurOwn(code: string | undefined, words: string): boolean {
  return (
    code === 'EACCES' || /passfile|asks for a password|chmod|sslrootcert|does not support SSL/.test(words)
  )
}
