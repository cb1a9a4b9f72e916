import { crc16 } from './crc16.js'

/** The byte a command begins with; a reply has none. */
export const COMMAND_PREFIX = 0x03
/** Bytes of a frame beside its body: two of length, two of CRC. */
export const FRAME_OVERHEAD = 4
/** The device's receive buffer: a longer frame overruns it, so none is ever sent. Counted after the prefix. */
export const MAX_COMMAND_SIZE = 1024
/** The longest reply the firmware makes: a 99-character signature in its frame. */
export const MAX_REPLY_SIZE = 99 + FRAME_OVERHEAD
/** The shortest reply: one status byte in its frame. */
export const MIN_REPLY_SIZE = 1 + FRAME_OVERHEAD

/** What stands at the front of `bytes`. `size` is how many bytes it takes up, and is never 0. */
export type Scan =
  | { readonly kind: 'reply'; readonly size: number; readonly body: Uint8Array }
  | { readonly kind: 'noise'; readonly size: number; readonly reason: 'length-out-of-range' | 'bad-crc' }
  | { readonly kind: 'partial' }

/** Length, body and CRC: a reply as the device sends it, and a command without its prefix. */
export function encodeFrame(body: Uint8Array): Uint8Array {
  const frame = new Uint8Array(body.length + FRAME_OVERHEAD)
  const view = new DataView(frame.buffer)
  view.setUint16(0, frame.length, true)
  frame.set(body, 2)
  view.setUint16(frame.length - 2, crc16(frame.subarray(0, frame.length - 2)), true)
  return frame
}

/** A whole command, prefix included. Throws a RangeError above 1024 bytes, which the device would not survive. */
export function encodeCommand(body: Uint8Array): Uint8Array {
  if (body.length + FRAME_OVERHEAD > MAX_COMMAND_SIZE) {
    throw new RangeError(
      `command of ${body.length + FRAME_OVERHEAD} bytes: the device holds ${MAX_COMMAND_SIZE}`,
    )
  }
  const command = new Uint8Array(1 + body.length + FRAME_OVERHEAD)
  command[0] = COMMAND_PREFIX
  command.set(encodeFrame(body), 1)
  return command
}

/**
 * Reads the front of what a cable delivered; it never throws. `expected` lists the frame sizes that can come now:
 * a length that is not among them is noise at once, so that a lying length field is not waited on.
 * Noise is dropped a byte at a time, because the frame may begin at the next one. Empty input is `partial`.
 */
export function scanReply(bytes: Uint8Array, expected?: readonly number[]): Scan {
  if (bytes.length < 2) return { kind: 'partial' }
  const size = (bytes[0] ?? 0) | ((bytes[1] ?? 0) << 8)
  const possible = expected?.includes(size) ?? (size >= MIN_REPLY_SIZE && size <= MAX_REPLY_SIZE)
  if (!possible) return { kind: 'noise', size: 1, reason: 'length-out-of-range' }
  if (bytes.length < size) return { kind: 'partial' }
  const crc = (bytes[size - 2] ?? 0) | ((bytes[size - 1] ?? 0) << 8)
  if (crc16(bytes.subarray(0, size - 2)) !== crc) return { kind: 'noise', size: 1, reason: 'bad-crc' }
  return { kind: 'reply', size, body: bytes.slice(2, size - 2) }
}
