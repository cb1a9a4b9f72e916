import { randomBytes } from 'node:crypto'
import { secp256k1 } from '@noble/curves/secp256k1.js'
import type { CreationIntent, TokenAccount, VaultAccount } from '../../src/accounts/account-record.js'
import type { VaultHeader } from '../../src/accounts/accounts-store.js'
import type { KeySlot } from '../../src/accounts/vault/key-slot.js'
import { addressOfPublicKey, parseEthPublicKey, toHex0x } from '../../src/ethereum/index.js'
import { publicKeyHash } from '../../src/tezos/index.js'
import { QUICK, softDevice } from './vault/fixture.js'

const AT = '2026-11-22T05:00:00.000Z'
const hex = (bytes: number) => randomBytes(bytes).toString('hex')
const sealed = () => ({ nonce: hex(12), ct: hex(32), tag: hex(16) })

/** An account in a token, of `alice` unless told. */
export function tokenAccount(parts: Partial<TokenAccount> = {}): TokenAccount {
  const key = parseEthPublicKey(secp256k1.getPublicKey(secp256k1.utils.randomSecretKey(), false))!
  const facts = { v: 1, alg: 'secp256k1', accountId: hex(16), owner: 'alice', createdAt: AT } as const
  const named = { address: addressOfPublicKey(key), publicKey: toHex0x(key) }
  return { ...facts, ...named, custody: 'hsm', token: 'softhsm', ...parts }
}

/** An account in a vault; nothing opens its seal. */
export function vaultAccount(parts: Partial<VaultAccount> = {}): VaultAccount {
  const { v, accountId, alg, address, publicKey, owner, createdAt } = tokenAccount()
  const facts = { v, accountId, alg, address, publicKey, owner, createdAt }
  return { ...facts, custody: 'vault', vaultId: hex(16), sealed: sealed(), ...parts }
}

/** An intent, of `alice` and on `here` unless told. */
export function intent(parts: Partial<CreationIntent> = {}): CreationIntent {
  const facts = { v: 1, accountId: hex(16), owner: 'alice', token: 'softhsm', host: 'here' } as const
  return { ...facts, createdAt: AT, ...parts }
}

/** A vault of two slots that nothing opens. */
export function header(parts: Partial<VaultHeader> = {}): VaultHeader {
  const vaultId = hex(16)
  const common = { v: 1, vaultId, kdf: QUICK, createdAt: AT } as const
  const device = publicKeyHash(softDevice().publicKey()!)
  const slots: KeySlot[] = [
    { ...common, slotId: hex(16), kind: 'device', device, op: 3, sealed: sealed() },
    { ...common, slotId: hex(16), kind: 'recovery', sealed: sealed() },
  ]
  return { v: 1, vaultId, createdAt: AT, revision: 1, slots, ...parts }
}
