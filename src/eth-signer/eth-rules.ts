import type {
  EthAddress,
  LeafScheme,
  TransactionType,
  TypedDataTypes,
  TypedValues,
} from '../ethereum/index.js'
import type { Distribution } from './distribution.js'

/** Whose claims these are. */
export type ClaimDomain = {
  readonly name: string
  readonly version: string
  readonly chainId: number
  readonly verifyingContract: EthAddress
}

/** What claims may be signed. */
export type ClaimRules = {
  readonly domain: ClaimDomain
  readonly leaf: LeafScheme
  /** 32 bytes. */
  readonly merkleRoot: Uint8Array
  readonly distribution: Distribution
  /** What becomes of a claim of a user who has one for something else. */
  readonly reissue: 'deny' | 'allow'
}

/** How much may go in any so many hours, values and fees together. */
export type WeiWindow = { readonly hours: number; readonly maxWei: bigint }

/** Who may be paid, and the most gas that a transfer to it may have. */
export type Destination = { readonly address: EthAddress; readonly gasLimit: bigint }

/** What transactions may be signed. Amounts are wei. */
export type TransferRules = {
  readonly chains: readonly { readonly chainId: bigint; readonly types: readonly TransactionType[] }[]
  readonly destinations: readonly Destination[]
  readonly maxWei: bigint
  readonly maxFeeWei: bigint
  readonly windows: readonly WeiWindow[]
}

/** Typed data that may be signed beside claims. */
export type TypedDataRule = {
  readonly domain: TypedValues
  readonly primaryType: string
  readonly types: TypedDataTypes
}

/** What one Ethereum key may sign. What is not there is not signed. */
export type EthRules = {
  readonly claims: ClaimRules | undefined
  readonly transfers: TransferRules | undefined
  readonly typedData: readonly TypedDataRule[]
  /** With what the text of a message must begin. */
  readonly messagePrefixes: readonly string[]
}
