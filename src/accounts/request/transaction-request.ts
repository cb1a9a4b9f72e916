import { z } from 'zod'
import {
  fromHex0x,
  parseEthAddress,
  type EthAddress,
  type UnsignedTransaction,
} from '../../ethereum/index.js'
import { refused, type AccountsRefused } from '../refusal.js'

/** Whole numbers are texts of decimal digits: a JSON number loses digits beyond 2^53. */
const whole = (most: bigint, what: string) =>
  z
    .string()
    .regex(/^(?:0|[1-9]\d{0,77})$/, 'a text of decimal digits expected, without leading zeros')
    .transform((text) => BigInt(text))
    .refine((value) => value <= most, `beyond ${what}`)

const UINT64 = 2n ** 64n - 1n
const uint64 = whole(UINT64, 'uint64')
const uint256 = whole(2n ** 256n - 1n, 'uint256')

const address = z.string().transform((text, context): EthAddress => {
  const read = parseEthAddress(text)
  if (read !== undefined) return read
  context.addIssue('no address in lower case or with a right checksum')
  return z.NEVER
})

const data = z
  .string()
  .transform((text) => fromHex0x(text))
  .pipe(z.instanceof(Uint8Array, { error: '0x and pairs of hex digits expected' }))

const common = {
  chain_id: whole(UINT64, 'uint64').refine((id) => id > 0n, 'a chain id is 1 or more'),
  // a nonce of 2^64 - 1 has no successor (EIP-2681)
  nonce: uint64.refine((nonce) => nonce < UINT64, 'beyond 2^64 - 2'),
  gas_limit: uint64,
  to: address,
  value: uint256,
  data: data.default(() => new Uint8Array()),
}

const transactionSchema = z.discriminatedUnion('type', [
  z.strictObject({ ...common, type: z.literal('legacy'), gas_price: uint256 }),
  z
    .strictObject({
      ...common,
      type: z.literal('eip1559'),
      max_fee_per_gas: uint256,
      max_priority_fee_per_gas: uint256,
    })
    .refine(
      ({ max_fee_per_gas: most, max_priority_fee_per_gas: tip }) => tip <= most,
      'max_priority_fee_per_gas is above max_fee_per_gas',
    ),
])

/** A transaction as a request names it: legacy bound to a chain, or EIP-1559; there are no other kinds here. */
export function readTransaction(request: unknown): UnsignedTransaction | AccountsRefused {
  const parsed = transactionSchema.safeParse(request)
  if (!parsed.success) {
    return refused('malformed-request', `transaction: ${z.prettifyError(parsed.error)}`)
  }
  const { chain_id: chainId, nonce, gas_limit: gasLimit, to, value, data: bytes, ...rest } = parsed.data
  const shared = { chainId, nonce, gasLimit, to, value, data: bytes }
  return rest.type === 'legacy'
    ? { ...shared, type: 'legacy', gasPrice: rest.gas_price }
    : {
        ...{ ...shared, type: 'eip1559', maxFeePerGas: rest.max_fee_per_gas },
        maxPriorityFeePerGas: rest.max_priority_fee_per_gas,
      }
}
