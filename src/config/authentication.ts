import { curveOfHash, parsePublicKeyHash, publicKeyHash, type PublicKeyHash } from '../tezos/index.js'
import type { AuthenticationKey } from './config.js'
import { show, type Findings, type Path } from './findings.js'
import type { FileContents } from './schema.js'

/** How requests prove who sent them: whether at all, and by which key. */
export type Authentication = {
  readonly isChecked: boolean
  readonly key: AuthenticationKey | undefined
  /** Whether the file names a key, even one that was refused. */
  readonly isNamed: boolean
}

const PATH: Path = ['policy', 'auth_key']

/**
 * The authentication key and whether it is asked for. Without `auth_check` it is wherever a key is named,
 * and wherever an `auth_req: true` shows that one was meant.
 */
export function readAuthentication(file: FileContents, findings: Findings): Authentication {
  const text = file.policy?.auth_key?.pkh ?? ''
  const entries = Object.values(file.policy?.signing_keys ?? {})
  const isMeant = entries.some(({ auth_req }) => auth_req === true)
  if (file.security?.auth_check === false && isMeant) {
    findings.warn('security.auth_check is false: keys with auth_req: true sign without authentication.')
  }
  return {
    isChecked: file.security?.auth_check ?? (text !== '' || isMeant),
    key: readKey(file, text, findings),
    isNamed: text !== '',
  }
}

function readKey(file: FileContents, text: string, findings: Findings): AuthenticationKey | undefined {
  const publicKey = file.policy?.auth_key?.public_key
  if (text === '') {
    if (publicKey !== undefined) {
      findings.refuse(PATH, `public_key is given without its address; add pkh: "${publicKeyHash(publicKey)}"`)
    }
    return undefined
  }
  const hash = parsePublicKeyHash(text)
  if (hash === undefined || curveOfHash(hash) !== 'p256') {
    const what = hash === undefined ? 'is not an address with a right checksum' : 'is not a P-256 key'
    findings.refuse(
      [...PATH, 'pkh'],
      `${show(text)} ${what}; the device's authentication key is a tz3 address`,
    )
    return undefined
  }
  if (
    publicKey !== undefined &&
    !hashesTo(publicKeyHash(publicKey), hash, [...PATH, 'public_key'], findings)
  ) {
    return undefined
  }
  return { publicKeyHash: hash, publicKey }
}

/** Whether a configured public key belongs to its address; refuses it otherwise. */
export function hashesTo(
  found: PublicKeyHash,
  expected: PublicKeyHash,
  path: Path,
  findings: Findings,
): boolean {
  if (found === expected) return true
  findings.refuse(path, `is the key of ${found}, not of ${expected}; copy the public key of that address`)
  return false
}
