import { Hono, type Context } from 'hono'
import { maxFee } from '../../ethereum/index.js'
import type { CallerRules } from '../caller.js'
import type { RequestEnv } from '../request-id.js'
import { askerOf, jobBody } from './ask.js'
import type { EthereumJobs, JobRefusal, SignedTransfer } from './jobs.js'
import { answerProblem, problemStatus } from './problem.js'

type Transfers = NonNullable<EthereumJobs['transfers']>

/** `POST /v1/eth/transfers`. `Idempotency-Key` names a request, so that it can be sent again. */
export function transfersRoute(transfers: Transfers, callers: CallerRules) {
  return new Hono<RequestEnv>().post('/', async (c) => {
    const asker = askerOf(c, callers, transfers.clients)
    if ('refusal' in asker) return answerProblem(c, asker.refusal)
    const read = await jobBody(c)
    if ('refusal' in read) return answerProblem(c, read.refusal)
    const result = await transfers.transfer(read.body, c.req.header('idempotency-key'), asker)
    if (result.outcome === 'refused') return answerProblem(c, result.refusal)
    return c.json(transferBody(result.value))
  })
}

/** What a signed transaction is shown as; amounts are decimal strings of wei. */
export function transferBody({ raw, hash, from, transaction }: SignedTransfer) {
  const { type, chainId, nonce, to, value, gasLimit } = transaction
  return {
    ...{ transaction: raw, hash, from, to, type },
    ...{ chainId: String(chainId), nonce: String(nonce), value: String(value), gasLimit: String(gasLimit) },
    maxFee: String(maxFee(transaction)),
  }
}

/** `GET /status` and `POST /sign` as the old transfer service answered them (app.rb:43-170). */
export function oldTransferRoutes(
  transfers: Transfers,
  trouble: () => JobRefusal | undefined,
  callers: CallerRules,
) {
  return new Hono<RequestEnv>()
    .get('/status', (c) => {
      const asker = askerOf(c, callers, transfers.clients)
      if ('refusal' in asker) return oldRefusal(c, asker.refusal)
      const refusal = trouble()
      if (refusal !== undefined) return oldRefusal(c, refusal)
      return c.json({ status: 'ok', message: 'Ok', data: 'Key is unlocked, ready to proceed' })
    })
    .post('/sign', async (c) => {
      const asker = askerOf(c, callers, transfers.clients)
      if ('refusal' in asker) return oldRefusal(c, asker.refusal)
      const read = await jobBody(c)
      if ('refusal' in read) return oldRefusal(c, read.refusal)
      const result = await transfers.oldTransfer(read.body, asker)
      if (result.outcome === 'refused') return oldRefusal(c, result.refusal)
      const { raw: transaction, hash } = result.value
      const data = { transaction, hash: hash.replace(/^0x/, '') }
      return c.json({ status: 'ok', message: 'Transaction successfully signed', data })
    })
}

/** The old service knew 422 for what it would not sign, and 500; who asks it never asked. */
function oldRefusal(c: Context<RequestEnv>, refusal: JobRefusal): Response {
  const status = problemStatus(refusal)
  const body = { status: 'error', message: [`${refusal.code}: ${refusal.message}`] }
  const isAuthentication = ['unauthenticated-request', 'client-not-allowed'].includes(refusal.code)
  if (isAuthentication) return c.json(body, status)
  return c.json(body, status >= 500 ? 500 : 422)
}
