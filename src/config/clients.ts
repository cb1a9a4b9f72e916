import { dirname, resolve } from 'node:path'
import {
  authenticationKeyHash,
  parsePublicKeyHash,
  type AuthenticationPublicKey,
  type PublicKeyHash,
} from '../tezos/index.js'
import type { AuthenticationKey, ClientConfig } from './config.js'
import { pathText, suggestion, type Findings, type Path } from './findings.js'
import type { ClientEntry, FileContents } from './schema.js'

/** Who may be authenticated beside the device's own authentication key. */
export type Clients = {
  readonly authorizedKeys: readonly AuthenticationPublicKey[]
  readonly clients: readonly ClientConfig[]
}

const CLIENTS: Path = ['policy', 'clients']

/** The keys of `policy.authorized_keys` and the clients of `policy.clients`, in the file's order. */
export function readClients(
  file: FileContents,
  configFile: string,
  authenticationKey: AuthenticationKey | undefined,
  findings: Findings,
): Clients {
  const entries = Object.entries(file.policy?.clients ?? {})
  const clients = entries.map(([name, entry]) => readClient(name, entry, configFile, file, findings))
  const authorizedKeys = file.policy?.authorized_keys ?? []
  refuseSharedKeys({ authorizedKeys, clients }, authenticationKey, findings)
  refuseSharedCertificates(clients, findings)
  return { authorizedKeys, clients }
}

/** The names that a key's `clients` may list: of clients, and the addresses of the other keys that authenticate. */
export function clientNames(
  { authorizedKeys, clients }: Clients,
  authenticationKey: AuthenticationKey | undefined,
): readonly string[] {
  return [
    ...(authenticationKey === undefined ? [] : [authenticationKey.publicKeyHash]),
    ...authorizedKeys.map(authenticationKeyHash),
    ...clients.map(({ name }) => name),
  ]
}

/** Refuses names in a key's `clients` that stand for nobody. */
export function refuseUnknownClients(
  listed: readonly string[],
  names: readonly string[],
  path: Path,
  findings: Findings,
): void {
  for (const [index, name] of listed.entries()) {
    if (names.includes(name)) continue
    const known = names.length === 0 ? 'there are none' : `known are ${names.join(', ')}`
    findings.refuse(
      [...path, 'clients', index],
      `"${name}" is no client${suggestion(name, names)}: ${known}; write a name of policy.clients, or the address of an authorized key`,
    )
  }
}

function readClient(
  name: string,
  entry: ClientEntry,
  configFile: string,
  file: FileContents,
  findings: Findings,
): ClientConfig {
  const path = [...CLIENTS, name]
  const { public_key: publicKey, certificate, token_file } = entry
  if (!/^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$/.test(name) || parsePublicKeyHash(name) !== undefined) {
    const form = 'at most 63 letters, digits, dots, dashes and underscores, and no address'
    findings.refuse(path, `is not a client's name; write ${form}`)
  }
  if (publicKey === undefined && certificate === undefined && token_file === undefined) {
    findings.refuse(path, 'proves itself by nothing; add public_key, certificate or token_file')
  }
  if (certificate !== undefined && file.server?.tls?.client_ca === undefined) {
    findings.refuse(
      [...path, 'certificate'],
      'is never asked for without server.tls.client_ca; name the CA that signs the certificates of clients there',
    )
  }
  const tokenFile = token_file === undefined ? undefined : resolve(dirname(configFile), token_file)
  return { name, publicKey, certificate, tokenFile }
}

/** One key in two places would prove two clients, and nobody could say which of them asked. */
function refuseSharedKeys(
  { authorizedKeys, clients }: Clients,
  authenticationKey: AuthenticationKey | undefined,
  findings: Findings,
): void {
  const holders = new Map<PublicKeyHash, string>()
  const hold = (hash: PublicKeyHash, path: Path) => {
    const holder = holders.get(hash)
    if (holder !== undefined) findings.refuse(path, `${hash} stands in ${holder} already; remove one of them`)
    holders.set(hash, pathText(path))
  }
  if (authenticationKey !== undefined) hold(authenticationKey.publicKeyHash, ['policy', 'auth_key'])
  for (const [index, key] of authorizedKeys.entries())
    hold(authenticationKeyHash(key), ['policy', 'authorized_keys', index])
  for (const { name, publicKey } of clients) {
    if (publicKey !== undefined) hold(authenticationKeyHash(publicKey), [...CLIENTS, name, 'public_key'])
  }
}

function refuseSharedCertificates(clients: readonly ClientConfig[], findings: Findings): void {
  const holders = new Map<string, string>()
  for (const { name, certificate } of clients) {
    if (certificate === undefined) continue
    const { kind, value } = certificate
    const holder = holders.get(`${kind} ${value}`)
    if (holder !== undefined) {
      findings.refuse([...CLIENTS, name, 'certificate'], `is also that of ${holder}; remove one of them`)
    }
    holders.set(`${kind} ${value}`, name)
  }
}
