import { wordlist } from '@scure/bip39/wordlists/english.js'

/** Hides secrets in a transcript, line by line: of what a sketch prints, and of what a person types. */
export type SecretMask = {
  readonly received: (line: string) => string
  readonly sent: (line: string) => string
}

const MASK = '***'
const WORDS = new Set(wordlist)
/** Sentences have one or two words of the list in a row, now and then; a mnemonic has twelve at least. */
const MIN_RUN = 3
/** What a question may be answered with; everything else that is typed may be a secret, or one with a typing error. */
const HARMLESS_ANSWER = /^\s*(?:y|n|yes|no)?\s*$/i
const ECHO = /^(\s*entered:\s*)\S.*$/i
/** A label before a single word: `Word 3:`, `3.`, `3)`. */
const LABEL = /^\s*(?:[a-z]*\s*\d{1,2}\s*[.:)]\s*)?/i
/** Secret keys in base58check, plain and encrypted; seeds and keys in hex, in one piece or byte by byte. */
const SECRET_TEXT = [
  /\b(?:edsk|spsk|p2sk|BLsk|edesk|spesk|p2esk|BLesk)[1-9A-HJ-NP-Za-km-z]{16,}/g,
  /\b[0-9a-f]{32,}\b/gi,
  /(?:\b(?:0x)?[0-9a-f]{1,2}\b[\s,:]*){16,}/gi,
]
/** How many typed lines are remembered to be found in echoes: more than any mnemonic has words. */
const MAX_REMEMBERED = 200

/**
 * A mask that would rather hide too much: mnemonic words (three of the BIP-39 list in a row, with all that follows on
 * the line, or a line of nothing else), secret keys, long hex, everything typed that is no yes or no, and its echo.
 * Harmless text may be hidden; a secret that is none of these is not.
 */
export function createSecretMask(): SecretMask {
  const typed: string[] = []
  return {
    received(line) {
      const echoless = typed.reduce((text, secret) => text.replaceAll(secret, MASK), line)
      const keyless = SECRET_TEXT.reduce((text, pattern) => text.replace(pattern, MASK), echoless)
      return maskWords(keyless.replace(ECHO, `$1${MASK}`))
    },
    sent(line) {
      if (HARMLESS_ANSWER.test(line)) return line
      const text = line.trim()
      if (text.length > 2 && typed.push(text) > MAX_REMEMBERED) typed.shift()
      return MASK
    },
  }
}

function maskWords(line: string): string {
  const words = [...line.matchAll(/[a-z]+/gi)].map(({ 0: word, index }) => ({
    index,
    isListed: WORDS.has(word.toLowerCase()),
  }))
  const label = LABEL.exec(line)?.[0].length ?? 0
  const rest = words.filter(({ index }) => index >= label)
  const first = rest[0]
  if (first !== undefined && rest.every(({ isListed }) => isListed)) return line.slice(0, first.index) + MASK
  const run = words.find((_, at) => {
    const next = words.slice(at, at + MIN_RUN)
    return next.length === MIN_RUN && next.every(({ isListed }) => isListed)
  })
  return run === undefined ? line : line.slice(0, run.index) + MASK
}
