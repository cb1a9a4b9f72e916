import { entropyToMnemonic, validateMnemonic } from '@scure/bip39'
import { wordlist } from '@scure/bip39/wordlists/english.js'
import bs58check from 'bs58check'
import { concatBytes } from '../../src/tezos/index.js'
import { DeviceKey, isSecretKey } from '../device-key.js'
import { keyAddresses, keysFromMnemonic, type DeviceKeys } from '../device-keys.js'
import type { RandomBytes } from '../random-bytes.js'

/** Where the words come from. The sketch has them compiled in: none there, and it makes new ones. */
export type MnemonicSource =
  /** The simulator asks which of the next two; no board does. */
  | { readonly kind: 'asked' }
  | { readonly kind: 'generated' }
  /** Word by word over the port, as an older sketch does. */
  | { readonly kind: 'entered' }
  | { readonly kind: 'compiled-in'; readonly words: string }

/** What stays in the secure element when the power goes: zones once locked are locked for good. */
export type Zones = { configuration: 'open' | 'locked'; data: 'open' | 'locked' }

/** What the dialogue wants next: to print lines, or to read what a person sends, `room` bytes at most. */
export type Step =
  | { readonly kind: 'print'; readonly lines: readonly string[] }
  | { readonly kind: 'read'; readonly room: number }

/** All that one run of the dialogue works on; it locks zones as the person confirms. */
export type DialogueContext = {
  readonly mnemonic: MnemonicSource
  readonly zones: Zones
  readonly random: RandomBytes
}

/** A piece of the dialogue: it yields steps, and gets what was read back for each `read`. */
type Part<Result> = Generator<Step, Result, string>

/** The sketch stops for good where it stands: this ends the dialogue without keys. */
class Halt extends Error {}

const WORD_COUNT = 24
const ENTROPY_SIZE = 32
/** The sketch reads a confirmation into 2 bytes and a word into 10, the last of which it overwrites. */
const CONFIRM_ROOM = 2
const WORD_ROOM = 10
const LONGEST_WORD = 9
/** What the secure element's configuration is shown as: a size of the real one, and no real content. */
const CONFIGURATION_SIZE = 128
/** Prefix of a P-256 secret key in base58check: `p2sk`. Source: octez `src/lib_crypto/base58.ml`. */
const P2SK_PREFIX = Uint8Array.of(0x10, 0x51, 0xee, 0xbd)

/**
 * The dialogue of the provisioning sketch, from its first line to the addresses. Returns the keys, or `undefined`
 * when it stopped: a question was answered with no, or the words are no mnemonic. docs/provisioning.md says what of
 * it is the sketch's.
 */
export function* dialogue(context: DialogueContext): Part<DeviceKeys | undefined> {
  try {
    yield* print('SIMULATED Tezio provisioning sketch: nothing protects a secret here.', '')
    yield* configure(context)
    const words = yield* mnemonic(context)
    yield* print('-- Deriving Keys from Mnemonic --', '')
    const derived = keysFromMnemonic(words)
    yield* writeKeys(context)
    const keys = { ...derived, auth: yield* authenticationKey(context) }
    yield* showAddresses(keys)
    return keys
  } catch (error) {
    if (error instanceof Halt) return undefined
    throw error
  }
}

function* configure({ zones }: DialogueContext): Part<void> {
  yield* print('-- Configuring Cryptographic Coprocessor --', '')
  yield* print(
    zones.configuration === 'locked' ? 'Configuration: locked already.' : 'Configuration: written.',
    '',
  )
  if (yield* confirmed('Do you wish to view the cryptochips current configuration data?')) {
    const bytes = Array.from({ length: CONFIGURATION_SIZE }, (_, index) => index.toString(16).toUpperCase())
    yield* print('', `${bytes.join(' ')} `, '')
  } else yield* print('')
  if (zones.configuration === 'locked') return
  if (!(yield* confirmed('Do you wish to lock the configuration data zone?'))) {
    yield* halt('', 'Configuration: not locked. It must be before keys can be written.')
  }
  zones.configuration = 'locked'
  yield* print('', 'Configuration: locked.', '')
}

