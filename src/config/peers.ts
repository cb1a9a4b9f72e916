import { collide, isLoopback, listenText, LOOPBACK } from './addresses.js'
import type { AddressRange, Config, KeyConfig, ListenAddress } from './config.js'
import type { Findings } from './findings.js'
import type { FileContents } from './schema.js'
import { readUnixSocket, warnOfTcp } from './socket-listeners.js'
import { readTransport } from './tls.js'

const SIGNER_DEFAULT: ListenAddress = { host: '127.0.0.1', port: 6732 }
const ADMIN_DEFAULT: ListenAddress = { host: '127.0.0.1', port: 6733 }
const QUEUE_TIMEOUT_MS = 4000

/** The peers that may ask: those of `allowed_ips`, else this machine alone, unless the check is off. */
export function allowedPeers(file: FileContents, findings: Findings): readonly AddressRange[] | 'any' {
  if (file.security?.remote_ip_check === false) {
    const rest = file.allowed_ips === undefined ? '' : ' and allowed_ips is not used'
    findings.warn(`security.remote_ip_check is false: any peer may ask for signatures${rest}.`)
    return 'any'
  }
  if (file.allowed_ips?.length === 0) findings.warn('allowed_ips is empty: every peer is refused.')
  return file.allowed_ips ?? LOOPBACK
}

/** The signer's listeners and the operator's; `path` is the file's own. */
export function listeners(
  file: FileContents,
  path: string,
  keys: readonly KeyConfig[],
  findings: Findings,
): Pick<Config, 'server' | 'admin'> {
  const listen = file.server?.listen ?? SIGNER_DEFAULT
  const admin = file.admin?.listen ?? ADMIN_DEFAULT
  const tcp = file.server?.tcp
  refuseCollisions(file, { listen, tcp, admin }, findings)
  if (tcp !== undefined) warnOfTcp(tcp, keys, findings)
  const transport = readTransport(file, path, listen, findings)
  // Whom the CA of the clients does not vouch for comes no further than the handshake.
  warnOfExposure(listen, admin, transport.transport === 'mutual-tls' ? [] : keys, findings)
  return {
    server: {
      listen,
      unix: readUnixSocket(file, path, keys, findings),
      tcp,
      pathPrefix: file.server?.path_prefix ?? 'any',
      allowedHosts: file.server?.allowed_hosts ?? [],
      knownKeys: file.server?.known_keys ?? false,
      queueTimeoutMs: file.server?.queue_timeout_ms ?? QUEUE_TIMEOUT_MS,
      trustedProxies: file.server?.trusted_proxies ?? [],
      ...transport,
    },
    admin: { listen: admin },
  }
}

type Addresses = {
  readonly listen: ListenAddress
  readonly tcp: ListenAddress | undefined
  readonly admin: ListenAddress
}

/** No two listeners can have one port. What the file says is to blame rather than a default. */
function refuseCollisions(file: FileContents, { listen, tcp, admin }: Addresses, findings: Findings): void {
  const all = [
    { path: ['server', 'listen'], at: listen, isWritten: file.server?.listen !== undefined },
    { path: ['admin', 'listen'], at: admin, isWritten: file.admin?.listen !== undefined },
    ...(tcp === undefined ? [] : [{ path: ['server', 'tcp'], at: tcp, isWritten: true }]),
  ]
  for (const [index, one] of all.entries()) {
    for (const other of all.slice(index + 1)) {
      if (!collide(one.at, other.at)) continue
      const text = [one, other].map(({ path, at }) => `${path.join('.')} (${listenText(at)})`).join(' and ')
      const { path } = other.isWritten ? other : one
      findings.refuse(path, `${text} take the same port; choose another port for one of them`)
    }
  }
}

function warnOfExposure(
  listen: ListenAddress,
  admin: ListenAddress,
  keys: readonly KeyConfig[],
  findings: Findings,
): void {
  const open = keys.filter((key) => !key.requiresAuthentication).map((key) => key.publicKeyHash)
  if (!isLoopback(listen.host) && open.length > 0) {
    const where = `server.listen ${listenText(listen)} is reached from other machines`
    findings.warn(`${where}, and these keys sign without authentication: ${open.join(', ')}.`)
  }
  if (!isLoopback(admin.host)) {
    const where = `admin.listen ${listenText(admin)} is reached from other machines`
    findings.warn(`${where}, and what the admin listener tells asks for no authentication.`)
  }
}
