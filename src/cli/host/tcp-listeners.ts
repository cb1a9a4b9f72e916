import { openFiles, processes, type ProcessName } from './processes.js'
import { readText, type Host } from './host.js'

/** Something that listens on a TCP port. */
export type TcpListener = {
  /** Canonical: `127.0.0.1`, `::1`, `0.0.0.0` or `::` for every address. */
  readonly address: string
  readonly port: number
  readonly uid: number
  /** Who it is, where this user may see it. */
  readonly owner: ProcessName | undefined
}

/** State `LISTEN` in /proc/net/tcp. */
const LISTENING = '0A'

/** The listeners on a port, of IPv4 and of IPv6. */
export function listenersOn(host: Host, port: number): readonly TcpListener[] {
  const rows = ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((file) =>
    (readText(host, file) ?? '').split('\n').slice(1).flatMap(listenerOf),
  )
  const found = rows.filter((row) => row.port === port)
  const owners = found.length === 0 ? new Map<string, ProcessName>() : socketOwners(host)
  return found.map(({ inode, ...row }) => ({ ...row, owner: owners.get(`socket:[${inode}]`) }))
}

function listenerOf(line: string) {
  const [, local = '', , state, , , , uid, , inode = ''] = line.trim().split(/\s+/)
  const [, hex = '', port = ''] = /^([0-9A-F]{8}|[0-9A-F]{32}):([0-9A-F]{4})$/.exec(local) ?? []
  if (state !== LISTENING || hex === '') return []
  return [{ address: addressOf(hex), port: parseInt(port, 16), uid: Number(uid), inode }]
}

/** Words of 32 bits, each in this machine's own byte order, which is little endian wherever Node runs. */
function addressOf(hex: string): string {
  const bytes = (hex.match(/.{8}/g) ?? []).flatMap((word) => [...Buffer.from(word, 'hex')].reverse())
  if (bytes.length === 4) return bytes.join('.')
  const groups = Array.from({ length: 8 }, (_, at) =>
    (((bytes[2 * at] ?? 0) << 8) | (bytes[2 * at + 1] ?? 0)).toString(16),
  )
  return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1)
}

function socketOwners(host: Host): ReadonlyMap<string, ProcessName> {
  return new Map(
    processes(host).flatMap((process) =>
      openFiles(host, process.pid).map(({ target }) => [target, process] as const),
    ),
  )
}