function* mnemonic({ mnemonic: source, random }: DialogueContext): Part<string> {
  if (source.kind === 'compiled-in') return yield* checked(source.words)
  if (source.kind === 'entered') return yield* checked(yield* enteredWords())
  const asks = source.kind === 'asked'
  if (asks && !(yield* confirmed('SIMULATED: make a new mnemonic phrase? (n: enter one)'))) {
    return yield* checked(yield* enteredWords())
  }
  const words = entropyToMnemonic(random(ENTROPY_SIZE), wordlist)
  yield* print('A new mnemonic phrase of 24 words. Write it down and keep it secret:', '', words, '')
  do yield* print('Ready to continue?')
  while (!(yield* confirm()))
  return words
}

function* enteredWords(): Part<string> {
  yield* print(`Enter ${WORD_COUNT}-word mnemonic phrase.`)
  const words: string[] = []
  while (words.length < WORD_COUNT) {
    yield* print(`Word ${words.length + 1}:`)
    const word = (yield* read(WORD_ROOM)).slice(0, LONGEST_WORD)
    yield* print(`Entered: ${word}`)
    if (yield* confirm()) words.push(word)
    else yield* print('Ignoring last entry. Re-enter.')
  }
  yield* print('Mnemonic successfully entered.')
  return words.join(' ')
}

function* checked(words: string): Part<string> {
  if (!validateMnemonic(words, wordlist)) {
    yield* halt('ERROR: The provided mnemonic phrase is invalid. Please verify.')
  }
  return words
}

function* writeKeys({ zones }: DialogueContext): Part<void> {
  yield* print('-- Provisioning Cryptochip --', '')
  if (zones.data === 'locked') {
    yield* print('The data zone is locked and may hold keys, which would be overwritten.')
    if (!(yield* confirmed('Do you wish to continue?'))) yield* halt('Keys: none written.', '')
    yield* print('', 'Keys: written.', '')
    return
  }
  if (!(yield* confirmed('Do you wish to lock the cryptochip data zone?'))) {
    yield* halt('', 'Data zone: not locked. It must be before use.')
  }
  zones.data = 'locked'
  yield* print('', 'Data zone: locked.', '')
}

function* authenticationKey({ random }: DialogueContext): Part<DeviceKey> {
  if (!(yield* confirmed('Do you wish to generate a new authenticating key?'))) {
    yield* halt('ERROR: Failed to finish writing authentication key.')
  }
  let secret = random(32)
  while (!isSecretKey('p256', secret)) secret = random(32)
  yield* print('--Generating Authentication Secret--', 'Keep this secret key of the authentication key:', '')
  yield* print(bs58check.encode(concatBytes(P2SK_PREFIX, secret)))
  return new DeviceKey('p256', secret)
}

function* showAddresses(keys: DeviceKeys): Part<void> {
  const { ed25519, secp256k1, p256 } = keyAddresses(keys)
  yield* print('Provisioning is done. The addresses of the mnemonic phrase:', '')
  yield* print('-- ED25519 Public Key Hash --', '', ed25519, '')
  yield* print('-- SECP256K1 Public Key Hash --', '', secp256k1, '')
  yield* print('-- NIST P256 Public Key Hash --', '', p256, '')
}

function* confirmed(question: string): Part<boolean> {
  yield* print(question, '')
  return yield* confirm()
}

/** Yes is `Y` or nothing before the line feed. `y`, `yes` and, by its carriage return, `Y` of a CRLF line are no. */
function* confirm(): Part<boolean> {
  yield* print('Confirm (Y/n)')
  const answer = yield* read(CONFIRM_ROOM)
  return answer === '' || answer === 'Y'
}

function* print(...lines: readonly string[]): Part<void> {
  yield { kind: 'print', lines }
}

function* read(room: number): Part<string> {
  return yield { kind: 'read', room }
}

function* halt(...lines: readonly string[]): Part<never> {
  yield* print(...lines)
  throw new Halt()
}
