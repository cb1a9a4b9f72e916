import { createHash, timingSafeEqual } from 'node:crypto'
import type { PeerCertificate } from 'node:tls'
import { UNKNOWN_CALLER, type Caller } from '../policy/index.js'

/** What a client's certificate says of it, once the handshake has proven that it is the client's. */
export type ClientCertificate = Pick<PeerCertificate, 'fingerprint256'> & {
  readonly subject: { readonly CN?: string | readonly string[] | undefined }
}

/** What a connection and its request show of who asks. A socket of Octez' own protocol shows nothing. */
export type Evidence = {
  /** `undefined` where none was asked for, or where the authority it was verified by is in force no more. */
  readonly certificate: ClientCertificate | undefined
  /** A request's header, by its name in lower case. */
  readonly header: (name: string) => string | undefined
}

/** What proves which client. */
export type CallerRules = {
  readonly tokenHeader: string
  readonly tokens: readonly { readonly client: string; readonly sha256: string }[]
  readonly certificates: readonly {
    readonly client: string
    readonly kind: 'fingerprint' | 'common-name'
    readonly value: string
  }[]
}

/** Where nobody can prove anything. */
export const NO_CALLERS: CallerRules = { tokenHeader: '', tokens: [], certificates: [] }

/** The clients that the evidence proves. A token that is nobody's makes the whole request invalid. */
export function callerOf(rules: CallerRules, { certificate, header }: Evidence): Caller {
  const clients = certificate === undefined ? [] : byCertificate(rules, certificate)
  const token = rules.tokens.length === 0 ? undefined : header(rules.tokenHeader)
  if (token === undefined) return clients.length === 0 ? UNKNOWN_CALLER : { clients }
  const owner = byToken(rules, token)
  if (owner === undefined) return { clients: [], invalid: `the token in ${rules.tokenHeader} is no client's` }
  return { clients: [...new Set([...clients, owner])] }
}

function byCertificate({ certificates }: CallerRules, { fingerprint256, subject }: ClientCertificate) {
  const fingerprint = fingerprint256.replaceAll(':', '').toLowerCase()
  return certificates
    .filter(({ kind, value }) => value === (kind === 'fingerprint' ? fingerprint : subject.CN))
    .map(({ client }) => client)
}

/** All are compared, each in a time that says nothing of how much of it was right. */
function byToken({ tokens }: CallerRules, given: string): string | undefined {
  const digest = createHash('sha256').update(given).digest()
  return tokens.filter(({ sha256 }) => timingSafeEqual(Buffer.from(sha256, 'hex'), digest))[0]?.client
}
