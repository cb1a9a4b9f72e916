import { accessSync, constants, lstatSync } from 'node:fs'
import { dirname } from 'node:path'
import type { UnixSocketConfig } from '../../../config/index.js'
import { groupId, processText, unixListenerOn, type Host, type UnixListener } from '../../host/index.js'
import { NO_CONFIG, fail, pass, skip, warn, type Check, type Finding } from '../check.js'
import type { DaemonFacts } from '../facts/daemon-facts.js'

/** What is known of a place where the daemon wants a Unix socket. */
export type UnixSocketFacts = {
  readonly unix: UnixSocketConfig
  readonly listener: UnixListener | undefined
  /** What has the path now. */
  readonly there: 'nothing' | 'socket' | 'something-else'
  readonly folder: 'writable' | 'not-writable' | 'missing'
}

/** Whether the daemon could listen there, or does. */
export function judgeUnixSocket(
  facts: UnixSocketFacts,
  daemon: DaemonFacts | undefined,
  host: Host,
): Finding {
  const { unix, listener, there, folder } = facts
  const { path } = unix
  if (listener !== undefined) return judgeHolder(path, listener, daemon)
  if (folder === 'missing') {
    return fail(
      `the folder of ${path} does not exist`,
      'create it for the daemon’s user (under systemd RuntimeDirectory= does it), or choose another path',
    )
  }
  if (there === 'something-else') {
    return fail(`${path} is there and is no socket`, 'remove it, or choose another path')
  }
  if (folder === 'not-writable') {
    return fail(
      `this user may not make ${path}`,
      `let the daemon's user write to ${dirname(path)}, and run this as that user`,
    )
  }
  const group = groupProblem(unix, host)
  if (group !== undefined) return group
  if (daemon?.outcome === 'answers') {
    return warn(
      `the daemon runs and does not listen on ${path}: its configuration is another one`,
      'restart the daemon',
    )
  }
  return pass(there === 'socket' ? `${path} was left behind and will be replaced` : `${path} is free`)
}

function judgeHolder(path: string, { owner }: UnixListener, daemon: DaemonFacts | undefined): Finding {
  const daemonPid = daemon !== undefined && daemon.outcome !== 'none' ? daemon.process?.pid : undefined
  if (owner !== undefined && owner.pid === daemonPid) return pass(`${path} is held by the daemon`)
  if (owner !== undefined) {
    return fail(
      `${path} is held by ${processText(owner)}`,
      `stop it (kill ${owner.pid}), or choose another path`,
    )
  }
  const unseen = `${path} is held by a process that this user may not look at`
  if (daemon?.outcome === 'answers') return pass(`${unseen}; the daemon, as it seems`)
  return fail(unseen, `sudo ss -xlp 'src = ${path}' names it; stop it, or choose another path`)
}

function groupProblem({ group }: UnixSocketConfig, { identity, ...host }: Host): Finding | undefined {
  if (group === undefined) return undefined
  const gid = typeof group === 'number' ? group : groupId({ identity, ...host }, group)
  if (gid === undefined) {
    return fail(`there is no group "${group}" here`, `create it (groupadd ${group}), or name another one`)
  }
  if (identity.uid === 0 || identity.gids.includes(gid)) return undefined
  return fail(
    `this user may not give the socket to the group ${group}`,
    `add the daemon's user to the group (usermod -aG ${group} USER), and start the daemon anew`,
  )
}

function unixSocketFacts(host: Host, unix: UnixSocketConfig): UnixSocketFacts {
  const found = lstatSync(unix.path, { throwIfNoEntry: false })
  return {
    unix,
    listener: unixListenerOn(host, unix.path),
    there: found === undefined ? 'nothing' : found.isSocket() ? 'socket' : 'something-else',
    folder: folderState(dirname(unix.path)),
  }
}

function folderState(folder: string): UnixSocketFacts['folder'] {
  if (lstatSync(folder, { throwIfNoEntry: false }) === undefined) return 'missing'
  try {
    accessSync(folder, constants.W_OK | constants.X_OK)
    return 'writable'
  } catch {
    return 'not-writable'
  }
}

/** The Unix socket that the daemon listens on, where one is configured. */
export const unixSocketCheck: Check = {
  id: 'unix-socket',
  title: 'Unix socket of the signer',
  run: async ({ config, daemon, host }) => {
    const loaded = config()
    if (loaded.outcome !== 'loaded') return skip(NO_CONFIG)
    const { unix } = loaded.config.server
    if (unix === undefined) return skip('server.unix is not configured')
    return judgeUnixSocket(unixSocketFacts(host, unix), await daemon(), host)
  },
}
