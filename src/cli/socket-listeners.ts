import { monotonicClock } from '../clock.js'
import type { Config, UnixSocketConfig } from '../config/index.js'
import {
  listenOnSocket,
  type Sinks,
  type SocketListener,
  type SocketService,
  type SocketTarget,
} from '../server/index.js'
import { RefusedError } from './exit-code.js'
import { groupId } from './host/accounts.js'
import { systemHost } from './host/host.js'

/** A listener of the socket protocol, and what kind it is. */
export type OpenSocket = { readonly transport: 'unix' | 'tcp'; readonly listener: SocketListener }

/**
 * Opens what a configuration names of `server.unix` and `server.tcp`, and hands over each at once, so that it is closed
 * when a later one cannot be had.
 */
export async function openSockets(
  { server: { unix, tcp } }: Config,
  service: SocketService,
  sinks: Sinks,
  onOpen: (socket: OpenSocket) => void,
): Promise<void> {
  const open = async (transport: OpenSocket['transport'], target: SocketTarget) => {
    const { onFault, onRefused } = sinks
    const listener = await listenOnSocket(service, target, { clock: monotonicClock, onFault, onRefused })
    onOpen({ transport, listener })
  }
  if (unix !== undefined) await open('unix', { ...unix, gid: gidOf(unix) })
  if (tcp !== undefined) await open('tcp', tcp)
}

function gidOf({ path, group }: UnixSocketConfig): number | undefined {
  if (typeof group !== 'string') return group
  const gid = groupId(systemHost(), group)
  if (gid !== undefined) return gid
  throw new RefusedError(
    `server.unix.group: there is no group "${group}" on this machine for ${path}; create it (groupadd ${group}), or name another one`,
  )
}
