import { Hono, type Context } from 'hono'
import type { Clock } from '../clock.js'
import type { Caller, SignRequest, SignResult } from '../policy/index.js'
import { parsePublicKeyHash, type PublicKeyHash } from '../tezos/index.js'
import { callerOf, type CallerRules } from './caller.js'
import { refuse } from './error-funnel.js'
import { HttpRefusalError } from './http-status.js'
import type { RequestEnv } from './request-id.js'
import { readSignBody } from './sign-body.js'

/** What is known of the configured keys, from memory. */
export type KeyDirectory = {
  readonly has: (key: PublicKeyHash) => boolean
  /** base58check text; `undefined` while the device was not reached yet. */
  readonly publicKey: (key: PublicKeyHash) => string | undefined
  readonly known: () => readonly PublicKeyHash[]
  /** The keys that may sign requests; `undefined` where none has to. */
  readonly authorized: () => readonly PublicKeyHash[] | undefined
}

export type KeysRouteOptions = {
  readonly signer: { readonly sign: (request: SignRequest) => Promise<SignResult> }
  readonly keys: KeyDirectory
  readonly callers: CallerRules
  readonly clock: Clock
  /** How long a request may wait for the device's turn, in ms. */
  readonly queueTimeoutMs: number
}

/** Signature versions that Octez sends with every request; they change nothing for tz1 to tz3. */
const VERSIONS = ['0', '1', '2', '3']

/** Who sends a request, by what its connection and its header show. */
export function callerOfRequest(callers: CallerRules, c: Context<RequestEnv>): Caller {
  return callerOf(callers, {
    certificate: c.env.clientCertificate,
    header: (name) => c.req.header(name),
  })
}

/** `GET /keys/:pkh` and `POST /keys/:pkh`. */
export function keysRoute({ signer, keys, callers, clock, queueTimeoutMs }: KeysRouteOptions) {
  return new Hono<RequestEnv>()
    .get('/:pkh', (c) => {
      const key = keyParameter(c.req.param('pkh'))
      if (!keys.has(key))
        return refuse(c, { code: 'unknown-key', message: `${key} is not a key of this bridge` })
      const publicKey = keys.publicKey(key)
      if (publicKey !== undefined) return c.json({ public_key: publicKey })
      return refuse(c, {
        code: 'device-unavailable',
        message: 'the device was not reached yet; its keys are not known',
      })
    })
    .post('/:pkh', async (c) => {
      const publicKeyHash = keyParameter(c.req.param('pkh'))
      const authentication = singleQuery(c.req.queries('authentication'), 'authentication')
      checkVersion(singleQuery(c.req.queries('version'), 'version'))
      const payload = await readSignBody(c)
      const deadlineAt = clock.now() + queueTimeoutMs
      const result = await signer.sign({
        requestId: c.var.requestId,
        publicKeyHash,
        payload,
        authentication,
        caller: callerOfRequest(callers, c),
        deadlineAt,
        signal: c.req.raw.signal,
      })
      return result.outcome === 'signed' ? c.json({ signature: result.signature }) : refuse(c, result.refusal)
    })
}

function keyParameter(text: string): PublicKeyHash {
  const key = parsePublicKeyHash(text)
  if (key !== undefined) return key
  throw new HttpRefusalError(
    'malformed-key',
    'the path does not name a public key hash (tz1, tz2, tz3 or tz4, with a right checksum)',
  )
}

function singleQuery(values: readonly string[] | undefined, name: string): string | undefined {
  if (values === undefined || values.length <= 1) return values?.[0]
  throw new HttpRefusalError('malformed-query', `${name} is given ${values.length} times`)
}

function checkVersion(version: string | undefined): void {
  if (version === undefined || VERSIONS.includes(version)) return
  throw new HttpRefusalError('malformed-query', `version ${version.slice(0, 20)}: 0 to 3 expected`)
}
