import { z } from 'zod'
import { parseEthAddress, TRANSACTION_TYPES, type EthAddress } from '../ethereum/index.js'
import { hexText, lineHead, openingSchema, type Unchained } from '../policy/index.js'

/** 78 digits are enough for 2^256 - 1. */
const whole = z.string().regex(/^(?:0|[1-9]\d{0,77})$/)
// The checksum vouches for what was written; EIP-55 is checked once more because it costs little.
const address = z.custom<EthAddress>(
  (text) => typeof text === 'string' && parseEthAddress(text) === text,
  'no address in the form of EIP-55',
)
const instant = z.iso.datetime()
const digest = hexText(32)
const key = z.string().min(1).max(128)
/** R, S and 27 or 28. */
const signature = hexText(65)

/** The lines of the ledger of Ethereum keys. Amounts are wei in decimal. */
export const ledgerSchema = z.discriminatedUnion('type', [
  openingSchema,
  /** The newest instant that the ledger has seen, where no other line of a new segment tells it. */
  z.strictObject({ ...lineHead, type: z.literal('clock') }),
  /** A claim is let through to the device. `issue` counts those of one user, from 1. */
  z.strictObject({
    ...lineHead,
    type: z.literal('claim'),
    domain: digest,
    userId: whole,
    issue: z.int().min(1),
    digest,
    signer: address,
    userAddress: address,
    userAmount: whole,
    delegateAddress: address,
  }),
  z.strictObject({
    ...lineHead,
    type: z.literal('claim-signed'),
    domain: digest,
    userId: whole,
    digest,
    signature,
  }),
  /** The device was never asked. */
  z.strictObject({ ...lineHead, type: z.literal('claim-released'), domain: digest, userId: whole, digest }),
  /**
   * A transaction is let through to the device, or once more. `asked` is the digest of what was asked for, before its gas
   * limit was raised for the device; `wei` is value and most fee together.
   */
  z.strictObject({
    ...lineHead,
    type: z.literal('transfer'),
    from: address,
    kind: z.enum(TRANSACTION_TYPES),
    chainId: whole,
    nonce: whole,
    to: address,
    value: whole,
    gasLimit: whole,
    /** gasPrice, or maxFeePerGas; `tip` is maxPriorityFeePerGas. */
    price: whole,
    tip: whole.nullable(),
    wei: whole,
    digest,
    asked: digest,
    /** What the client that asks calls it by. */
    key: key.nullable(),
  }),
  z.strictObject({ ...lineHead, type: z.literal('transfer-signed'), digest, signature }),
  /** The device was never asked. */
  z.strictObject({ ...lineHead, type: z.literal('transfer-released'), digest }),
  /** A client calls a transaction that was let through before by this key, too. */
  z.strictObject({ ...lineHead, type: z.literal('transfer-key'), digest, key }),
  /** A nonce of a request, until when it matters. */
  z.strictObject({
    ...lineHead,
    type: z.literal('hmac-nonce'),
    nonce: z.string().min(16).max(64),
    until: instant,
  }),
])

/** A line of the ledger before it gets its place in the chain. */
export type LedgerEntry = Unchained<z.infer<typeof ledgerSchema>>

/** One type of line. */
export type EntryOf<Type extends LedgerEntry['type']> = Extract<LedgerEntry, { readonly type: Type }>
