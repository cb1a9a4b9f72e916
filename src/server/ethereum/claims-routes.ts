import { Hono, type Context } from 'hono'
import type { RequestEnv } from '../request-id.js'
import { jobBody } from './ask.js'
import type { ClaimJobs, JobAsker, SignedClaim } from './jobs.js'
import { answerProblem } from './problem.js'

/** `POST /v1/eth/claims` and `GET /v1/eth/claims/:userId`. Who asks is proven before anything else is looked at. */
export function claimsRoutes(claims: ClaimJobs) {
  return new Hono<RequestEnv>()
    .post('/', async (c) => {
      const read = await jobBody(c)
      if ('refusal' in read) return answerProblem(c, read.refusal)
      const evidence = { signed: read.body, header: (name: string) => c.req.header(name) }
      const stranger = claims.authenticate(evidence, c.var.requestId)
      if (stranger !== undefined) return answerProblem(c, stranger)
      const result = await claims.claim(read.body, 'exact', hmacAsker(c))
      if (result.outcome === 'refused') return answerProblem(c, result.refusal)
      return c.json(claimBody(result.value.claim))
    })
    .get('/:userId', (c) => {
      const signed = Buffer.from(c.req.path, 'utf8')
      const evidence = { signed, header: (name: string) => c.req.header(name) }
      const stranger = claims.authenticate(evidence, c.var.requestId)
      if (stranger !== undefined) return answerProblem(c, stranger)
      const result = claims.claimOf(c.req.param('userId'))
      return result.outcome === 'refused' ? answerProblem(c, result.refusal) : c.json(claimBody(result.value))
    })
}

/** The HMAC has proven who it is; it names nobody. */
export function hmacAsker(c: Context<RequestEnv>): JobAsker {
  return { requestId: c.var.requestId, clients: [], signal: c.req.raw.signal }
}

function claimBody(claim: SignedClaim) {
  return {
    user_id: Number(claim.userId),
    user_address: claim.userAddress,
    user_amount: String(claim.userAmount),
    delegate_address: claim.delegateAddress,
    ...{ leaf: claim.leaf, proof: claim.proof },
    ...{ digest: claim.digest, signature: claim.signature },
  }
}
