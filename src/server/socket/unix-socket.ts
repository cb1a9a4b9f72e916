import { chmodSync, chownSync, lstatSync, rmSync } from 'node:fs'
import { connect, type Server } from 'node:net'
import { systemErrorCode } from '../../system-error.js'
import { bindForOwner } from '../bind.js'

/** A Unix socket: its file, the file's permission bits, and its group where it is not this user's own. */
export type UnixSocket = {
  readonly path: string
  readonly mode: number
  readonly gid: number | undefined
}

/**
 * Why a Unix socket cannot be had:
 * `address-in-use` - a program listens there already, or may: it does not let this user ask;
 * `not-a-socket` - something else has the name, and is not removed;
 * `group-not-allowed` - this user may not give the file to that group.
 * The start must be given up; only the first may pass by itself.
 */
export type ListenErrorCode = 'address-in-use' | 'not-a-socket' | 'group-not-allowed'

/** What keeps a listener from its address, with the remedy. */
export class ListenError extends Error {
  readonly code: ListenErrorCode

  constructor(code: ListenErrorCode, message: string, cause?: unknown) {
    super(message, { cause })
    this.name = 'ListenError'
    this.code = code
  }
}

/**
 * Binds a server to a Unix socket. At no instant may anybody connect whom the configuration does not allow: the file is
 * made for this user alone, then given to its group, then opened as far as `mode` says.
 */
export async function bindUnixSocket(server: Server, { path, mode, gid }: UnixSocket): Promise<void> {
  await makeRoom(path)
  await bindForOwner(server, path)
  try {
    if (gid !== undefined) giveTo(path, gid)
    chmodSync(path, mode)
  } catch (error) {
    server.close() // removes the file
    throw error
  }
}

/** Removes the socket that a daemon left behind when it was killed, and nothing else. */
async function makeRoom(path: string): Promise<void> {
  const found = lstatSync(path, { throwIfNoEntry: false })
  if (found === undefined) return
  if (!found.isSocket()) {
    throw new ListenError(
      'not-a-socket',
      `${path} is there already and is no socket; it was left alone: choose another path, or remove it`,
    )
  }
  const problem = await connectionProblem(path)
  if (problem === 'ECONNREFUSED') rmSync(path, { force: true })
  else if (problem !== 'ENOENT') {
    const why = problem === undefined ? 'another program listens there' : `it cannot be asked (${problem})`
    throw new ListenError(
      'address-in-use',
      `${path} is in use: ${why}; stop that program, or choose another path`,
    )
  }
}

/** The code of the error that connecting ends with; `undefined` when it succeeds. */
function connectionProblem(path: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect(path)
    socket.once('connect', () => {
      socket.destroy()
      resolve(undefined)
    })
    socket.once('error', (error) => {
      resolve(systemErrorCode(error) ?? 'unknown')
    })
  })
}

function giveTo(path: string, gid: number): void {
  try {
    chownSync(path, process.geteuid?.() ?? -1, gid)
  } catch (error) {
    const text = `the group ${gid} cannot be given ${path}: this user is not a member of it; add the user to the group, or choose another one`
    throw new ListenError('group-not-allowed', text, error)
  }
}
