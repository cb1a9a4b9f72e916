import { randomBytes } from 'node:crypto'
import { secp256k1 } from '@noble/curves/secp256k1.js'
import { addressOfPublicKey, parseEthPublicKey, toHex0x } from '../../ethereum/index.js'
import type { AccountRecord } from '../account-record.js'
import type { AccountsStore } from '../accounts-store.js'
import { refused, type AccountsRefused } from '../refusal.js'
import type { Kdf } from '../vault/kdf.js'
import type { Vault } from '../vault/vault.js'
import { openKeystore, writeKeystore } from './keystore.js'

type Place = { readonly store: AccountsStore; readonly vault: Vault }

const LOCKED = refused('vault-locked', 'the vault is locked')

/** Takes a keystore's key into the open vault, as an account of an owner. */
export async function importAccount(
  { store, vault }: Place,
  file: { readonly text: string; readonly passphrase: Uint8Array; readonly owner: string },
  now: Date = new Date(),
): Promise<{ readonly outcome: 'imported'; readonly account: AccountRecord } | AccountsRefused> {
  const header = await store.vault()
  const opened = await openKeystore(file.text, file.passphrase)
  if (opened.outcome === 'refused') return opened
  const { privateKey } = opened
  try {
    const { key } = vault
    const publicKey = parseEthPublicKey(secp256k1.getPublicKey(privateKey, false))
    if (key === undefined || header === undefined || publicKey === undefined) return LOCKED
    const facts = {
      v: 1,
      accountId: randomBytes(16).toString('hex'),
      alg: 'secp256k1',
      owner: file.owner,
    } as const
    const named = { address: addressOfPublicKey(publicKey), publicKey: toHex0x(publicKey) }
    const account = key.seal({ ...facts, ...named, createdAt: now.toISOString() }, header.vaultId, privateKey)
    const stored = await store.addAccount(account)
    if (stored.outcome === 'stored') return { outcome: 'imported', account }
    return refused('idempotency-conflict', `${account.address} is there already, of ${stored.account.owner}`)
  } finally {
    privateKey.fill(0)
  }
}

/** A vault account as a keystore under a passphrase of its own; the account stays. */
export async function exportAccount(
  { store, vault }: Place,
  address: string,
  passphrase: Uint8Array,
  kdf?: Kdf,
): Promise<{ readonly outcome: 'written'; readonly text: string } | AccountsRefused> {
  const account = await store.account(address)
  if (account === undefined) return refused('unknown-account', `there is no account ${address}`)
  if (account.custody !== 'vault') {
    return refused(
      'custody-not-configured',
      `the key of ${address} is in the token ${account.token}, which never lets it out`,
    )
  }
  const { key } = vault
  if (key === undefined) return LOCKED
  const copy = key.withPrivateKey(account, (privateKey) => Uint8Array.from(privateKey))
  if (copy === undefined) return refused('vault-record-damaged', `the key of ${address} does not open`)
  try {
    return await writeKeystore(copy, passphrase, kdf)
  } finally {
    copy.fill(0)
  }
}
