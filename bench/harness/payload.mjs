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

/** A preattestation of a level on mainnet; its mark is another than an attestation's. */
export function preattestation(level) {
  const payload = attestation(level)
  payload[0] = 0x12
  payload[37] = 0x14
  return payload
}

/** A transfer between two addresses, on a branch that nobody saw, so that no two are alike. It carries no mark. */
export function transfer() {
  const from = '6c0002298c03ed7d454a101eb7022bc95f7e5f41ac7821dc05edecc004adcacdb7d4019703'
  const to = '000002298c03ed7d454a101eb7022bc95f7e5f41ac7800'
  return Buffer.concat([Buffer.of(0x03), randomBytes(32), Buffer.from(from + to, 'hex')])
}

/** Gives out one level after another: a board signs none twice. */
export function levelsFrom(first) {
  let level = first
  return () => level++
}
