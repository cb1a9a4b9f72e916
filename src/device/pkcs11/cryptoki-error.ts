import { DeviceError } from '../device-error.js'

/** Return values for which pkcs11js has no name but CKR_VENDOR_DEFINED. Source: PKCS#11 3.0, pkcs11t.h. */
const NAMELESS: ReadonlyMap<number, string> = new Map([[0x1b, 'CKR_ACTION_PROHIBITED']])

/** The name of a PKCS#11 return value (`CKR_...`) in what pkcs11js threw; `undefined` for any other error. */
export function returnValueOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined
  const name = /CKR_\w+/.exec(error.message)?.[0]
  return name === 'CKR_VENDOR_DEFINED' ? (NAMELESS.get(numberOf(error)) ?? name) : name
}

/** pkcs11js leaves the number in the text of some calls, and takes it out of others. */
function numberOf(error: Error): number {
  return Number('code' in error ? error.code : /CKR_\w+:(\d+)/.exec(error.message)?.[1])
}

/** After these the session, or what was found in it, is of no use any more. */
const SESSION_GONE: readonly string[] = [
  'CKR_SESSION_HANDLE_INVALID',
  'CKR_SESSION_CLOSED',
  'CKR_DEVICE_REMOVED',
  'CKR_TOKEN_NOT_PRESENT',
  'CKR_TOKEN_NOT_RECOGNIZED',
  'CKR_SLOT_ID_INVALID',
  'CKR_USER_NOT_LOGGED_IN',
  'CKR_CRYPTOKI_NOT_INITIALIZED',
  'CKR_KEY_HANDLE_INVALID',
  'CKR_OBJECT_HANDLE_INVALID',
]

/** The named error for what a call of the module threw: `device-lost` when the session is gone, else `device-failed`. */
export function callFailure(call: string, error: unknown, sent = false): DeviceError {
  if (error instanceof DeviceError) return error
  const value = returnValueOf(error)
  const code = value !== undefined && SESSION_GONE.includes(value) ? 'device-lost' : 'device-failed'
  return new DeviceError(code, `the token answered ${call} with ${value ?? 'an error without a name'}`, {
    sent,
    cause: error,
  })
}

const PIN_REFUSED: readonly string[] = [
  'CKR_PIN_INCORRECT',
  'CKR_PIN_LOCKED',
  'CKR_PIN_EXPIRED',
  'CKR_PIN_INVALID',
  'CKR_PIN_LEN_RANGE',
  'CKR_USER_PIN_NOT_INITIALIZED',
]

/** The named error for what C_Login threw. Only the return value's name is told of it. */
export function loginFailure(error: unknown): DeviceError {
  const value = returnValueOf(error) ?? 'an error without a name'
  return PIN_REFUSED.includes(value)
    ? pinRefused(value)
    : new DeviceError('device-failed', `the token answered C_Login with ${value}`)
}

/** No PIN is tried on this token any more by this program. `why` is a return value or a flag. */
export function pinRefused(why: string): DeviceError {
  const remedy =
    'set the right PIN (pin_file) and start again; "pkcs11-tool --module MODULE --token-label LABEL --login --list-objects" tries one by hand'
  return new DeviceError(
    'pin-refused',
    `the token refused the PIN (${why}), and none is tried a second time, for tokens lock themselves: ${remedy}`,
  )
}
