import { Hono, type Context } from 'hono'
import type { RequestEnv } from '../request-id.js'
import { hmacAsker } from './claims-routes.js'
import { jobBody } from './ask.js'
import type { ClaimJobs, JobRefusal, OldClaimTexts, SignedClaim } from './jobs.js'
import { oldEther } from './old-ether.js'
import { problemStatus } from './problem.js'

/**
 * `POST /v1/sign_claim` and `GET /` as ESMS answered them (app.py:38-170), but for the order: the HMAC is looked at first.
 * Every refusal has one body, so that nothing is told of who has a claim.
 */
export function oldClaimRoute(claims: ClaimJobs) {
  return new Hono<RequestEnv>()
    .get('/', (c) => c.html('WELCOME!'))
    .post('/v1/sign_claim', async (c) => {
      const read = await jobBody(c)
      if ('refusal' in read) return refused(c, read.refusal)
      const evidence = { signed: read.body, header: (name: string) => c.req.header(name) }
      const stranger = claims.authenticate(evidence, c.var.requestId)
      if (stranger !== undefined) return refused(c, stranger)
      const result = await claims.claim(read.body, 'old', hmacAsker(c))
      if (result.outcome === 'refused') return refused(c, result.refusal)
      return c.json(oldBody(result.value.claim, result.value.asked))
    })
}

function refused(c: Context<RequestEnv>, refusal: JobRefusal): Response {
  const status = problemStatus(refusal)
  const old = status === 401 ? 401 : status < 500 ? 400 : 500
  return c.json({ message: 'ESMS error' }, old)
}

function oldBody(claim: SignedClaim, asked: OldClaimTexts) {
  return {
    user_address: asked.userAddress,
    delegate_address: asked.delegateAddress,
    user_id: Number(claim.userId),
    user_amount: oldEther(claim.userAmount),
    eth_signed_message_hash_hex: claim.digest,
    eth_signed_signature_hex: claim.signature,
    ...{ leaf: claim.leaf, proof: claim.proof },
  }
}
