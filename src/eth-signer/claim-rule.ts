import {
  fromHex0x,
  keccak256,
  leafOf,
  proofReaches,
  toHex0x,
  typedDataPreimage,
  type TypedData,
} from '../ethereum/index.js'
import type { Share } from './distribution.js'
import { refuse, type EthRefusal } from './eth-refusal.js'
import type { ClaimDomain, ClaimRules } from './eth-rules.js'
import type { ClaimRequest } from './read-claim.js'

/** What the contract of a token distribution has its signer sign. */
export const CLAIM_TYPES = {
  Claim: [
    { name: 'user_id', type: 'uint32' },
    { name: 'user_address', type: 'address' },
    { name: 'user_amount', type: 'uint256' },
    { name: 'delegate_address', type: 'address' },
    { name: 'leaf', type: 'bytes32' },
  ],
} as const

/** A claim that the distribution has. */
export type JudgedClaim = ClaimRequest & {
  readonly outcome: 'judged'
  readonly share: Share
  /** The 66 bytes of EIP-712, and their Keccak-256. */
  readonly preimage: Uint8Array
  readonly digest: Uint8Array
}

/** A claim as typed data. */
export function claimData(domain: ClaimDomain, claim: ClaimRequest, leaf: string): TypedData {
  const { userId, userAddress, userAmount, delegateAddress } = claim
  return {
    types: CLAIM_TYPES,
    primaryType: 'Claim',
    domain: { ...domain },
    message: {
      user_id: userId,
      user_address: userAddress,
      user_amount: userAmount,
      delegate_address: delegateAddress,
      leaf,
    },
  }
}

/** Rule E3: the distribution has this very claim. */
export function judgeClaim(rules: ClaimRules, claim: ClaimRequest): JudgedClaim | EthRefusal {
  const { userId, userAddress, userAmount } = claim
  const share = rules.distribution.get(String(userId))
  if (share === undefined) {
    return refuse('not-in-distribution', `user ${userId} is not in the distribution; check user_id`, 'E3')
  }
  const leaf = leafOf(rules.leaf, { id: userId, address: userAddress, amount: userAmount })
  if (toHex0x(leaf) !== share.leaf) {
    const text = `the distribution has another leaf for user ${userId} than ${userAmount} wei for ${userAddress} make (${rules.leaf}); check user_amount and user_address`
    return refuse('leaf-mismatch', text, 'E3')
  }
  const proof = share.proof.map((node) => fromHex0x(node) ?? new Uint8Array())
  if (!proofReaches(leaf, proof, rules.merkleRoot)) {
    const text = `the proof of user ${userId} does not reach the root ${toHex0x(rules.merkleRoot)}; check the distribution`
    return refuse('leaf-mismatch', text, 'E3')
  }
  const preimage = typedDataPreimage(claimData(rules.domain, claim, share.leaf))
  return { outcome: 'judged', ...claim, share, preimage, digest: keccak256(preimage) }
}
