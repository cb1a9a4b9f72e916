import { DeviceError } from '../device-error.js'
import { assertNever } from '../../tezos/assert-never.js'
import { ACCOUNT_PREFIX, isAccountId, isAccountLabel } from './account-names.js'
import { refusal, standingOf, type AccountPair, type Standing } from './account-pair.js'
import { callFailure, returnValueOf } from './cryptoki-error.js'
import { CURVE_FACTS } from './curve-facts.js'
import type { AccountRequest, TokenReply } from './messages.js'
import { attributeOf, findAllObjects, type Session } from './objects.js'
import { signInSession } from './sign-in-session.js'

/** The keys of accounts on one token, in the process of its module. Every method throws a DeviceError. */
export class AccountKeys {
  readonly #session: Session
  /** Private keys by id that were found whole; a handle of one that was deleted is refused by the token. */
  readonly #found = new Map<string, Buffer>()

  constructor(session: Session) {
    this.#session = session
  }

  answer(request: AccountRequest): TokenReply {
    switch (request.kind) {
      case 'generate-account':
        return { kind: 'account', point: this.#generate(request.id).point }
      case 'find-account': {
        const standing = this.#lookAt(request.id)
        return { kind: 'account', point: standing.kind === 'whole' ? standing.pair.point : undefined }
      }
      case 'label-account':
        return { kind: 'labelled', isSet: this.#label(request.id, request.label) }
      case 'sign-account':
        return { kind: 'signed', signature: this.#sign(request.id, request.digest) }
      case 'list-accounts':
        return { kind: 'accounts', ids: this.#list() }
      default:
        return assertNever(request)
    }
  }

  #lookAt(id: string): Standing {
    this.#found.delete(id) // what was found before may be gone, or no longer alone
    return standingOf(this.#session, id)
  }

  #generate(id: string): AccountPair {
    const before = this.#lookAt(id)
    if (before.kind === 'whole') {
      throw new DeviceError('device-refused', `the token has an account key ${id}, and no id is used twice`)
    }
    this.#removeHalf(id, before)
    const made = this.#makePair(id)
    try {
      const after = this.#lookAt(id)
      if (after.kind === 'whole') return after.pair
      throw refusal(id, 'the token made it and keeps but half of it')
    } catch (error) {
      throw this.#destroyed([made.privateKey, made.publicKey], error)
    }
  }

  #makePair(id: string): { readonly privateKey: Buffer; readonly publicKey: Buffer } {
    const { calls, names, session } = this.#session
    const shared = [
      { type: names.CKA_TOKEN, value: true },
      { type: names.CKA_ID, value: Buffer.from(id, 'hex') },
      { type: names.CKA_LABEL, value: Buffer.from(`${ACCOUNT_PREFIX}${id}`, 'utf8') },
    ]
    const curve = Buffer.from(CURVE_FACTS.secp256k1.parameters[0] ?? '', 'hex')
    const publicPart = [
      { type: names.CKA_EC_PARAMS, value: curve },
      { type: names.CKA_VERIFY, value: true },
    ]
    const privatePart = [
      { type: names.CKA_PRIVATE, value: true },
      { type: names.CKA_SENSITIVE, value: true },
      { type: names.CKA_EXTRACTABLE, value: false },
      { type: names.CKA_SIGN, value: true },
    ]
    const mechanism = { mechanism: names.CKM_EC_KEY_PAIR_GEN }
    try {
      return calls.C_GenerateKeyPair(
        session,
        mechanism,
        [...shared, ...publicPart],
        [...shared, ...privatePart],
      )
    } catch (error) {
      this.#tidyUp(id)
      throw generationFailure(error)
    }
  }

  /** After a generation that failed: the next one of this id removes what is left, but ids are seldom used again. */
  #tidyUp(id: string): void {
    try {
      this.#removeHalf(id, this.#lookAt(id))
    } catch {
      // why the key could not be made is what is told
    }
  }

  #removeHalf(id: string, standing: Standing): void {
    if (standing.kind !== 'half') return
    if (!standing.isRemovable) throw refusal(id, 'half of it is missing, and the other half names an address')
    for (const handle of standing.objects) this.#destroy(handle)
  }

