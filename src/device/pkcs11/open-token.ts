import { DeviceError } from '../device-error.js'
import { callFailure, loginFailure, returnValueOf } from './cryptoki-error.js'
import { CURVE_FACTS } from './curve-facts.js'
import { findKey, type FoundKey } from './find-key.js'
import { checkPinFlags, findToken } from './find-token.js'
import type { TokenName, TokenRequest } from './messages.js'
import { loadModule, type CryptokiModule } from './module.js'
import type { Session } from './objects.js'
import { signInSession } from './sign-in-session.js'

/** A token that this process is logged in to. */
export type OpenSession = {
  readonly label: string
  readonly serial: string
  readonly session: Session
  /** Logs out and gives up the session; never throws. */
  readonly close: () => void
}

/** The same, with the keys that sign on it. */
export type OpenToken = OpenSession & {
  readonly keys: readonly FoundKey[]
  /** The raw signature over a 32-byte digest. Throws a DeviceError. */
  readonly sign: (key: number, digest: Uint8Array) => Uint8Array
}

/** Told around the one login: in between the token may be counting a refused PIN. */
export type LoginSteps = { readonly begins: () => Promise<void>; readonly done: () => Promise<void> }

/** Finds the token and its keys, and logs in once, to a session that cannot write. Throws a DeviceError. */
export async function openToken(
  request: Extract<TokenRequest, { readonly kind: 'open' }>,
  login: LoginSteps,
): Promise<OpenToken> {
  const opened = await openSession(request, login, 'read-only')
  const { session } = opened
  const keys = request.keys.map((query) => findKey(session, query))
  return {
    ...opened,
    keys,
    sign: (index, digest) => {
      const key = keys[index]
      if (key === undefined) throw new DeviceError('device-refused', `there is no key number ${index}`)
      return signInSession(session, CURVE_FACTS[key.query.curve].mechanism, key.handle, digest)
    },
  }
}

/** Finds the token and logs in once. Throws a DeviceError. */
export async function openSession(
  request: { readonly module: string; readonly token: TokenName; readonly pin: string },
  login: LoginSteps,
  access: 'read-only' | 'read-write',
): Promise<OpenSession> {
  const module = await loadModule(request.module)
  const { slot, label, serial, flags } = findToken(module, request.token)
  checkPinFlags(flags)
  const session = { ...module, session: startSession(module, slot, access) }
  await login.begins()
  logIn(session, request.pin)
  await login.done()
  const close = () => {
    try {
      module.calls.C_Finalize()
    } catch {
      // this process ends: what the module still held ends with it
    }
  }
  return { label, serial, session, close }
}

/** Read-only sessions change nothing on the token, whatever is asked in them. */
function startSession(
  { calls, names }: CryptokiModule,
  slot: Buffer,
  access: 'read-only' | 'read-write',
): Buffer {
  const flags = names.CKF_SERIAL_SESSION | (access === 'read-write' ? names.CKF_RW_SESSION : 0)
  try {
    return calls.C_OpenSession(slot, flags)
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
