import { DeviceError } from '../device-error.js'
import { callFailure, loginFailure, returnValueOf } from './cryptoki-error.js'
import { CURVE_FACTS } from './curve-facts.js'
import { findKey, type FoundKey } from './find-key.js'
import { checkPinFlags, findToken } from './find-token.js'
import type { TokenRequest } from './messages.js'
import { loadModule, type CryptokiModule } from './module.js'

/** A token that this process is logged in to. */
export type OpenToken = {
  readonly label: string
  readonly serial: string
  readonly keys: readonly FoundKey[]
  /** The raw signature over a 32-byte digest. Throws a DeviceError. */
  readonly sign: (key: number, digest: Uint8Array) => Uint8Array
  /** Logs out and gives up the session; never throws. */
  readonly close: () => void
}

/** Told around the one login: in between the token may be counting a refused PIN. */
export type LoginSteps = { readonly begins: () => Promise<void>; readonly done: () => Promise<void> }

/** Finds the token and its keys, and logs in once. Throws a DeviceError. */
export async function openToken(
  request: Extract<TokenRequest, { readonly kind: 'open' }>,
  login: LoginSteps,
): Promise<OpenToken> {
  const module = await loadModule(request.module)
  const { slot, label, serial, flags } = findToken(module, request.token)
  checkPinFlags(flags)
  const session = openSession(module, slot)
  await login.begins()
  logIn({ ...module, session }, request.pin)
  await login.done()
  const keys = request.keys.map((query) => findKey({ ...module, session }, query))
  return {
    label,
    serial,
    keys,
    sign: (index, digest) => {
      const key = keys[index]
      if (key === undefined) throw new DeviceError('device-refused', `there is no key number ${index}`)
      return sign({ ...module, session }, key, digest)
    },
    close: () => {
      try {
        module.calls.C_Finalize()
      } catch {
        // this process ends: what the module still held ends with it
      }
    },
  }
}

type Session = CryptokiModule & { readonly session: Buffer }

/** Read-only: nothing on the token is ever changed. */
function openSession({ calls, names }: CryptokiModule, slot: Buffer): Buffer {
  try {
    return calls.C_OpenSession(slot, names.CKF_SERIAL_SESSION)
  } catch (error) {
    throw callFailure('C_OpenSession', error)
  }
}

function logIn({ calls, names, session }: Session, pin: string): void {
  try {
    calls.C_Login(session, names.CKU_USER, pin)
  } catch (error) {
    if (returnValueOf(error) !== 'CKR_USER_ALREADY_LOGGED_IN') throw loginFailure(error)
  }
}

const DIGEST_SIZE = 32
const SIGNATURE_SIZE = 64

/** Tokens silently cut what is longer than the curve's order, so nothing but a digest may get there. */
function sign({ calls, session }: Session, { query, handle }: FoundKey, digest: Uint8Array): Uint8Array {
  if (digest.length !== DIGEST_SIZE) {
    throw new DeviceError(
      'device-refused',
      `a digest has ${DIGEST_SIZE} bytes, and this has ${digest.length}`,
    )
  }
  const { mechanism } = CURVE_FACTS[query.curve]
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
function callSign(calls: CryptokiModule['calls'], session: Buffer, digest: Uint8Array): Uint8Array {
  try {
    return Uint8Array.from(calls.C_Sign(session, Buffer.from(digest), Buffer.alloc(2 * SIGNATURE_SIZE)))
  } catch (error) {
    throw callFailure('C_Sign', error, true)
  }
}
