import { DeviceError } from '../device-error.js'
import type { TokenReply } from './messages.js'
import type { TokenProcess } from './token-process.js'

/** Asks once for the raw 64-byte signature of key number `key` over a 32-byte digest. Rejects with a DeviceError. */
export async function signDigest(
  process: TokenProcess,
  key: number,
  digest: Uint8Array,
  ms: number,
): Promise<Uint8Array> {
  return rawSignature(await process.ask({ kind: 'sign', key, digest }, ms))
}

/** The 64 bytes of a signature that was asked for. Throws a DeviceError. */
export function rawSignature(reply: TokenReply): Uint8Array {
  if (reply.kind !== 'signed') throw unexpected(reply)
  if (reply.signature.length === 64) return Uint8Array.from(reply.signature)
  throw new DeviceError('device-reply-damaged', `a signature of ${reply.signature.length} bytes`, {
    sent: true,
  })
}

/** The process answered, but not what it was asked for. */
export function unexpected({ kind }: TokenReply): DeviceError {
  return new DeviceError('device-reply-damaged', `the process of the module answered with "${kind}"`, {
    sent: true,
  })
}
