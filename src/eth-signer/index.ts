/** One Ethereum key: what it may sign, what it has let through, and the only way to it. Read eth-signer.ts first. */
export type { EthResult, SignedClaim, SignedDigest, SignedTransaction } from './answers.js'
export {
  MAX_DISTRIBUTION_BYTES,
  readDistribution,
  type Distribution,
  type ReadDistribution,
  type Share,
} from './distribution.js'
export type { EthAsk, EthEvent, EthJob } from './eth-ask.js'
export type {
  EthCapability,
  EthDevice,
  EthDeviceAnswer,
  EthDeviceFailure,
  EthPreimage,
} from './eth-device.js'
export { EthLedger, type EthLedgerOptions } from './eth-ledger.js'
export { refuse, type EthRefusal, type EthRefusalCode, type EthRuleName } from './eth-refusal.js'
export type {
  ClaimDomain,
  ClaimRules,
  Destination,
  EthRules,
  TransferRules,
  TypedDataRule,
  WeiWindow,
} from './eth-rules.js'
export { EthSigner, type EthSignerOptions } from './eth-signer.js'
export { HmacGate, type HmacRules, type HmacScheme, type SignedRequest } from './hmac.js'
export type { ClaimRecord } from './ledger-state.js'
export { readClaimRequest, readUserId, type ClaimRequest } from './read-claim.js'
export {
  readOldTransferRequest,
  readTransferRequest,
  refuseType,
  type TransferRequest,
} from './read-transfer.js'
export type { Read } from './request-values.js'
