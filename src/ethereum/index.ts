/** Ethereum's own encodings, without any state or input and output: addresses, messages, typed data, transactions. */
export {
  addressOfPublicKey,
  ethAddressBytes,
  parseEthAddress,
  ZERO_ADDRESS,
  type EthAddress,
} from './address.js'
export { bigEndian, fromHex0x, toHex0x } from './bytes.js'
export { EthereumError } from './ethereum-error.js'
export { keccak256 } from './keccak.js'
export { LEAF_SCHEMES, leafOf, parentOf, proofReaches, type LeafFacts, type LeafScheme } from './merkle.js'
export { messagePreimage } from './message.js'
export { compressedPublicKey, parseEthPublicKey, type EthPublicKey } from './public-key.js'
export { readSignature, settleSignature, signatureBytes, type EthSignature } from './signature.js'
export {
  maxFee,
  signedBytes,
  TRANSACTION_TYPES,
  unsignedBytes,
  type Eip1559Transaction,
  type LegacyTransaction,
  type TransactionType,
  type UnsignedTransaction,
} from './transaction.js'
export { domainSeparator, typedDataPreimage, type TypedData, type TypedValues } from './typed-data.js'
export { checkTypes, encodeTypeOf, type TypedDataTypes, type TypedMember } from './typed-data-types.js'
