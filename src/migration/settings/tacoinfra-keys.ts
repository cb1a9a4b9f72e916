import {
  curveOfHash,
  decodePublicKey,
  encodePublicKey,
  parsePublicKeyHash,
  publicKeyHash,
  type PublicKeyHash,
} from '../../tezos/index.js'
import { MigrationError } from '../migration-error.js'
import type { Notes } from './notes.js'
import { LOOK_IN_CONFIG, UNKNOWN } from './reasons.js'
import { entriesOf, type Settings } from './settings-tree.js'

/** A key of tacoinfra's remote-signer that is on a PKCS#11 token. */
export type TacoinfraKey = {
  readonly address: PublicKeyHash
  readonly publicKey: string | undefined
  /** The CKA_LABEL of its private key; `undefined` where the file has none. */
  readonly label: string | undefined
}

/** Its names of signers that use a token; the second is the older one. */
const ON_TOKEN: readonly unknown[] = ['pkcs11_hsm', 'amazon_hsm']

const TO_TOKEN =
  'make a key on the token (docs/pkcs11.md) that becomes the consensus key, or leave this one where it is; the private key stays in that file'

/**
 * The keys of `keys`, a list of "KEY:SIGNER:ARGUMENT" or a mapping by such texts. What is no key on a token is noted by
 * its place alone, for its text may be a private key. Throws a MigrationError for what is neither.
 */
export function tokenKeys(value: unknown, wanted: readonly string[], notes: Notes): readonly TacoinfraKey[] {
  const keys = entriesOfKeys(value).flatMap(([text, entry], index) =>
    readKey(text, entry, `keys[${index}]`, notes),
  )
  const missing = wanted.find((address) => keys.every((key) => key.address !== address))
  if (missing !== undefined) {
    const known = keys.map(({ address }) => address).join(', ') || 'none'
    throw new MigrationError(`--key ${missing}: the file has no such key on a token; it has ${known}`)
  }
  for (const { address } of keys.filter((key) => wanted.length > 0 && !wanted.includes(key.address))) {
    notes.leave(`key ${address}`, '--key did not name it', 'import the file again with its --key')
  }
  const taken = keys.filter(({ address }) => wanted.length === 0 || wanted.includes(address))
  if (taken.length > 0) return taken
  throw new MigrationError(
    'no key of it is on a PKCS#11 token (pkcs11_hsm or amazon_hsm), and private keys in files are not taken over',
  )
}

function entriesOfKeys(value: unknown): readonly (readonly [string, Settings])[] {
  if (!Array.isArray(value)) {
    return entriesOf(value, 'keys').map(([text, entry]) => [text, settingsOrNone(entry)])
  }
  return value.map((text: unknown, index) => {
    if (typeof text === 'string') return [text, {}]
    throw new MigrationError(`keys[${index}] is not a text like KEY:pkcs11_hsm:LABEL`)
  })
}

function settingsOrNone(entry: unknown): Settings {
  return entry === null || entry === undefined ? {} : Object.fromEntries(entriesOf(entry, 'an entry of keys'))
}

function readKey(text: string, entry: Settings, place: string, notes: Notes): readonly TacoinfraKey[] {
  const [name = '', signerInText, ...argumentsInText] = text.split(':')
  const signer = signerInText ?? entry['signer'] ?? ('private_handle' in entry ? 'pkcs11_hsm' : 'local')
  if (!ON_TOKEN.includes(signer)) {
    const what =
      signer === 'local' ? 'its private key is in the file' : 'its signer is for tests or not known here'
    notes.leave(place, `${what}, and private keys are never copied`, TO_TOKEN)
    return []
  }
  const known = decodePublicKey(name)
  const address = known === undefined ? parsePublicKeyHash(name) : publicKeyHash(known)
  if (address === undefined) {
    throw new MigrationError(
      `${place} names neither an address nor a public key before ":"; correct it there`,
    )
  }
  if (curveOfHash(address) === undefined) {
    notes.leave(
      `${place} (${address})`,
      'it is a tz4 key, and no token here signs with BLS',
      'use a signer for BLS keys',
    )
    return []
  }
  noteEntry(entry, place, notes)
  const label = signerInText === undefined ? firstOf(entry['signer_args']) : argumentsInText[0]
  const given = typeof entry['public_key'] === 'string' ? decodePublicKey(entry['public_key']) : undefined
  const publicKey = known ?? (given !== undefined && publicKeyHash(given) === address ? given : undefined)
  return [
    {
      address,
      publicKey: publicKey && encodePublicKey(publicKey),
      label: labelOf(label, `${place} (${address})`, notes),
    },
  ]
}

function firstOf(value: unknown): unknown {
  return Array.isArray(value) ? value[0] : value
}

/** A number may be a handle, which modules give anew each time. */
function labelOf(value: unknown, place: string, notes: Notes): string | undefined {
  const remedy =
    'give its label or id under devices.hsm.keys; "pkcs11-tool --list-objects --login" shows both'
  if (typeof value !== 'string' || value === '') {
    notes.leave(place, 'the file has no label of it, only a handle, which modules give anew', remedy)
    return undefined
  }
  if (!/^\d+$/.test(value)) return value
  notes.leave(
    place,
    'what it has is a number, perhaps a handle and no label, and modules give handles anew',
    remedy,
  )
  return undefined
}

const READ: readonly string[] = [
  'public_key',
  'signer',
  'signer_args',
  'pkh',
  'private_handle',
  'public_handle',
]

function noteEntry(entry: Settings, place: string, notes: Notes): void {
  for (const name of Object.keys(entry).filter((one) => !READ.includes(one.trim()))) {
    const isSecret = /private|secret/i.test(name)
    if (isSecret) notes.leave(`${place}.${name}`, 'private keys are never copied', TO_TOKEN)
    else notes.leave(`${place}.${name}`, UNKNOWN, LOOK_IN_CONFIG)
  }
}
