/** How far the server's certificate is checked, in the words of libpq. */
export type TlsMode = 'disable' | 'require' | 'verify-ca' | 'verify-full'

/** One server and database, as a url names it. */
export type Place = {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly database: string
  readonly tls: TlsMode
  /** Files; `system` for the certificate authorities that Node knows. */
  readonly rootCertificate: string | undefined
  readonly certificate: string | undefined
  readonly key: string | undefined
  /** For messages: no password was ever in it. */
  readonly text: string
}

const TLS_MODES: readonly TlsMode[] = ['disable', 'require', 'verify-ca', 'verify-full']
const PARAMETERS = ['host', 'sslmode', 'sslrootcert', 'sslcert', 'sslkey']
const EXAMPLE = 'postgresql://USER@HOST:5432/DATABASE?sslmode=verify-full&sslrootcert=/FILE'

const NO_HOST = /^(postgres(?:ql)?:\/\/[^/?#@]*@)\//

/** What a url says, or a sentence that says what is wrong with it; the url itself is in no sentence. */
export function readPlace(text: string): Place | string {
  // libpq lets the host out where a parameter names a socket; a url without one is none for Node.
  const full = text.replace(NO_HOST, '$1localhost/')
  const url = URL.canParse(full) ? new URL(full) : undefined
  if (url === undefined || !['postgresql:', 'postgres:'].includes(url.protocol)) {
    return `it is not a url of PostgreSQL; it looks like ${EXAMPLE}`
  }
  if (url.password !== '' || url.searchParams.has('password')) {
    return 'it holds a password; write the password into a passfile with mode 0600 (HOST:PORT:DATABASE:USER:PASSWORD) and take it out of the url'
  }
  const problem = parameterProblem(url.searchParams)
  if (problem !== undefined) return problem
  const parameter = (name: string) => url.searchParams.get(name) ?? undefined
  const named = full === text ? decoded(url.hostname.replace(/^\[(.*)\]$/, '$1')) : ''
  const host = parameter('host') ?? named
  const user = decoded(url.username)
  const database = decoded(url.pathname.slice(1))
  if (host === '') return `it names no host; it looks like ${EXAMPLE}`
  if (user === '') return `it names no user; it looks like ${EXAMPLE}`
  if (database === '') return `it names no database; it looks like ${EXAMPLE}`
  const tls = tlsMode(parameter('sslmode'), host)
  if (typeof tls !== 'object') return tls
  const rootCertificate = parameter('sslrootcert')
  if (tls.mode === 'verify-ca' && rootCertificate === 'system') {
    return 'sslmode=verify-ca with sslrootcert=system takes the certificate of any host in the world; write sslmode=verify-full'
  }
  const files = { rootCertificate, certificate: parameter('sslcert'), key: parameter('sslkey') }
  if ((files.certificate === undefined) !== (files.key === undefined)) {
    return 'it has one of sslcert and sslkey; a client certificate needs both'
  }
  const port = url.port === '' ? 5432 : Number(url.port)
  const name = host.includes(':') || host.startsWith('/') ? `[${host}]` : host
  return {
    host,
    port,
    user,
    database,
    tls: tls.mode,
    ...files,
    text: `postgresql://${name}:${port}/${database}`,
  }
}

/** What is wrong with a url; `undefined` when it can be used. */
export function urlProblem(text: string): string | undefined {
  const place = readPlace(text)
  return typeof place === 'string' ? place : undefined
}

/** What stands behind its escapes; what has broken ones stands as it is. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

function parameterProblem(parameters: URLSearchParams): string | undefined {
  const names = [...parameters.keys()]
  const unknown = names.find((name) => !PARAMETERS.includes(name))
  if (unknown !== undefined) {
    return `it has the parameter ${JSON.stringify(unknown)}; ${PARAMETERS.join(', ')} are known`
  }
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  return twice && `it has the parameter ${twice} twice`
}

function tlsMode(text: string | undefined, host: string): { readonly mode: TlsMode } | string {
  if (host.startsWith('/')) {
    if (text === undefined || text === 'disable') return { mode: 'disable' }
    return `it has sslmode=${text} for the socket ${host}, where PostgreSQL has no TLS; leave it out`
  }
  const advice = 'write sslmode=verify-full'
  if (text === undefined) {
    return `it has no sslmode; ${advice}, or sslmode=disable where nobody else is on the network`
  }
  if (text === 'prefer' || text === 'allow') {
    return `it has sslmode=${text}, which goes on without encryption when somebody in between wants that; ${advice}`
  }
  const mode = TLS_MODES.find((known) => known === text)
  if (mode !== undefined) return { mode }
  return `it has sslmode=${JSON.stringify(text)}; ${TLS_MODES.join(', ')} are known`
}
