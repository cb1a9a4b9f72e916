import { z } from 'zod'
import { TRANSACTION_TYPES, type EthAddress } from '../ethereum/index.js'
import { refuse, type EthRefusal } from './eth-refusal.js'
import { address, flag, MAX_CHAIN_ID, MAX_NONCE, readBody, show, whole, type Read } from './request-values.js'

type Common = {
  readonly chainId: bigint
  readonly nonce: bigint
  readonly to: EthAddress
  /** Wei. */
  readonly value: bigint
  /** `undefined`: as much as the destination may have. */
  readonly gasLimit: bigint | undefined
  /** Whether it may take the place of the last transaction with this nonce. */
  readonly replace: boolean
}

/** A payment that is asked for. Prices are wei per gas. */
export type TransferRequest =
  | (Common & { readonly type: 'legacy'; readonly gasPrice: bigint })
  | (Common & {
      readonly type: 'eip1559'
      readonly maxPriorityFeePerGas: bigint
      readonly maxFeePerGas: bigint
    })

const MAX_GAS = (1n << 64n) - 1n

const common = {
  to: address,
  value: whole('as-text'),
  nonce: whole('as-either', MAX_NONCE),
  chainId: whole('as-either', MAX_CHAIN_ID),
  gasLimit: whole('as-text', MAX_GAS).optional(),
  replace: flag.optional(),
}

const transfer = z
  .discriminatedUnion('type', [
    z.strictObject({ ...common, type: z.literal('legacy'), gasPrice: whole('as-text') }),
    z.strictObject({
      ...common,
      type: z.literal('eip1559'),
      maxPriorityFeePerGas: whole('as-text'),
      maxFeePerGas: whole('as-text'),
    }),
  ])
  .transform(({ gasLimit, replace = false, ...rest }): TransferRequest => ({ ...rest, gasLimit, replace }))

const oldTransfer = z.strictObject({
  destination: address,
  wei: whole('as-either'),
  nonce: whole('as-either', MAX_NONCE),
})

/** Reads a type on its own: what is none of ours is refused by its own rule. */
const typed = z.looseObject({ type: z.unknown() })

/** A payment from the body of a request. */
export function readTransferRequest(body: Uint8Array): Read<TransferRequest> {
  const named = readBody(body, typed)
  if (named.outcome === 'refused') return named
  const { type } = named.request
  if (type !== undefined && !isKnown(type)) return refuseType(type)
  return readBody(body, transfer)
}

/** A payment from the body of a request to the old service: a legacy transaction at a price that is configured. */
export function readOldTransferRequest(
  body: Uint8Array,
  { chainId, gasPrice }: { readonly chainId: bigint; readonly gasPrice: bigint },
): Read<TransferRequest> {
  const read = readBody(body, oldTransfer)
  if (read.outcome === 'refused') return read
  const { destination: to, wei: value, nonce } = read.request
  const request = {
    type: 'legacy',
    chainId,
    gasPrice,
    to,
    value,
    nonce,
    gasLimit: undefined,
    replace: false,
  } as const
  return { outcome: 'read', request }
}

/** Rule E10: no other type of transaction is signed; blobs and authorisations (EIP-7702) give more away than a value. */
export function refuseType(type: unknown): EthRefusal {
  const text = `type is ${show(type)}; only ${TRANSACTION_TYPES.join(' and ')} are signed here, never blobs (0x3), authorisations (0x4) or access lists (0x1)`
  return refuse('transaction-type-not-allowed', text, 'E10')
}

function isKnown(type: unknown): boolean {
  return TRANSACTION_TYPES.some((known) => known === type)
}
