import { DeviceError } from '../device-error.js'
import { callFailure, pinRefused } from './cryptoki-error.js'
import type { TokenName } from './messages.js'
import type { CryptokiModule } from './module.js'

/** A token that is in its slot. */
export type FoundToken = {
  readonly slot: Buffer
  readonly label: string
  readonly serial: string
  readonly flags: number
}

/** The one token of that name. Throws a DeviceError `token-not-found` that tells what was found instead. */
export function findToken(module: CryptokiModule, { by, value }: TokenName): FoundToken {
  const tokens = listTokens(module)
  const matching = tokens.filter((token) => token[by] === value)
  const [token] = matching
  if (token !== undefined && matching.length === 1) return token
  const found = tokens.map(({ label, serial }) => `${quoted(label)} (serial ${quoted(serial)})`).join(', ')
  const remedy =
    matching.length > 1 ? 'name it by its serial' : 'plug it in, or correct token (label or serial)'
  throw new DeviceError(
    'token-not-found',
    `${matching.length} tokens have the ${by} ${quoted(value)}, and it must be one; the module has ${found || 'none'}: ${remedy}`,
  )
}

/** Throws `pin-refused` where a wrong PIN would lock the token, or it is locked: that is left to a person. */
export function checkPinFlags(flags: number): void {
  if ((flags & CKF_USER_PIN_LOCKED) !== 0) throw pinRefused('CKF_USER_PIN_LOCKED, an earlier one')
  if ((flags & CKF_USER_PIN_FINAL_TRY) !== 0) throw pinRefused('CKF_USER_PIN_FINAL_TRY, an earlier one')
}

/** A token's own text, safe for a log. */
export function quoted(text: string): string {
  return JSON.stringify(text)
}

// Source: PKCS#11 3.0, section 3.2, CK_TOKEN_INFO
const CKF_TOKEN_INITIALIZED = 0x400
const CKF_USER_PIN_FINAL_TRY = 0x20000
const CKF_USER_PIN_LOCKED = 0x40000

function listTokens({ calls }: CryptokiModule): readonly FoundToken[] {
  const slots = attempt('C_GetSlotList', () => calls.C_GetSlotList(true))
  return slots.flatMap((slot) => {
    const info = infoOf(calls, slot)
    if (info === undefined || (info.flags & CKF_TOKEN_INITIALIZED) === 0) return []
    return [{ slot, label: trimmed(info.label), serial: trimmed(info.serialNumber), flags: info.flags }]
  })
}

/** A token that cannot say who it is may belong to somebody else: it is not the one that is looked for. */
function infoOf(calls: CryptokiModule['calls'], slot: Buffer) {
  try {
    return calls.C_GetTokenInfo(slot)
  } catch {
    return undefined
  }
}

function attempt<Value>(call: string, run: () => Value): Value {
  try {
    return run()
  } catch (error) {
    throw callFailure(call, error)
  }
}

/** Names are padded with blanks, and by some modules with zeros. */
function trimmed(text: string): string {
  return text.replace(/[\0 ]+$/, '')
}
