import { z } from 'zod'
import { fromHex0x, type TypedData } from '../../ethereum/index.js'
import type { EthereumJobs, JobAsker, JobRefusal, JobResult } from './jobs.js'
import { readRpcBody } from './rpc-body.js'
import { readRpcTransaction } from './rpc-transaction.js'

type Rpc = NonNullable<EthereumJobs['rpc']>
type Id = string | number | null

/** An answer of JSON-RPC 2.0. `data` has the bridge's own code word. */
export type RpcAnswer = { readonly jsonrpc: '2.0'; readonly id: Id } & (
  | { readonly result: unknown }
  | {
      readonly error: {
        readonly code: number
        readonly message: string
        readonly data?: { readonly code: string; readonly rule?: string | undefined }
      }
    }
)

/** JSON-RPC's own codes; a refusal by the bridge is `refused`. */
export const RPC_CODES = {
  parse: -32700,
  request: -32600,
  method: -32601,
  params: -32602,
  refused: -32000,
} as const

const call = z.object({
  jsonrpc: z.literal('2.0'),
  id: z.union([z.string(), z.number(), z.null()]).optional(),
  method: z.string(),
  params: z.array(z.unknown()).optional(),
})

const typedData = z.strictObject({
  types: z.record(z.string(), z.array(z.strictObject({ name: z.string(), type: z.string() }))),
  primaryType: z.string(),
  domain: z.record(z.string(), z.unknown()),
  message: z.record(z.string(), z.unknown()),
})

/** Answers one call; `undefined` for a notification, which asks for nothing to be told. */
export async function answerRpc(
  rpc: Rpc,
  trouble: () => JobRefusal | undefined,
  value: unknown,
  asker: JobAsker,
): Promise<RpcAnswer | undefined> {
  const read = call.safeParse(value)
  if (!read.success) {
    const message =
      'this is no call of JSON-RPC 2.0; send {"jsonrpc":"2.0","id":1,"method":"...","params":[]}'
    return { jsonrpc: '2.0', id: null, error: { code: RPC_CODES.request, message } }
  }
  const { id, method, params = [] } = read.data
  if (id === undefined) return undefined // whoever does not want to hear of a signature gets none
  const answer = await carryOut(rpc, trouble, { method, params }, asker)
  return { jsonrpc: '2.0', id, ...answer }
}

type Outcome =
  { readonly result: unknown } | { readonly error: Extract<RpcAnswer, { error: object }>['error'] }
type Call = { readonly method: string; readonly params: readonly unknown[] }

async function carryOut(
  rpc: Rpc,
  trouble: () => JobRefusal | undefined,
  { method, params }: Call,
  asker: JobAsker,
): Promise<Outcome> {
  switch (method) {
    case 'eth_accounts':
      return params.length === 0 ? { result: rpc.accounts() } : wrong('eth_accounts takes no params')
    case 'health_status': {
      const refusal = trouble()
      return {
        result: {
          status: refusal === undefined ? 'UP' : 'DOWN',
          outcome: refusal === undefined ? 'UP' : 'DOWN',
        },
      }
    }
    case 'eth_signTransaction':
      return signTransaction(rpc, params, asker)
    case 'eth_sign':
      return signMessage(rpc, params, asker)
    case 'eth_signTypedData':
    case 'eth_signTypedData_v4':
      return signTypedData(rpc, params, asker)
    default: {
      const message = `there is no ${method.slice(0, 60)}; there are eth_accounts, eth_sign, eth_signTransaction, eth_signTypedData_v4 and health_status`
      return { error: { code: RPC_CODES.method, message } }
    }
  }
}

async function signTransaction(rpc: Rpc, params: readonly unknown[], asker: JobAsker): Promise<Outcome> {
  if (params.length !== 1) return wrong('eth_signTransaction takes one transaction')
  const read = readRpcTransaction(params[0], rpc.onlyChain)
  if ('refusal' in read) return refused(read.refusal)
  return outcome(await rpc.signTransaction(read.from, read.transaction, asker), ({ raw }) => raw)
}

async function signMessage(rpc: Rpc, params: readonly unknown[], asker: JobAsker): Promise<Outcome> {
  const [from, data] = params
  const message = typeof data === 'string' ? fromHex0x(data) : undefined
  if (params.length !== 2 || typeof from !== 'string' || message === undefined) {
    return wrong('eth_sign takes an address and the message as 0x hex digits')
  }
  return outcome(await rpc.signMessage(from, message, asker), (signature) => signature)
}

/** Wallets send the data as an object or as its JSON text. */
async function signTypedData(rpc: Rpc, params: readonly unknown[], asker: JobAsker): Promise<Outcome> {
  const [from, given] = params
  const data = readTypedData(given)
  if (params.length !== 2 || typeof from !== 'string' || data === undefined) {
    return wrong(
      'eth_signTypedData_v4 takes an address and typed data with types, primaryType, domain and message',
    )
  }
  return outcome(await rpc.signTypedData(from, data, asker), (signature) => signature)
}

function readTypedData(given: unknown): TypedData | undefined {
  if (typeof given !== 'string') return typedData.safeParse(given).data
  const read = readRpcBody(Buffer.from(given, 'utf8'))
  return 'refused' in read ? undefined : typedData.safeParse(read.value).data
}

function outcome<Value>(result: JobResult<Value>, show: (value: Value) => unknown): Outcome {
  return result.outcome === 'done' ? { result: show(result.value) } : refused(result.refusal)
}

function refused({ code, rule, message }: JobRefusal): Outcome {
  return { error: { code: RPC_CODES.refused, message: `${code}: ${message}`, data: { code, rule } } }
}

function wrong(message: string): Outcome {
  return { error: { code: RPC_CODES.params, message } }
}
