import { DeviceError } from '../device-error.js'
import { isAccountLabel } from './account-names.js'
import { callFailure } from './cryptoki-error.js'
import { CURVE_FACTS } from './curve-facts.js'
import { quoted } from './find-token.js'
import type { KeyQuery } from './messages.js'
import type { CryptokiModule } from './module.js'
import { attributeOf, findObjects, namesCurve, type Session, type Template } from './objects.js'

/** A private key that signs, and the points of the public key objects that belong to it. */
export type FoundKey = {
  readonly query: KeyQuery
  readonly handle: Buffer
  readonly points: readonly Uint8Array[]
}

/** The one private key that fits. Throws a DeviceError `token-key-missing` for none and for several. */
export function findKey(session: Session, query: KeyQuery): FoundKey {
  try {
    return searchKey(session, query)
  } catch (error) {
    throw callFailure('C_FindObjects', error)
  }
}

function searchKey(session: Session, query: KeyQuery): FoundKey {
  const { names } = session
  if (query.label === undefined && query.id === undefined) {
    const remedy = 'give the label or the id of its private key'
    throw new DeviceError('token-key-missing', `${query.name} has neither a label nor an id: ${remedy}`)
  }
  const named = nameTemplate(names, query)
  const usable: Template = [
    { type: names.CKA_CLASS, value: names.CKO_PRIVATE_KEY },
    { type: names.CKA_KEY_TYPE, value: CURVE_FACTS[query.curve].keyType },
    { type: names.CKA_SIGN, value: true },
    ...named,
  ]
  const matching = findObjects(session, usable).filter((handle) => isOfCurve(session, handle, query))
  const [handle] = matching
  if (handle !== undefined && matching.length === 1) {
    refuseAccountKey(session, handle, query)
    return { query, handle, points: pointsOf(session, handle, query) }
  }
  const all = findObjects(session, [{ type: names.CKA_CLASS, value: names.CKO_PRIVATE_KEY }, ...named])
  throw missing(query, matching.length, all.length)
}

/** Keys of accounts sign for their owners alone. */
function refuseAccountKey(session: Session, handle: Buffer, { name }: KeyQuery): void {
  const label = attributeOf(session, handle, session.names.CKA_LABEL)?.toString('utf8') ?? ''
  if (!isAccountLabel(label)) return
  const remedy = 'name another key, or give this one a label without that beginning'
  throw new DeviceError(
    'token-key-missing',
    `${name}: the key of that name on the token is the key of an account (label ${quoted(label)}): ${remedy}`,
  )
}

function missing({ name, curve, label, id }: KeyQuery, matching: number, all: number): DeviceError {
  const asked = [
    ...(label === undefined ? [] : [`the label ${quoted(label)}`]),
    ...(id === undefined ? [] : [`the id ${id}`]),
  ].join(' and ')
  const others =
    all > matching ? `; ${all - matching} more are of another curve or may not sign (CKA_SIGN)` : ''
  const remedy =
    matching > 1 ? 'give its id (CKA_ID) as well' : '"pkcs11-tool --list-objects --login" shows what is there'
  return new DeviceError(
    'token-key-missing',
    `${name}: the token has ${matching} private ${curve} keys with ${asked}, and it must be one${others}: ${remedy}`,
  )
}

function nameTemplate(names: CryptokiModule['names'], { label, id }: KeyQuery): Template {
  return [
    ...(label === undefined ? [] : [{ type: names.CKA_LABEL, value: Buffer.from(label, 'utf8') }]),
    ...(id === undefined ? [] : [{ type: names.CKA_ID, value: Buffer.from(id, 'hex') }]),
  ]
}

/** By the same CKA_ID, as PKCS#11 advises, else by the same label. */
function pointsOf(session: Session, handle: Buffer, query: KeyQuery): readonly Uint8Array[] {
  const { names } = session
  for (const type of [names.CKA_ID, names.CKA_LABEL]) {
    const value = attributeOf(session, handle, type)
    if (value === undefined || value.length === 0) continue
    const points = findObjects(session, [
      { type: names.CKA_CLASS, value: names.CKO_PUBLIC_KEY },
      { type: names.CKA_KEY_TYPE, value: CURVE_FACTS[query.curve].keyType },
      { type, value },
    ]).flatMap((publicKey) => {
      const point = attributeOf(session, publicKey, names.CKA_EC_POINT)
      return point === undefined || !isOfCurve(session, publicKey, query) ? [] : [Uint8Array.from(point)]
    })
    if (points.length > 0) return points
  }
  return []
}

function isOfCurve(session: Session, handle: Buffer, { curve }: KeyQuery): boolean {
  return namesCurve(attributeOf(session, handle, session.names.CKA_EC_PARAMS), curve)
}
