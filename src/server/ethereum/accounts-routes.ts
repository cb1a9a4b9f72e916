import { Hono, type Context } from 'hono'
import type { RequestEnv } from '../request-id.js'
import { jobBody } from './ask.js'
import type { AccountJobs, AccountShown, JobRefusal } from './jobs.js'
import { answerProblem, problemStatus } from './problem.js'
import { readRpcBody } from './rpc-body.js'

/**
 * `POST /v1/accounts`, `GET /v1/accounts/:address`, `POST /v1/accounts/:address/sign`. Who asks is proven by an API key,
 * before anything else is looked at. No answer holds a private key.
 */
export function accountsRoutes<Caller>(jobs: AccountJobs<Caller>): Hono<RequestEnv> {
  const app = new Hono<RequestEnv>()
  app.post('/', async (c) => {
    const asked = await askAccounts(c, jobs)
    if ('refusal' in asked) return answerProblem(c, asked.refusal)
    const { caller, value } = asked
    const wanted = custodyOf(value)
    if ('refusal' in wanted) return answerProblem(c, wanted.refusal)
    const idempotencyKey = c.req.header('idempotency-key')
    const made = await jobs.create(caller, { ...wanted, idempotencyKey }, c.var.requestId)
    if (made.outcome === 'refused') return answerProblem(c, made.refusal)
    return c.json(accountBody(made.value.account), made.value.isNew ? 201 : 200)
  })
  if (jobs.oldRoutes) app.get('/', (c) => oldGetter(c, jobs))
  app.get('/:address', async (c) => {
    const caller = callerOf(c, jobs)
    if ('refusal' in caller) return answerProblem(c, caller.refusal)
    const found = await jobs.get(caller.caller, c.req.param('address'), c.var.requestId)
    return found.outcome === 'refused' ? answerProblem(c, found.refusal) : c.json(accountBody(found.value))
  })
  app.post('/:address/sign', async (c) => {
    const asked = await askAccounts(c, jobs)
    if ('refusal' in asked) return answerProblem(c, asked.refusal)
    const { caller, value } = asked
    const signed = await jobs.sign(caller, c.req.param('address'), value, c.var.requestId)
    return signed.outcome === 'refused' ? answerProblem(c, signed.refusal) : c.json(signed.value)
  })
  return app
}

/** `?address=` as the store of accounts before answered it, but for the private key, and 404 for what it does not have. */
async function oldGetter<Caller>(c: Context<RequestEnv>, jobs: AccountJobs<Caller>): Promise<Response> {
  const caller = callerOf(c, jobs)
  if ('refusal' in caller) return oldRefusal(c, caller.refusal)
  const found = await jobs.get(caller.caller, c.req.query('address') ?? '', c.var.requestId)
  if (found.outcome === 'refused') return oldRefusal(c, found.refusal)
  const { address, publicKey: public_key } = found.value
  return c.json({ success: true, message: 'successfully retrieved account', data: { address, public_key } })
}

function oldRefusal(c: Context<RequestEnv>, refusal: JobRefusal): Response {
  return c.json({ success: false, message: `${refusal.code}: ${refusal.message}` }, problemStatus(refusal))
}

function callerOf<Caller>(
  c: Context<RequestEnv>,
  jobs: AccountJobs<Caller>,
): { readonly caller: Caller } | { readonly refusal: JobRefusal } {
  const bearer = /^Bearer (\S+)$/i.exec(c.req.header('authorization') ?? '')?.[1]
  return jobs.authenticate(bearer ?? c.req.header('x-api-key'))
}

/** Who asks, and the JSON that they send; of an empty body an empty object. */
async function askAccounts<Caller>(
  c: Context<RequestEnv>,
  jobs: AccountJobs<Caller>,
): Promise<{ readonly caller: Caller; readonly value: unknown } | { readonly refusal: JobRefusal }> {
  const proven = callerOf(c, jobs)
  if ('refusal' in proven) return proven
  const read = await jobBody(c)
  if ('refusal' in read) return read
  if (read.body.length === 0) return { caller: proven.caller, value: {} }
  const json = readRpcBody(read.body)
  if ('refused' in json) return { refusal: malformed(`the body: ${json.refused}`) }
  return { caller: proven.caller, value: json.value }
}

function custodyOf(
  value: unknown,
): { readonly custody: 'hsm' | 'vault' | undefined } | { readonly refusal: JobRefusal } {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
  const entries: readonly (readonly [string, unknown])[] = isObject ? Object.entries(value) : []
  const [name, custody] = entries[0] ?? []
  if (!isObject || entries.length > 1 || (name !== undefined && name !== 'custody')) {
    return { refusal: malformed('the body may have custody, and nothing else: {"custody": "vault"}') }
  }
  if (custody === undefined || custody === 'hsm' || custody === 'vault') return { custody }
  return { refusal: malformed('custody is neither "hsm" nor "vault"; write one of them, or leave it out') }
}

function malformed(message: string): JobRefusal {
  return { code: 'malformed-request', message }
}

function accountBody({ address, publicKey, custody, createdAt }: AccountShown) {
  return { address, public_key: publicKey, custody, created_at: createdAt }
}
