import { crc16, FRAME_OVERHEAD, MAX_COMMAND_SIZE } from '../../src/device/tezio/index.js'
import type { Profile, Status } from '../profile.js'
import type { ReadPacket } from './packet-reader.js'

/** A packet's body, or why the device refuses the packet. */
export type JudgedPacket =
  { readonly kind: 'body'; readonly body: Uint8Array } | { readonly kind: 'refusal'; readonly status: Status }

/**
 * The firmware's validation, in its order: size, checksum, declared length. What went wrong while reading is
 * forgotten by it, so `stock` reports what it finds in the bytes that came (docs/protocol.md "What surprises", 7).
 */
export function judgePacket(packet: ReadPacket, profile: Profile): JudgedPacket {
  const { bytes, size, readError } = packet
  if (readError !== undefined && profile.reportsReadErrors) return refusal(readError)
  if (size <= FRAME_OVERHEAD) return refusal('packet-too-short')
  if (size > MAX_COMMAND_SIZE) return refusal(profile.overlongStatus)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  if (crc16(bytes.subarray(0, size - 2)) !== view.getUint16(size - 2, true)) return refusal('checksum-wrong')
  if (view.getUint16(0, true) !== size) return refusal('packet-length-differs')
  return { kind: 'body', body: bytes.slice(2, size - 2) }
}

const refusal = (status: Status): JudgedPacket => ({ kind: 'refusal', status })
