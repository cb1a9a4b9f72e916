import { entropyToMnemonic, mnemonicToEntropy } from '@scure/bip39'
import { wordlist } from '@scure/bip39/wordlists/english.js'

/** Bytes that a recovery code stands for. */
export const RECOVERY_BYTES = 32

/** A recovery code as a person writes it down: 24 words of BIP-39, with a checksum of 8 bits. A text cannot be wiped. */
export function recoveryWords(code: Uint8Array): string {
  return entropyToMnemonic(code, wordlist)
}

/** The bytes of 24 words, however they are spaced and written, for the caller to wipe; `undefined` for other text. */
export function readRecoveryWords(text: string): Buffer | undefined {
  try {
    const entropy = mnemonicToEntropy(text.trim().toLowerCase().split(/\s+/).join(' '), wordlist)
    return entropy.length === RECOVERY_BYTES ? Buffer.from(entropy.buffer) : undefined
  } catch {
    return undefined // a word that is none, another number of them, or a wrong checksum
  }
}
