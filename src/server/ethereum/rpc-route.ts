import { Hono } from 'hono'
import type { CallerRules } from '../caller.js'
import type { RequestEnv } from '../request-id.js'
import { askerOf, jobBody } from './ask.js'
import type { EthereumJobs, JobRefusal } from './jobs.js'
import { answerProblem } from './problem.js'
import { answerRpc, RPC_CODES, type RpcAnswer } from './rpc.js'
import { readRpcBody } from './rpc-body.js'

type Rpc = NonNullable<EthereumJobs['rpc']>

/** Calls that one request may hold. */
const MAX_BATCH = 20

/** `POST /v1/eth/rpc`: JSON-RPC 2.0 as web3signer's clients speak it. Nothing is passed on to a node. */
export function rpcRoute(rpc: Rpc, trouble: () => JobRefusal | undefined, callers: CallerRules) {
  return new Hono<RequestEnv>().post('/', async (c) => {
    const asker = askerOf(c, callers, rpc)
    if ('refusal' in asker) return answerProblem(c, asker.refusal)
    const read = await jobBody(c)
    if ('refusal' in read) return answerProblem(c, read.refusal)
    const request = readRpcBody(read.body)
    if ('refused' in request) return c.json(failure(RPC_CODES.parse, request.refused))
    const { value } = request
    if (!Array.isArray(value)) {
      const answer = await answerRpc(rpc, trouble, value, asker)
      return answer === undefined ? c.body(null, 204) : c.json(answer)
    }
    if (value.length === 0 || value.length > MAX_BATCH) {
      return c.json(
        failure(RPC_CODES.request, `a batch has 1 to ${MAX_BATCH} calls, and this ${value.length}`),
      )
    }
    const answers: RpcAnswer[] = []
    for (const call of value as readonly unknown[]) {
      const answer = await answerRpc(rpc, trouble, call, asker)
      if (answer !== undefined) answers.push(answer)
    }
    return answers.length === 0 ? c.body(null, 204) : c.json(answers)
  })
}

function failure(code: number, message: string): RpcAnswer {
  return { jsonrpc: '2.0', id: null, error: { code, message } }
}
