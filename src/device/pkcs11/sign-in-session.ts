import { DeviceError } from '../device-error.js'
import { callFailure } from './cryptoki-error.js'
import type { Session } from './objects.js'

const DIGEST_SIZE = 32
const SIGNATURE_SIZE = 64

/** Throws a DeviceError unless it is 32 bytes: tokens silently cut what is longer than the curve's order. */
export function checkDigest(digest: Uint8Array): void {
  if (digest.length === DIGEST_SIZE) return
  throw new DeviceError('device-refused', `a digest has ${DIGEST_SIZE} bytes, and this has ${digest.length}`)
}

/** The raw signature over a 32-byte digest. Throws a DeviceError. */
export function signInSession(
  { calls, session }: Session,
  mechanism: number,
  handle: Buffer,
  digest: Uint8Array,
): Uint8Array {
  checkDigest(digest)
  try {
    calls.C_SignInit(session, { mechanism }, handle)
  } catch (error) {
    throw callFailure('C_SignInit', error)
  }
  const signature = callSign(calls, session, digest)
  if (signature.length === SIGNATURE_SIZE) return signature
  const text = `the token answered C_Sign with ${signature.length} bytes, and a signature has ${SIGNATURE_SIZE}`
  throw new DeviceError('device-failed', text, { sent: true })
}

/** With room for more than a signature, so that a longer one is seen and not cut. */
function callSign(calls: Session['calls'], session: Buffer, digest: Uint8Array): Uint8Array {
  try {
    return Uint8Array.from(calls.C_Sign(session, Buffer.from(digest), Buffer.alloc(2 * SIGNATURE_SIZE)))
  } catch (error) {
    throw callFailure('C_Sign', error, true)
  }
}
