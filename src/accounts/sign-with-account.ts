import { secp256k1 } from '@noble/curves/secp256k1.js'
import { fromHex0x, parseEthPublicKey, settleSignature, type EthSignature } from '../ethereum/index.js'
import type { AccountRecord, TokenAccount, VaultAccount } from './account-record.js'
import type { AccountsToken } from './accounts-token.js'
import { refused, type AccountsRefused } from './refusal.js'
import { tokenRefusal, TOKEN_MS } from './token-refusal.js'
import type { VaultKey } from './vault/vault-key.js'

/** Where keys may be; `undefined` for what is locked or not configured. */
export type KeyPlaces = {
  readonly vaultKey: VaultKey | undefined
  readonly token: AccountsToken | undefined
}

/** A signature by an account's key, settled against its public key; nothing else is given out. */
export async function signWithAccount(
  account: AccountRecord,
  digest: Uint8Array,
  { vaultKey, token }: KeyPlaces,
): Promise<{ readonly outcome: 'signed'; readonly signature: EthSignature } | AccountsRefused> {
  const raw =
    account.custody === 'vault'
      ? signInVault(account, digest, vaultKey)
      : await signInToken(account, digest, token)
  if (!(raw instanceof Uint8Array)) return raw
  const bytes = fromHex0x(account.publicKey)
  const key = bytes && parseEthPublicKey(bytes)
  const signature = key && settleSignature(raw, digest, key)
  if (signature !== undefined) return { outcome: 'signed', signature }
  const text = `what was signed for ${account.address} does not verify with its public key; it is not given out`
  return refused('signature-invalid', text)
}

/** The private key is in memory for as long as this takes; the curve's arithmetic copies it into numbers that cannot be wiped. */
function signInVault(
  account: VaultAccount,
  digest: Uint8Array,
  key: VaultKey | undefined,
): Uint8Array | AccountsRefused {
  if (key === undefined) {
    return refused('vault-locked', 'the vault is locked; to open it: tezio-bridge accounts unlock')
  }
  const raw = key.withPrivateKey(account, (privateKey) =>
    secp256k1.sign(digest, privateKey, { prehash: false }),
  )
  if (raw !== undefined) return raw
  const text = `the key of ${account.address} does not open: its record is not what was written, or is of another vault`
  return refused('vault-record-damaged', text)
}

async function signInToken(
  { accountId, token: name }: TokenAccount,
  digest: Uint8Array,
  token: AccountsToken | undefined,
): Promise<Uint8Array | AccountsRefused> {
  if (token?.name !== name) {
    const text = `the account's key is in the token ${name}, which the configuration does not name for accounts`
    return refused('custody-not-configured', text)
  }
  try {
    await token.ready(TOKEN_MS)
    return await token.sign(accountId, digest)
  } catch (error) {
    return tokenRefusal(name, error)
  }
}
