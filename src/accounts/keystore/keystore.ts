import { secp256k1 } from '@noble/curves/secp256k1.js'
import { privFromLegacyKeystore, privToLegacyKeystore } from 'micro-eth-signer/keystore.js'
import { z } from 'zod'
import { addressOfPublicKey, parseEthAddress, parseEthPublicKey } from '../../ethereum/index.js'
import { refused, type AccountsRefused } from '../refusal.js'
import { SCRYPT, type Kdf } from '../vault/kdf.js'
import { SHORTEST_PASSPHRASE } from '../vault/new-slot.js'
import { derivationProblem, keystoreSchema } from './keystore-file.js'

/** A private key out of a keystore, for the caller to wipe. */
export type KeystoreOpened =
  { readonly outcome: 'opened'; readonly privateKey: Uint8Array; readonly address: string } | AccountsRefused

/**
 * Opens a keystore of version 3, offline: the library takes its passphrase as a text, which cannot be wiped. Nothing is
 * computed before its parameters were found to be within bounds, and a key of another address is not given out.
 */
export async function openKeystore(text: string, passphrase: Uint8Array): Promise<KeystoreOpened> {
  const parsed = keystoreSchema.safeParse(parseJson(text))
  if (!parsed.success) {
    return refused('malformed-request', `this is no keystore of version 3: ${z.prettifyError(parsed.error)}`)
  }
  const problem = derivationProblem(parsed.data)
  if (problem !== undefined) return refused('kdf-too-costly', problem)
  const privateKey = await decrypted(parsed.data, passphrase)
  if (privateKey === undefined) {
    return refused(
      'vault-wrong-secret',
      'the keystore does not open: the passphrase is another one, or the file was changed',
    )
  }
  const address = addressOf(privateKey)
  const named = parsed.data.address.toLowerCase().replace(/^0x/, '')
  if (address?.toLowerCase() === `0x${named}`) return { outcome: 'opened', privateKey, address }
  privateKey.fill(0)
  return refused('malformed-request', `the keystore names 0x${named}, and its key is ${address ?? 'none'}`)
}

/** A private key as a keystore of version 3, under a passphrase of its own. Wipes nothing of the caller's. */
export async function writeKeystore(
  privateKey: Uint8Array,
  passphrase: Uint8Array,
  { n, r, p }: Kdf = SCRYPT,
): Promise<{ readonly outcome: 'written'; readonly text: string } | AccountsRefused> {
  if (passphrase.length < SHORTEST_PASSPHRASE) {
    const text = `the passphrase has ${passphrase.length} bytes; ${SHORTEST_PASSPHRASE} are the fewest`
    return refused('weak-passphrase', text)
  }
  const copy = Uint8Array.from(privateKey) // the library wipes what it is given
  const store = await privToLegacyKeystore(copy, textOf(passphrase), { kdf: 'scrypt', n, r, p })
  return { outcome: 'written', text: `${JSON.stringify(store, null, 2)}\n` }
}

async function decrypted(file: object, passphrase: Uint8Array): Promise<Uint8Array | undefined> {
  try {
    return await privFromLegacyKeystore(
      file as Parameters<typeof privFromLegacyKeystore>[0],
      textOf(passphrase),
    )
  } catch {
    return undefined // the library throws on a wrong passphrase and on bytes that are no key
  }
}

function textOf(passphrase: Uint8Array): string {
  return Buffer.from(passphrase).toString('utf8')
}

function addressOf(privateKey: Uint8Array) {
  const key = parseEthPublicKey(secp256k1.getPublicKey(privateKey, false))
  const address = key && addressOfPublicKey(key)
  return address && parseEthAddress(address)
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
