import { DeviceError } from '../device-error.js'
import { ACCOUNT_PREFIX, isAccountLabel } from './account-names.js'
import { callFailure } from './cryptoki-error.js'
import { findObjects, namesCurve, readAttribute, type Session } from './objects.js'

/** What a token has under the id of an account. */
export type Standing =
  | { readonly kind: 'none' }
  /** What a crash left of a key that nobody was ever told of. */
  | { readonly kind: 'half'; readonly objects: readonly Buffer[]; readonly isRemovable: boolean }
  | { readonly kind: 'whole'; readonly pair: AccountPair }

/** Both halves of an account's key. */
export type AccountPair = {
  readonly privateKey: Buffer
  readonly publicKey: Buffer
  /** CKA_EC_POINT. */
  readonly point: Uint8Array
}

/**
 * What the token has under this id (CKA_ID). A key is whole when it is one private secp256k1 key that never was and never
 * will be readable, and one public key object with its point. Throws a DeviceError `device-refused` where there are several
 * keys, keys of others or readable ones: those are neither used nor removed.
 */
export function standingOf(session: Session, id: string): Standing {
  const { names } = session
  const named = { type: names.CKA_ID, value: Buffer.from(id, 'hex') }
  const ofClass = (value: number) => find(session, [{ type: names.CKA_CLASS, value }, named])
  const privateKeys = ofClass(names.CKO_PRIVATE_KEY)
  const publicKeys = ofClass(names.CKO_PUBLIC_KEY)
  const objects = find(session, [named])
  const labels = objects.map((handle) => textOf(session, handle))
  if (objects.length > privateKeys.length + publicKeys.length || !labels.every(isAccountLabel)) {
    throw refusal(id, 'another object of the token has its id (CKA_ID)')
  }
  if (privateKeys.length > 1 || publicKeys.length > 1) {
    const count = `${privateKeys.length} private and ${publicKeys.length} public keys`
    throw refusal(id, `${count} of the token have its id (CKA_ID), and it must be one of each`)
  }
  if (objects.length === 0) return { kind: 'none' }
  const pair = pairOf(session, id, privateKeys[0], publicKeys[0])
  if (pair !== undefined) return { kind: 'whole', pair }
  // a label with an address was given to a key that somebody knows
  const isRemovable = labels.every((label) => label === `${ACCOUNT_PREFIX}${id}`)
  return { kind: 'half', objects, isRemovable }
}

/** The refusal to touch what the token has under an id; a person has to look. */
export function refusal(id: string, why: string): DeviceError {
  const remedy = '"pkcs11-tool --list-objects --login" shows it, and a person decides what is deleted'
  return new DeviceError('device-refused', `the account key ${id}: ${why}: ${remedy}`)
}

/** `undefined` unless both halves are there and complete. */
function pairOf(
  session: Session,
  id: string,
  privateKey: Buffer | undefined,
  publicKey: Buffer | undefined,
): AccountPair | undefined {
  if (privateKey === undefined || publicKey === undefined) return undefined
  const { names } = session
  const point = readAttribute(session, publicKey, names.CKA_EC_POINT)
  const parameters = readAttribute(session, privateKey, names.CKA_EC_PARAMS)
  // modules that make an object in two steps leave these empty in between
  if (isEmpty(point) || isEmpty(parameters)) return undefined
  if (!namesCurve(parameters, 'secp256k1')) throw refusal(id, 'it is a key of another curve than secp256k1')
  checkGuards(session, id, privateKey)
  return { privateKey, publicKey, point: Uint8Array.from(point) }
}

function isEmpty(value: Buffer | undefined): value is undefined {
  return value === undefined || value.length === 0
}

/** What a private key must say of itself, so that no program ever has it outside the token. */
const GUARDS = [
  ['CKA_TOKEN', true],
  ['CKA_PRIVATE', true],
  ['CKA_SENSITIVE', true],
  ['CKA_EXTRACTABLE', false],
  ['CKA_ALWAYS_SENSITIVE', true],
  ['CKA_NEVER_EXTRACTABLE', true],
] as const

function checkGuards(session: Session, id: string, privateKey: Buffer): void {
  for (const [name, wanted] of GUARDS) {
    const value = readAttribute(session, privateKey, session.names[name])
    const found = value?.length === 1 ? value[0] !== 0 : undefined
    if (found === wanted) continue
    const said = found === undefined ? 'not told by the token' : String(found)
    throw refusal(
      id,
      `${name} is ${said} and must be ${String(wanted)}, so it could be read out of the token`,
    )
  }
}

function textOf(session: Session, handle: Buffer): string {
  return readAttribute(session, handle, session.names.CKA_LABEL)?.toString('utf8') ?? ''
}

function find(session: Session, template: Parameters<typeof findObjects>[1]): readonly Buffer[] {
  try {
    return findObjects(session, template)
  } catch (error) {
    throw callFailure('C_FindObjects', error)
  }
}
