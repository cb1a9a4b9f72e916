import { mnemonicToSeedSync, validateMnemonic } from '@scure/bip39'
import { wordlist } from '@scure/bip39/wordlists/english.js'
import { fromHex, publicKeyHash, type PublicKeyHash } from '../src/tezos/index.js'
import { CURVE_OF, DeviceKey, isSecretKey, KEY_NAMES, type KeyName } from './device-key.js'
import { systemRandom, type RandomBytes } from './random-bytes.js'
import { deriveNode } from './slip10.js'

/** The four keys of a device. */
export type DeviceKeys = Readonly<Record<KeyName, DeviceKey>>

/**
 * Why keys were refused: the text is not a JSON object (`not-an-object`), names a key that no device has
 * (`unknown-key`), lacks one (`missing-key`), a secret is not 32 bytes of hex or not a scalar of its curve
 * (`bad-secret`), or the words are no BIP-39 mnemonic (`bad-mnemonic`).
 */
export type KeysErrorCode = 'not-an-object' | 'unknown-key' | 'missing-key' | 'bad-secret' | 'bad-mnemonic'

/** Keys that cannot be loaded. The message names the key and the rule, never the secret. */
export class KeysError extends Error {
  override readonly name = 'KeysError'
  readonly code: KeysErrorCode

  constructor(code: KeysErrorCode, message: string) {
    super(message)
    this.code = code
  }
}

/** The keys with these secrets, 32 bytes each. Throws a KeysError (`bad-secret`). */
export function keysFromSecrets(secrets: Readonly<Record<KeyName, Uint8Array>>): DeviceKeys {
  return eachKey((name) => {
    if (!isSecretKey(CURVE_OF[name], secrets[name])) {
      throw new KeysError('bad-secret', `${name}: not a secret key of ${CURVE_OF[name]}`)
    }
    return secrets[name]
  })
}

/** The keys of a keys file: a JSON object with 32 bytes of hex under each key's name. Throws a KeysError. */
export function parseKeysFile(text: string): DeviceKeys {
  const entries = parseObject(text)
  for (const name of Object.keys(entries)) {
    if (!KEY_NAMES.some((known) => known === name)) {
      throw new KeysError(
        'unknown-key',
        `unknown key ${JSON.stringify(name)}: expected ${KEY_NAMES.join(', ')}`,
      )
    }
  }
  return keysFromSecrets({
    auth: secretOf(entries, 'auth'),
    ed25519: secretOf(entries, 'ed25519'),
    secp256k1: secretOf(entries, 'secp256k1'),
    p256: secretOf(entries, 'p256'),
  })
}

/**
 * The keys of a BIP-39 mnemonic (English, no passphrase) by SLIP-10: m/44'/1729'/0'/0' on the three curves, as the
 * provisioning sketch does, and m/44'/1729'/1'/0' on P-256 for the authentication key, which is this simulator's
 * own choice. Throws a KeysError (`bad-mnemonic`).
 */
export function keysFromMnemonic(mnemonic: string): DeviceKeys {
  const words = mnemonic.trim().split(/\s+/).join(' ')
  if (!validateMnemonic(words, wordlist)) {
    throw new KeysError('bad-mnemonic', 'not an English BIP-39 mnemonic: a word or the checksum is wrong')
  }
  const seed = mnemonicToSeedSync(words)
  return eachKey((name) => deriveNode(CURVE_OF[name], seed, [44, 1729, name === 'auth' ? 1 : 0, 0]).secret)
}

/** New keys from `random`. */
export function randomKeys(random: RandomBytes = systemRandom): DeviceKeys {
  return eachKey((name) => {
    let secret = random(32)
    while (!isSecretKey(CURVE_OF[name], secret)) secret = random(32)
    return secret
  })
}

/** The addresses of the keys: tz3 for `auth`, then tz1, tz2, tz3. */
export function keyAddresses(keys: DeviceKeys): Readonly<Record<KeyName, PublicKeyHash>> {
  const address = (name: KeyName) => publicKeyHash(keys[name].publicKey)
  return {
    auth: address('auth'),
    ed25519: address('ed25519'),
    secp256k1: address('secp256k1'),
    p256: address('p256'),
  }
}

function eachKey(secretOfKey: (name: KeyName) => Uint8Array): DeviceKeys {
  const key = (name: KeyName) => new DeviceKey(CURVE_OF[name], secretOfKey(name))
  return { auth: key('auth'), ed25519: key('ed25519'), secp256k1: key('secp256k1'), p256: key('p256') }
}

function parseObject(text: string): Readonly<Record<string, unknown>> {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw new KeysError('not-an-object', 'not JSON') // the parser's own message would quote the text
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new KeysError('not-an-object', 'not a JSON object')
  }
  return { ...value }
}

function secretOf(entries: Readonly<Record<string, unknown>>, name: KeyName): Uint8Array {
  if (!Object.hasOwn(entries, name)) throw new KeysError('missing-key', `missing key "${name}"`)
  const text = entries[name]
  const secret = typeof text === 'string' ? fromHex(text) : undefined
  if (secret?.length !== 32) throw new KeysError('bad-secret', `${name}: expected 32 bytes as 64 hex digits`)
  return secret
}
