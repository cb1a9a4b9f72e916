import { concatBytes } from '../../tezos/index.js'

/** A frame is its length as a uint16, big endian, and that many bytes (octez `lib_base/unix/socket.ml:149-223`). */
export const FRAME_HEAD_BYTES = 2

/** The longest message a frame can hold. */
const MAX_MESSAGE_BYTES = 0xffff

/** How many bytes follow a frame's head. */
export function messageSize(head: Uint8Array): number {
  return new DataView(head.buffer, head.byteOffset).getUint16(0)
}

/** The frame of a message. Throws a RangeError for one that is too long. */
export function encodeFrame(message: Uint8Array): Uint8Array {
  if (message.length > MAX_MESSAGE_BYTES) {
    throw new RangeError(`a frame holds ${MAX_MESSAGE_BYTES} bytes, not ${message.length}`)
  }
  const head = new Uint8Array(FRAME_HEAD_BYTES)
  new DataView(head.buffer).setUint16(0, message.length)
  return concatBytes(head, message)
}
