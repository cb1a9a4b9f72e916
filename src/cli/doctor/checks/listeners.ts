import { networkInterfaces } from 'node:os'
import {
  collide,
  isLoopback,
  listenText,
  type AddressRange,
  type Config,
  type ListenAddress,
} from '../../../config/index.js'
import {
  listenersOn,
  processText,
  readText,
  userName,
  type Host,
  type TcpListener,
} from '../../host/index.js'
import { NO_CONFIG, fail, pass, skip, warn, type Check, type Finding } from '../check.js'
import type { DaemonFacts } from '../facts/daemon-facts.js'
import { unixSocketCheck } from './unix-socket.js'

/** What is known of an address that the daemon wants to listen on. */
export type ListenFacts = {
  readonly listen: ListenAddress
  /** What listens on the same port. */
  readonly listeners: readonly TcpListener[]
  /** This machine's addresses. */
  readonly own: readonly string[]
  /** Lower ports are for root alone. */
  readonly firstFreePort: number
}

/** Whether the daemon could listen there, or does. */
export function judgeListener(facts: ListenFacts, daemon: DaemonFacts | undefined, host: Host): Finding {
  const { listen, own, firstFreePort } = facts
  const where = listenText(listen)
  if (listen.port === 0) return pass('any free port')
  if (!isEvery(listen.host) && !isLoopback(listen.host) && !own.includes(listen.host)) {
    return fail(
      `${listen.host} is no address of this machine`,
      'write one of its own addresses (ip -brief address), or 127.0.0.1',
    )
  }
  if (listen.port < firstFreePort && host.identity.uid !== 0) {
    return fail(`port ${listen.port} is for root alone`, `choose a port from ${firstFreePort} on`)
  }
  const inTheWay = facts.listeners.filter(({ address, port }) =>
    collide({ ...listen, host: canonical(listen.host) }, { host: address, port }),
  )
  const isRunning = daemon?.outcome === 'answers'
  const daemonPid = daemon !== undefined && daemon.outcome !== 'none' ? daemon.process?.pid : undefined
  const others = inTheWay.filter(({ owner }) => owner === undefined || owner.pid !== daemonPid)
  const [other] = others
  if (other === undefined) {
    if (inTheWay.length > 0) return pass(`${where} is held by the daemon`)
    return isRunning
      ? warn(
          `the daemon runs and does not listen on ${where}: its configuration is another one`,
          'restart the daemon',
        )
      : pass(`${where} is free`)
  }
  if (other.owner !== undefined) {
    return fail(
      `${where} is held by ${processText(other.owner)}`,
      `stop it (kill ${other.owner.pid}), or choose another port`,
    )
  }
  const unseen = `${where} is held by a process of ${userName(host, other.uid)}, which this user may not look at`
  if (isRunning) return pass(`${unseen}; the daemon, as it seems`)
  return fail(unseen, `sudo ss -ltnp 'sport = :${listen.port}' names it; stop it, or choose another port`)
}

function isEvery(host: string): boolean {
  return host === '0.0.0.0' || host === '::'
}

function canonical(host: string): string {
  return host === 'localhost' ? '127.0.0.1' : host
}

/** Whether machines that were not meant may ask. */
export function judgeExposure({ server, admin, allowedPeers, keys }: Config): Finding {
  const problems: string[] = []
  // With client_ca nobody gets past the handshake who is not meant to.
  const http = server.transport === 'mutual-tls' ? [] : [server.listen]
  const signing = [...http, ...(server.tcp === undefined ? [] : [server.tcp])]
  for (const listen of signing.filter(({ host }) => !isLoopback(host))) {
    const unsigned = keys.filter(({ requiresAuthentication }) => !requiresAuthentication)
    if (isAnybody(allowedPeers)) problems.push(`${listenText(listen)} is open to any machine that reaches it`)
    if (unsigned.length > 0 && hasOthers(allowedPeers)) {
      const names = unsigned.map(({ publicKeyHash }) => publicKeyHash).join(', ')
      problems.push(`requests from other machines need no authentication for ${names}`)
    }
  }
  if (!isLoopback(admin.listen.host))
    problems.push(`${listenText(admin.listen)}, the admin listener, asks nobody who they are`)
  if (problems.length === 0) return pass('only who is meant to may ask')
  return warn(
    problems.join('; '),
    'listen on 127.0.0.1, or list the machines in allowed_ips, set policy.auth_key, and keep a firewall before both',
  )
}

function isAnybody(peers: readonly AddressRange[] | 'any'): boolean {
  return peers === 'any' || peers.some(({ prefixLength }) => prefixLength === 0)
}

function hasOthers(peers: readonly AddressRange[] | 'any'): boolean {
  return peers === 'any' || peers.some(({ address }) => !isLoopback(address))
}

function listenFacts(host: Host, listen: ListenAddress): ListenFacts {
  return {
    listen,
    listeners: listen.port === 0 ? [] : listenersOn(host, listen.port),
    own: Object.values(networkInterfaces()).flatMap((one) => (one ?? []).map(({ address }) => address)),
    firstFreePort: Number(readText(host, '/proc/sys/net/ipv4/ip_unprivileged_port_start') ?? 1024),
  }
}

/** `absent` says why there may be no such address. */
function listenerCheck(
  id: string,
  title: string,
  choose: (config: Config) => ListenAddress | undefined,
  absent = 'it is not configured',
): Check {
  return {
    id,
    title,
    run: async ({ config, daemon, host }) => {
      const loaded = config()
      if (loaded.outcome !== 'loaded') return skip(NO_CONFIG)
      const listen = choose(loaded.config)
      if (listen === undefined) return skip(absent)
      return judgeListener(listenFacts(host, listen), await daemon(), host)
    },
  }
}

/** The addresses that the daemon listens on. */
export const listenerChecks: readonly Check[] = [
  listenerCheck('signer-address', 'Address of the signer', ({ server }) => server.listen),
  listenerCheck(
    'tcp-address',
    'Address of the socket protocol',
    ({ server }) => server.tcp,
    'server.tcp is not configured',
  ),
  unixSocketCheck,
  listenerCheck('admin-address', 'Address of the admin pages', ({ admin }) => admin.listen),
  {
    id: 'listener-exposure',
    title: 'Who may reach it',
    run: ({ config }) => {
      const loaded = config()
      return loaded.outcome === 'loaded' ? judgeExposure(loaded.config) : skip(NO_CONFIG)
    },
  },
]
