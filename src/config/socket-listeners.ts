import { dirname, resolve } from 'node:path'
import { isLoopback, listenText } from './addresses.js'
import type { KeyConfig, ListenAddress, UnixSocketConfig } from './config.js'
import { show, type Findings } from './findings.js'
import type { FileContents } from './schema.js'

/** Nobody but the daemon's own user. */
const DEFAULT_MODE = 0o600
/** What the system takes as the path of a Unix socket, in bytes (108 with the zero byte at its end). */
const MAX_PATH_BYTES = 107
/** Whoever may write a socket may connect. */
const OTHERS_MAY_CONNECT = 0o002

/** The Unix socket, where the file names one; relative paths start at the file's folder. */
export function readUnixSocket(
  contents: FileContents,
  file: string,
  keys: readonly KeyConfig[],
  findings: Findings,
): UnixSocketConfig | undefined {
  const unix = contents.server?.unix
  if (unix === undefined || unix === null) return undefined
  const at = ['server', 'unix']
  if (unix.path === undefined) {
    findings.refuse(at, 'names no path; write one like /run/tezio-bridge/signer.sock, or remove server.unix')
    return undefined
  }
  const path = resolve(dirname(file), unix.path)
  const bytes = Buffer.byteLength(path)
  if (bytes > MAX_PATH_BYTES) {
    const limit = `the system takes ${MAX_PATH_BYTES} for a Unix socket`
    findings.refuse(at, `${show(path)} has ${bytes} bytes, and ${limit}; choose a shorter path`)
  }
  const mode = unix.mode ?? DEFAULT_MODE
  const open = keys.filter((key) => !key.requiresAuthentication).map((key) => key.publicKeyHash)
  if ((mode & OTHERS_MAY_CONNECT) !== 0 && open.length > 0) {
    findings.warn(
      `server.unix ${path} lets every user of this machine connect, and these keys sign without authentication: ${open.join(', ')}.`,
    )
  }
  return { path, mode, group: unix.group }
}

/** Says which keys any machine could use over the socket protocol. */
export function warnOfTcp(tcp: ListenAddress, keys: readonly KeyConfig[], findings: Findings): void {
  const open = keys.filter((key) => !key.requiresAuthentication).map((key) => key.publicKeyHash)
  if (isLoopback(tcp.host) || open.length === 0) return
  const where = `server.tcp ${listenText(tcp)} is reached from other machines`
  findings.warn(`${where}, and these keys sign without authentication: ${open.join(', ')}.`)
}
