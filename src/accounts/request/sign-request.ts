import { z } from 'zod'
import {
  EthereumError,
  keccak256,
  messagePreimage,
  typedDataPreimage,
  unsignedBytes,
  type UnsignedTransaction,
} from '../../ethereum/index.js'
import { refused, type AccountsRefused } from '../refusal.js'
import type { AccountsSettings } from '../settings.js'
import { chainRefusal, transactionRefusal } from './rules.js'
import { readTransaction } from './transaction-request.js'

/** What is going to be signed: never a digest that somebody else made. */
export type Signable = {
  readonly digest: Uint8Array
  /** Where it is a transaction, to be put together with its signature. */
  readonly transaction?: UnsignedTransaction
}

const values = z.record(z.string(), z.unknown())
const member = z.strictObject({ name: z.string(), type: z.string() })
const requestSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('message'), message: z.string() }),
  z.strictObject({
    type: z.literal('typed_data'),
    typed_data: z.strictObject({
      types: z.record(z.string(), z.array(member)),
      primaryType: z.string(),
      domain: values,
      message: values,
    }),
  }),
  z.strictObject({ type: z.literal('transaction'), transaction: z.unknown() }),
])

type Request = z.infer<typeof requestSchema>

/** Reads what somebody wants to have signed with an account, strictly, and asks the configuration whether it may be. */
export function readSignRequest(
  request: unknown,
  settings: AccountsSettings,
): { readonly outcome: 'read'; readonly signable: Signable } | AccountsRefused {
  const parsed = requestSchema.safeParse(request)
  if (!parsed.success) return refused('malformed-request', z.prettifyError(parsed.error))
  const { type } = parsed.data
  if (!settings.sign.includes(type)) {
    const text = `${type} is not signed with accounts: the configuration has ${settings.sign.join(', ') || 'nothing'}`
    return refused('kind-not-allowed', text)
  }
  return signableOf(parsed.data, settings)
}

function signableOf(
  request: Request,
  settings: AccountsSettings,
): { readonly outcome: 'read'; readonly signable: Signable } | AccountsRefused {
  switch (request.type) {
    case 'message': {
      if (/\p{Surrogate}/u.test(request.message)) {
        return refused('malformed-request', 'message is no Unicode text: it has half a surrogate pair')
      }
      return read(messagePreimage(Buffer.from(request.message)))
    }
    case 'typed_data':
      return readTypedData(request.typed_data, settings)
    case 'transaction': {
      const transaction = readTransaction(request.transaction)
      if ('outcome' in transaction) return transaction
      const refusal = transactionRefusal(transaction, settings)
      return refusal ?? read(unsignedBytes(transaction), transaction)
    }
  }
}

function readTypedData(
  data: Extract<Request, { type: 'typed_data' }>['typed_data'],
  settings: AccountsSettings,
): { readonly outcome: 'read'; readonly signable: Signable } | AccountsRefused {
  try {
    const preimage = typedDataPreimage(data)
    const { chainId } = data.domain
    // it encoded as uint256 above, and so is one of these
    const isNamed = typeof chainId === 'string' || typeof chainId === 'number' || typeof chainId === 'bigint'
    return (isNamed ? chainRefusal(BigInt(chainId), settings) : undefined) ?? read(preimage)
  } catch (error) {
    if (error instanceof EthereumError) return refused('malformed-request', `typed_data: ${error.message}`)
    throw error
  }
}

function read(preimage: Uint8Array, transaction?: UnsignedTransaction) {
  const signable = { digest: keccak256(preimage), ...(transaction === undefined ? {} : { transaction }) }
  return { outcome: 'read', signable } as const
}
