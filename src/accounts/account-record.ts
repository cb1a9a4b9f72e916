import { z } from 'zod'
import { parseEthAddress, type EthAddress } from '../ethereum/index.js'
import { sealedSchema, type ClearFields } from './vault/seal.js'

const id = z.string().regex(/^[0-9a-f]{32}$/)
const address = z.custom<EthAddress>((value) => typeof value === 'string' && parseEthAddress(value) === value)
const owner = z.string().regex(/^[\w.-]{1,64}$/)

/** What a client may call a creation, so that asking again makes no second account. */
export const idempotencyKeySchema = z.string().regex(/^[\x21-\x7e]{1,64}$/)

const facts = {
  v: z.literal(1),
  accountId: id,
  alg: z.literal('secp256k1'),
  address,
  /** 65 bytes, 0x04 first. */
  publicKey: z.string().regex(/^0x04[0-9a-f]{128}$/),
  /** The API key that made it, by its id, and the only one that may use it. */
  owner,
  idempotencyKey: idempotencyKeySchema.optional(),
  createdAt: z.iso.datetime(),
}

/** How an account is written. */
export const accountRecordSchema = z.discriminatedUnion('custody', [
  z.strictObject({ ...facts, custody: z.literal('vault'), vaultId: id, sealed: sealedSchema }),
  /** Its key is in a token, where `accountId` is its CKA_ID. */
  z.strictObject({ ...facts, custody: z.literal('hsm'), token: z.string().min(1) }),
])

/** How the creation of a key in a token is written, before the token is asked. */
export const creationIntentSchema = z.strictObject({
  v: z.literal(1),
  accountId: id,
  owner,
  idempotencyKey: idempotencyKeySchema.optional(),
  token: z.string().min(1),
  /** The host that began it. */
  host: z.string().min(1),
  createdAt: z.iso.datetime(),
})

/** One account as it is kept. */
export type AccountRecord = z.infer<typeof accountRecordSchema>
/** One whose private key is sealed with the vault's key: encrypted custody, for the key is in memory while it signs. */
export type VaultAccount = Extract<AccountRecord, { readonly custody: 'vault' }>
/** One whose private key never leaves a token. */
export type TokenAccount = Extract<AccountRecord, { readonly custody: 'hsm' }>
/** Where an account's private key is. */
export type Custody = AccountRecord['custody']
/** What is said of every account. */
export type AccountFacts = Omit<TokenAccount, 'custody' | 'token'>
/** A key that a token was going to be asked for. */
export type CreationIntent = z.infer<typeof creationIntentSchema>

/** All that stands beside a private key in clear, which its seal is bound to. */
export function clearOf(account: Omit<VaultAccount, 'sealed'>): ClearFields {
  const { v, accountId, custody, alg, address, publicKey, owner, idempotencyKey, createdAt, vaultId } =
    account
  const whole = { v, accountId, custody, alg, address, publicKey, owner, idempotencyKey, createdAt, vaultId }
  return { ...whole, what: 'account' }
}
