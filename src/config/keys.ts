import {
  curveOfHash,
  CURVES,
  hexByte,
  parsePublicKeyHash,
  publicKeyHash,
  toHex,
  type ChainId,
  type Curve,
  type PublicKeyHash,
} from '../tezos/index.js'
import { hashesTo, type Authentication } from './authentication.js'
import { refuseUnknownClients } from './clients.js'
import type { DeviceConfig, KeyConfig } from './config.js'
import { readDeviceNames } from './devices.js'
import { pathText, show, type Findings, type Path } from './findings.js'
import { readKeyLimits } from './key-limits.js'
import { readHook } from './hook.js'
import type { FileContents, SigningKeyEntry } from './schema.js'
import { neverSigned, warnOfIdleRules } from './signing-rules.js'

/** What all keys share. */
type Shared = {
  readonly authentication: Authentication
  /** What a key's `clients` may list. */
  readonly clientNames: readonly string[]
  readonly isPolicyChecked: boolean
  readonly chains: readonly ChainId[]
  readonly devices: readonly DeviceConfig[]
  readonly findings: Findings
}

const KEYS: Path = ['policy', 'signing_keys']
const ALIAS = { ed25519: 1, secp256k1: 2, p256: 3 } as const satisfies Record<Curve, KeyConfig['curveAlias']>

/** The keys of `policy.signing_keys` in the file's order; a key that breaks a rule is refused and left out. */
export function readKeys(
  file: FileContents,
  authentication: Authentication,
  clientNames: readonly string[],
  { chains, devices }: Pick<Shared, 'chains' | 'devices'>,
  findings: Findings,
): readonly KeyConfig[] {
  const isPolicyChecked = file.security?.signing_policy_check ?? true
  if (!isPolicyChecked) {
    findings.warn(
      'security.signing_policy_check is false: allowed_ops is not used, every known payload is signed.',
    )
  }
  const entries = Object.entries(file.policy?.signing_keys ?? {})
  const hasOtherJobs = file.ethereum !== undefined || file.accounts !== undefined
  if (entries.length === 0 && !hasOtherJobs) {
    findings.refuse(
      KEYS,
      'no signing key is given; add the address of a key on the device, with its allowed_ops',
    )
  }
  const shared = { authentication, clientNames, isPolicyChecked, chains, devices, findings }
  return entries.map(([text, entry]) => readKey(text, entry, shared)).filter((key) => key !== undefined)
}

function readKey(text: string, entry: SigningKeyEntry, shared: Shared): KeyConfig | undefined {
  const { authentication, isPolicyChecked, findings } = shared
  const path = [...KEYS, text]
  const hash = readHash(text, path, findings)
  const curve = hash && curveOfHash(hash)
  if (hash === undefined || curve === undefined) return undefined
  if (shared.clientNames.includes(hash)) {
    const place =
      hash === authentication.key?.publicKeyHash ? 'policy.auth_key.pkh' : 'in policy.authorized_keys'
    findings.refuse(path, `is also ${place}; requests are authenticated by a key that signs nothing else`)
  }
  checkAlias(entry, hash, curve, path, findings)
  checkPrefix(entry, curve, path, findings)
  if (entry.public_key) hashesTo(publicKeyHash(entry.public_key), hash, [...path, 'public_key'], findings)
  const allowedMagicBytes = isPolicyChecked ? readAllowedOps(entry, path, findings) : 'any'
  warnOfIdleRules(pathText(path), allowedMagicBytes, entry.allow, findings)
  return {
    publicKeyHash: hash,
    curve,
    devices: readDeviceNames(entry.devices, shared.devices, path, findings),
    curveAlias: ALIAS[curve],
    publicKey: entry.public_key,
    allowedMagicBytes,
    allow: entry.allow && [...new Set(entry.allow)],
    chains: [...new Set(entry.chains ?? shared.chains)],
    hook: readHook(entry, path, allowedMagicBytes, findings),
    requiresAuthentication: requiresAuthentication(entry, authentication, path, findings),
    clients: readKeyClients(entry, shared, path),
    ...readKeyLimits(entry, allowedMagicBytes, path, findings),
  }
}

function readHash(text: string, path: Path, findings: Findings): PublicKeyHash | undefined {
  const hash = parsePublicKeyHash(text)
  if (hash === undefined) {
    findings.refuse(path, 'is not a tz1, tz2 or tz3 address with a right checksum; copy it again')
  } else if (curveOfHash(hash) === undefined) {
    findings.refuse(path, 'is a tz4 address, and no Tezio HSM holds BLS keys; use a tz1, tz2 or tz3 key')
  }
  return hash
}

function checkAlias(
  entry: SigningKeyEntry,
  hash: string,
  curve: Curve,
  path: Path,
  findings: Findings,
): void {
  const { curve_alias: given } = entry
  if (given === undefined || given === ALIAS[curve]) return
  const form = hash.slice(0, 3)
  findings.refuse(
    [...path, 'curve_alias'],
    `${given} is another curve's; ${form} is ${ALIAS[curve]}, or remove the line`,
  )
}

/** The prefix is Octez' encoding of "authenticated request by this key": any other never worked. */
function checkPrefix(entry: SigningKeyEntry, curve: Curve, path: Path, findings: Findings): void {
  const right = toHex(Uint8Array.of(0x04, 0x01, CURVES.indexOf(curve)))
  if (entry.auth_prefix === undefined || entry.auth_prefix === right) return
  const value = show(entry.auth_prefix)
  findings.refuse(
    [...path, 'auth_prefix'],
    `${value} is not what Octez signs; write "${right}", or remove the line`,
  )
}

function readAllowedOps(entry: SigningKeyEntry, path: Path, findings: Findings): readonly number[] {
  const at = [...path, 'allowed_ops']
  if (entry.allowed_ops === undefined) {
    const remedy = 'list the first bytes of what it signs, such as [0x11, 0x12, 0x13] for a baker'
    findings.refuse(at, `is missing, and a key signs nothing that is not listed; ${remedy}`)
    return []
  }
  const bytes = [...new Set(entry.allowed_ops)]
  for (const byte of bytes) {
    const reason = neverSigned(byte)
    if (reason !== undefined) findings.warn(`${pathText(at)}: ${hexByte(byte)} is never signed: ${reason}.`)
  }
  return bytes
}

function requiresAuthentication(
  entry: SigningKeyEntry,
  { isChecked, isPossible }: Authentication,
  path: Path,
  findings: Findings,
): boolean {
  const isRequired = isChecked && (entry.auth_req ?? true)
  if (isRequired && !isPossible) {
    const remedy =
      "set policy.auth_key.pkh to the device's tz3 authentication key, add policy.authorized_keys or policy.clients, or write auth_req: false"
    findings.refuse(path, `requires authentication, and policy.auth_key.pkh names no key; ${remedy}`)
  }
  return isRequired
}

function readKeyClients(
  { clients, auth_req }: SigningKeyEntry,
  { authentication, clientNames, findings }: Shared,
  path: Path,
): readonly string[] | undefined {
  if (clients === undefined) return undefined
  refuseUnknownClients(clients, clientNames, path, findings)
  if (auth_req === false || !authentication.isChecked) {
    const cause = auth_req === false ? 'auth_req: false' : 'security.auth_check: false'
    findings.refuse(
      [...path, 'clients'],
      `cannot be enforced with ${cause}, for nobody has to prove who asks; remove one of the two`,
    )
  }
  return [...new Set(clients)]
}
