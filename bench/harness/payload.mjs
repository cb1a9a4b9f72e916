import { randomBytes } from 'node:crypto'

/** The first byte, and the first four bytes of a mainnet chain id, which fix the chain. */
const MAINNET = '7a06a770'

/** An attestation of a level on mainnet, of a block that nobody baked. */
export function attestation(level, round = 0) {
  const payload = Buffer.alloc(80)
  payload.write(`13${MAINNET}`, 'hex')
  randomBytes(32).copy(payload, 5)
  payload[37] = 0x15
  payload.writeUInt32BE(level, 40)
  payload.writeUInt32BE(round, 44)
  randomBytes(32).copy(payload, 48)
  return payload
}
