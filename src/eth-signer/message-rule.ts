import { refuse, type EthRefusal } from './eth-refusal.js'
import { readText } from './request-values.js'

const MAX_MESSAGE_BYTES = 4096
/** Control characters but the line feed, invisible and direction-changing ones, halves of pairs, and what is no character. */
const HIDDEN = /[^\P{C}\n]/u

/**
 * Rule E5, for messages of EIP-191: UTF-8 text that shows all it says and begins with a configured prefix. Bytes that are
 * no text could be a hash that somebody wants signed, and hidden characters show another text than the one that is signed.
 */
export function messageRefusal(message: Uint8Array, prefixes: readonly string[]): EthRefusal | undefined {
  if (message.length > MAX_MESSAGE_BYTES) {
    const text = `the message has ${message.length} bytes; at most ${MAX_MESSAGE_BYTES} are signed`
    return refuse('message-not-allowed', text, 'E5')
  }
  const text = readText(message)
  if (text === undefined || HIDDEN.test(text)) {
    const words =
      'the message is no UTF-8 text, or has control or invisible characters other than line feeds; send plain text'
    return refuse('message-not-allowed', words, 'E5')
  }
  if (prefixes.some((prefix) => prefix !== '' && text.startsWith(prefix))) return undefined
  const words = `the message begins with none of the ${prefixes.length} configured prefixes; add one to ethereum.message_prefixes to allow it`
  return refuse('message-not-allowed', words, 'E5')
}
