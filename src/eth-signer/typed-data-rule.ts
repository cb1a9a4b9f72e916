import {
  domainSeparator,
  encodeTypeOf,
  EthereumError,
  keccak256,
  parseEthAddress,
  toHex0x,
  typedDataPreimage,
  type TypedData,
} from '../ethereum/index.js'
import { CLAIM_TYPES, claimData } from './claim-rule.js'
import { refuse, type EthRefusal } from './eth-refusal.js'
import type { ClaimRules, EthRules, TypedDataRule } from './eth-rules.js'
import type { ClaimRequest } from './read-claim.js'
import { MAX_USER_ID } from './request-values.js'

/** What typed data turns out to be. */
export type JudgedTypedData =
  | { readonly outcome: 'free'; readonly preimage: Uint8Array; readonly digest: Uint8Array }
  | { readonly outcome: 'claim'; readonly request: ClaimRequest }
  | EthRefusal

const CLAIM_TYPE = encodeTypeOf(CLAIM_TYPES, 'Claim')

/** Rule E5, for typed data: only what is configured; a claim is judged as a claim, whatever else is configured. */
export class TypedDataGate {
  readonly #claims: ClaimRules | undefined
  readonly #claimDomain: string | undefined
  readonly #allowed: ReadonlySet<string>

  /** Throws an EthereumError for rules that have no encoding. */
  constructor({ claims, typedData }: Pick<EthRules, 'claims' | 'typedData'>) {
    this.#claims = claims
    this.#claimDomain = claims && toHex0x(domainSeparator({ ...claims.domain }))
    this.#allowed = new Set(typedData.map(nameOf))
  }

  judge(data: TypedData): JudgedTypedData {
    try {
      const preimage = typedDataPreimage(data)
      const isClaims = toHex0x(domainSeparator(data.domain)) === this.#claimDomain
      if (isClaims && data.primaryType === 'Claim') return this.#judgeClaim(data, preimage)
      if (this.#allowed.has(nameOf(data))) return { outcome: 'free', preimage, digest: keccak256(preimage) }
      const text = `${encodeTypeOf(data.types, data.primaryType).slice(0, 200)} of the domain ${describeDomain(data)} is not configured; add it to ethereum.typed_data to allow it`
      return refuse('typed-data-not-allowed', text, 'E5')
    } catch (error) {
      if (error instanceof EthereumError)
        return refuse('malformed-request', `typed data: ${error.message}`, 'E2')
      throw error
    }
  }

  /** What is asked for must be the very claim that the rules make of its fields. */
  #judgeClaim(data: TypedData, preimage: Uint8Array): JudgedTypedData {
    const request = claimOf(data)
    const leaf = this.#claims?.distribution.get(String(request?.userId))?.leaf
    if (this.#claims === undefined || request === undefined) {
      const text = `a claim must be ${CLAIM_TYPE}, its addresses not zero; send it so`
      return refuse('typed-data-not-allowed', text, 'E5')
    }
    if (leaf === undefined) return { outcome: 'claim', request } // the claim rules tell why
    const own = typedDataPreimage(claimData(this.#claims.domain, request, leaf))
    if (Buffer.compare(own, preimage) === 0) return { outcome: 'claim', request }
    const text = `the claim of user ${request.userId} names another leaf than the distribution has; send that one`
    return refuse('leaf-mismatch', text, 'E3')
  }
}

/** One text for what decides whether typed data is allowed: the domain's separator, and the type with all it refers to. */
function nameOf({ domain, primaryType, types }: TypedDataRule): string {
  return `${toHex0x(domainSeparator(domain))} ${encodeTypeOf(types, primaryType)}`
}

/** The fields of a claim; its encoding has been checked before. */
function claimOf({ types, message }: TypedData): ClaimRequest | undefined {
  if (encodeTypeOf(types, 'Claim') !== CLAIM_TYPE) return undefined
  const userId = wholeOf(message['user_id'])
  const userAmount = wholeOf(message['user_amount'])
  const userAddress = parseEthAddress(String(message['user_address']))
  const delegateAddress = parseEthAddress(String(message['delegate_address']))
  if (userId === undefined || userId > MAX_USER_ID || userAmount === undefined) return undefined
  if (userAddress === undefined || delegateAddress === undefined) return undefined
  if ([userAddress, delegateAddress].some((one) => /^0x0+$/.test(one))) return undefined
  return { userId, userAddress, userAmount, delegateAddress }
}

function wholeOf(value: unknown): bigint | undefined {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint'
    ? BigInt(value)
    : undefined
}

function describeDomain({ domain }: TypedData): string {
  const { name, chainId, verifyingContract } = domain
  return JSON.stringify({ name, chainId: String(chainId), verifyingContract }).slice(0, 160)
}