  /** The reason why a new key is not used, and what became of it. */
  #destroyed(handles: readonly Buffer[], reason: unknown): DeviceError {
    const why = callFailure('C_GetAttributeValue', reason)
    try {
      for (const handle of handles) this.#destroy(handle)
      return new DeviceError(why.code, `no key was made: ${why.message} (it was destroyed)`, { sent: true })
    } catch (error) {
      const fate = callFailure('C_DestroyObject', error).message
      const text = `a key was made that is never used: ${why.message} (it could not be destroyed: ${fate})`
      return new DeviceError(why.code, text, { sent: true })
    }
  }

  #destroy(handle: Buffer): void {
    const { calls, session } = this.#session
    try {
      calls.C_DestroyObject(session, handle)
    } catch (error) {
      throw callFailure('C_DestroyObject', error, true)
    }
  }

  #label(id: string, label: string): boolean {
    const { publicKey, privateKey } = this.#wholePair(id)
    const { calls, names, session } = this.#session
    try {
      for (const handle of [publicKey, privateKey]) {
        calls.C_SetAttributeValue(session, handle, [
          { type: names.CKA_LABEL, value: Buffer.from(label, 'utf8') },
        ])
      }
      return true
    } catch (error) {
      if (LABEL_IS_FIXED.includes(returnValueOf(error) ?? '')) return false
      throw callFailure('C_SetAttributeValue', error, true)
    }
  }

  #sign(id: string, digest: Uint8Array): Uint8Array {
    const handle = this.#found.get(id) ?? this.#wholePair(id).privateKey
    this.#found.set(id, handle)
    return signInSession(this.#session, CURVE_FACTS.secp256k1.mechanism, handle, digest)
  }

  #wholePair(id: string): AccountPair {
    const standing = this.#lookAt(id)
    if (standing.kind === 'whole') return standing.pair
    const what = standing.kind === 'half' ? 'but half of it' : 'none'
    const remedy = 'use the token that it was made on, or a copy of it'
    throw new DeviceError('token-key-missing', `the account key ${id}: the token has ${what}: ${remedy}`)
  }

  #list(): readonly string[] {
    const { names } = this.#session
    try {
      const privateKeys = findAllObjects(this.#session, [
        { type: names.CKA_CLASS, value: names.CKO_PRIVATE_KEY },
        { type: names.CKA_KEY_TYPE, value: CURVE_FACTS.secp256k1.keyType },
      ])
      const ids = privateKeys.flatMap((handle) => {
        const label = attributeOf(this.#session, handle, names.CKA_LABEL)?.toString('utf8') ?? ''
        const id = attributeOf(this.#session, handle, names.CKA_ID)?.toString('hex') ?? ''
        return isAccountLabel(label) && isAccountId(id) ? [id] : []
      })
      return [...new Set(ids)].sort()
    } catch (error) {
      throw callFailure('C_FindObjects', error)
    }
  }
}

/** What tokens answer whose labels cannot be changed. Source: PKCS#11 3.0, section 5.7.8, C_SetAttributeValue. */
const LABEL_IS_FIXED: readonly string[] = [
  'CKR_ATTRIBUTE_READ_ONLY',
  'CKR_ACTION_PROHIBITED',
  'CKR_FUNCTION_NOT_SUPPORTED',
]

function generationFailure(error: unknown): DeviceError {
  if (returnValueOf(error) !== 'CKR_DEVICE_MEMORY') return callFailure('C_GenerateKeyPair', error, true)
  const remedy = 'delete keys that nobody needs, take a larger token, or keep new accounts in a vault'
  return new DeviceError(
    'device-refused',
    `the token is full (CKR_DEVICE_MEMORY), and no key was made: ${remedy}`,
    { sent: true },
  )
}
