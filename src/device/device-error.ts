import type { StatusName } from './tezio/index.js'

/**
 * Why the device gave no answer that can be used.
 * - `device-unavailable`: no open and synchronised port; nothing was sent, ask again later.
 * - `device-busy`: another command is in flight; nothing was sent.
 * - `device-lost`: the port went away while the command was in flight.
 * - `device-timeout`: no reply by the deadline.
 * - `device-reply-damaged`: bytes came, but no whole reply by the deadline.
 * - `device-watermark`: the device's own mark forbids it (0xD4, 0xA3); asking again is of no use.
 * - `device-policy`: the device's own policy forbids it (0xB8, 0xB0, and 0xC0 to 0xCC for Ethereum).
 * - `device-failed`: the secure element did not do its work (0xA1, 0xAF, 0xB1 to 0xB4).
 * - `device-refused`: it did not accept the command, for another reason or an unknown one.
 * - `wrong-device`: the board answers with other keys than the configured ones.
 * - `port-not-found`, `port-busy`, `port-permission`, `port-failed`: the port could not be opened.
 * - `module-failed`, `token-not-found`, `token-key-missing`, `pin-refused`: a PKCS#11 module or token could not be used;
 *   after `pin-refused` it is not tried again, for tokens lock themselves.
 */
export type DeviceErrorCode =
  | 'device-unavailable'
  | 'device-busy'
  | 'device-lost'
  | 'device-timeout'
  | 'device-reply-damaged'
  | 'device-watermark'
  | 'device-policy'
  | 'device-failed'
  | 'device-refused'
  | 'wrong-device'
  | 'port-not-found'
  | 'port-busy'
  | 'port-permission'
  | 'port-failed'
  | 'module-failed'
  | 'token-not-found'
  | 'token-key-missing'
  | 'pin-refused'

/** A failure at the device. `sent` says whether bytes of the command left for it: then it may have acted. */
export class DeviceError extends Error {
  readonly code: DeviceErrorCode
  readonly sent: boolean
  readonly status: StatusName | undefined

  constructor(
    code: DeviceErrorCode,
    message: string,
    details: { readonly sent?: boolean; readonly status?: StatusName; readonly cause?: unknown } = {},
  ) {
    super(message, details.cause === undefined ? {} : { cause: details.cause })
    this.name = 'DeviceError'
    this.code = code
    this.sent = details.sent ?? false
    this.status = details.status
  }
}

/** The named error for a refusal's status byte. */
export function refusalError(command: string, status: StatusName, statusByte: number): DeviceError {
  const text = `the device refused ${command}: ${status} (0x${statusByte.toString(16)})`
  return new DeviceError(refusalCode(command, status), text, { sent: true, status })
}

function refusalCode(command: string, status: StatusName): DeviceErrorCode {
  switch (status) {
    case 'watermark-refused':
      return 'device-watermark'
    case 'packet-parsed': // the firmware's way of saying that the watermark refused, in answer to SIGN
      return command === 'SIGN' ? 'device-watermark' : 'device-refused'
    case 'magic-byte-not-enabled':
    case 'hsm-operation-disabled':
      return 'device-policy'
    case 'secure-element-not-answering':
    case 'secure-element-sign-failed':
    case 'session-key-failed':
    case 'encrypted-read-failed':
    case 'decryption-failed':
    case 'public-key-read-failed':
      return 'device-failed'
    default:
      return status.startsWith('eth-') ? 'device-policy' : 'device-refused'
  }
}
