import { curveOfHash, parsePublicKeyHash, publicKeyHash, type PublicKeyHash } from '../tezos/index.js'
import type { AuthenticationKey, DeviceConfig } from './config.js'
import { isTezio, readDeviceNames } from './devices.js'
import { show, type Findings, type Path } from './findings.js'
import type { FileContents } from './schema.js'

/** How requests prove who sent them: whether at all, and by which key of the device. */
export type Authentication = {
  readonly isChecked: boolean
  readonly key: AuthenticationKey | undefined
  /** Whether the file names a way to prove it, even one that was refused. */
  readonly isPossible: boolean
}

const PATH: Path = ['policy', 'auth_key']

/**
 * The authentication key, and whether requests have to prove who sent them. Without `auth_check` they have to wherever
 * a key or a client is named, and wherever an `auth_req: true` shows that one was meant.
 */
export function readAuthentication(
  file: FileContents,
  devices: readonly DeviceConfig[],
  findings: Findings,
): Authentication {
  const text = file.policy?.auth_key?.pkh ?? ''
  const entries = Object.values(file.policy?.signing_keys ?? {})
  const isMeant = entries.some(({ auth_req }) => auth_req === true)
  if (file.security?.auth_check === false && isMeant) {
    findings.warn('security.auth_check is false: keys with auth_req: true sign without authentication.')
  }
  const others = [file.policy?.authorized_keys ?? [], Object.keys(file.policy?.clients ?? {})]
  const isPossible = text !== '' || others.some(({ length }) => length > 0)
  return {
    isChecked: file.security?.auth_check ?? (isPossible || isMeant),
    key: readKey(file, text, devices, findings),
    isPossible,
  }
}

function readKey(
  file: FileContents,
  text: string,
  devices: readonly DeviceConfig[],
  findings: Findings,
): AuthenticationKey | undefined {
  const { public_key: publicKey, verify = 'host', devices: listed } = file.policy?.auth_key ?? {}
  if (text === '') {
    if (publicKey !== undefined) {
      findings.refuse(PATH, `public_key is given without its address; add pkh: "${publicKeyHash(publicKey)}"`)
    }
    if (verify === 'device') {
      findings.refuse(
        [...PATH, 'verify'],
        'device is said of no key; add pkh, the tz3 address of the authentication key on the device',
      )
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
  const boards = devices.filter(isTezio)
  const holders = readDeviceNames(listed ?? boards.map(({ name }) => name), boards, PATH, findings)
  if (holders.length === 0 && (publicKey === undefined || verify === 'device')) {
    findings.refuse(
      PATH,
      'is on no board; add public_key and leave verify at host, so that the host verifies',
    )
  }
  return { publicKeyHash: hash, devices: holders, publicKey, verify }
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
