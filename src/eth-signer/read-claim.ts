import { z } from 'zod'
import type { EthAddress } from '../ethereum/index.js'
import { address, MAX_USER_ID, readBody, whole, type Read } from './request-values.js'

/** What is claimed: `userAmount` is wei. */
export type ClaimRequest = {
  readonly userId: bigint
  readonly userAddress: EthAddress
  readonly userAmount: bigint
  readonly delegateAddress: EthAddress
}

const common = { user_id: whole('as-either', MAX_USER_ID), user_address: address, delegate_address: address }

const claim = z.strictObject({ ...common, user_amount: whole('as-text') }).transform(toRequest)
const oldClaim = z.strictObject({ ...common, user_amount: whole('as-either') }).transform(toRequest)

/** A claim from the body of a request; of the `old` service, whose amounts may be JSON numbers, as far as those are exact. */
export function readClaimRequest(body: Uint8Array, form: 'new' | 'old'): Read<ClaimRequest> {
  return readBody(body, form === 'new' ? claim : oldClaim)
}

/** A user id as it stands in a path. */
export function readUserId(text: string): bigint | undefined {
  if (!/^(?:0|[1-9]\d{0,9})$/.test(text)) return undefined
  return BigInt(text) <= MAX_USER_ID ? BigInt(text) : undefined
}

function toRequest(fields: {
  user_id: bigint
  user_address: EthAddress
  user_amount: bigint
  delegate_address: EthAddress
}): ClaimRequest {
  const { user_id, user_address, user_amount, delegate_address } = fields
  return {
    userId: user_id,
    userAddress: user_address,
    userAmount: user_amount,
    delegateAddress: delegate_address,
  }
}
