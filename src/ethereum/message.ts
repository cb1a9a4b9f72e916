import { concatBytes } from './bytes.js'

/**
 * What is hashed for a message of EIP-191, version 0x45: 0x19, `Ethereum Signed Message:`, a line feed, the length in
 * bytes as decimal digits, the message.
 */
export function messagePreimage(message: Uint8Array): Uint8Array {
  const head = Buffer.from(`\x19Ethereum Signed Message:\n${message.length}`, 'latin1')
  return concatBytes(head, message)
}
