/**
 * Why the device refused, by the status byte it answers with.
 * Source: the firmware's own table, docs/protocol.md "Refusals"; for the names that begin with eth-, which no board
 * sends today, docs/firmware-eth.md "Refusals".
 */
const STATUS = {
  0xa0: 'key-alias-invalid',
  0xa1: 'secure-element-not-answering',
  0xa2: 'opcode-unknown',
  0xa3: 'watermark-refused',
  0xa4: 'length-missing',
  0xa5: 'packet-short',
  0xa6: 'packet-too-short',
  0xa7: 'checksum-wrong',
  0xa8: 'packet-length-differs',
  0xa9: 'packet-reset-failed',
  0xaa: 'param1-invalid',
  0xab: 'param2-invalid',
  0xac: 'param3-invalid',
  0xad: 'data-invalid',
  0xae: 'digest-not-32-bytes',
  0xaf: 'secure-element-sign-failed',
  0xb0: 'hsm-operation-disabled',
  0xb1: 'session-key-failed',
  0xb2: 'encrypted-read-failed',
  0xb3: 'decryption-failed',
  0xb4: 'public-key-read-failed',
  0xb8: 'magic-byte-not-enabled',
  0xc0: 'eth-not-provisioned',
  0xc1: 'eth-message-malformed',
  0xc2: 'eth-domain-not-provisioned',
  0xc3: 'eth-prefix-not-provisioned',
  0xc4: 'eth-transaction-malformed',
  0xc5: 'eth-transaction-type-refused',
  0xc6: 'eth-chain-not-provisioned',
  0xc7: 'eth-destination-missing',
  0xc8: 'eth-destination-not-provisioned',
  0xc9: 'eth-data-not-empty',
  0xca: 'eth-access-list-not-empty',
  0xcb: 'eth-value-above-cap',
  0xcc: 'eth-fee-above-cap',
  0xd4: 'packet-parsed',
} as const

type KnownByte = keyof typeof STATUS

/** The name of a status byte; `unknown` for one the firmware does not document. */
export type StatusName = (typeof STATUS)[KnownByte] | 'unknown'

/** All documented status bytes with their names. */
export const STATUS_BYTES: readonly (readonly [byte: number, name: StatusName])[] = Object.entries(
  STATUS,
).map(([byte, name]) => [Number(byte), name] as const)

const BY_BYTE: ReadonlyMap<number, StatusName> = new Map(STATUS_BYTES)
const BY_NAME: ReadonlyMap<StatusName, number> = new Map(STATUS_BYTES.map(([byte, name]) => [name, byte]))

/** The name of `byte`, or `unknown`. */
export function statusName(byte: number): StatusName {
  return BY_BYTE.get(byte) ?? 'unknown'
}

/** The byte a documented status is sent as. */
export function statusByte(name: Exclude<StatusName, 'unknown'>): number {
  const byte = BY_NAME.get(name)
  if (byte === undefined) throw new RangeError(`no status byte is named ${name}`)
  return byte
}
