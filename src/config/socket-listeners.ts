import { dirname, resolve } from 'node:path'
import { isLoopback, listenText } from './addresses.js'
import type { KeyConfig, ListenAddress, UnixSocketConfig } from './config.js'
import { refused, show, type Findings, type Refused } from './findings.js'
import type { FileContents } from './schema.js'

/** Nobody but the daemon's own user. */
const DEFAULT_MODE = 0o600
/** What the system takes as the path of a Unix socket, in bytes (108 with the zero byte at its end). */
const MAX_PATH_BYTES = 107
/** Whoever may write a socket may connect. */
const OTHERS_MAY_CONNECT = 0o002
const LARGEST_ID = 0xffff_fffe

/** Permission bits as `'0660'` in quotes, or as the number `0o660`; the owner must be able to connect. */
export function readMode(value: unknown): number | Refused {
  const mode = typeof value === 'string' && /^0?[0-7]{3}$/.test(value) ? parseInt(value, 8) : value
  const isMode = typeof mode === 'number' && Number.isInteger(mode) && mode >= 0 && mode <= 0o777
  if (!isMode) {
    return refused(
      `${show(value)} is not a mode from 0600 to 0777; write it in quotes, like '0660' for owner and group`,
    )
  }
  if ((mode & 0o600) === 0o600) return mode
  return refused(
    `0${mode.toString(8).padStart(3, '0')} keeps the owner out; write '0600' for the owner alone, or '0660' with the group`,
  )
}

/** A group by its name, or by its number. */
export function readGroup(value: unknown): string | number | Refused {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= LARGEST_ID) return value
  if (typeof value === 'string' && /^[a-z_][a-z0-9_.-]{0,31}$/i.test(value)) return value
  return refused(`${show(value)} is not a group; write its name, or its number`)
}

/** What may stand before every path of HTTP, in one form: `/a/b`, without a slash at its end. */
export function readPathPrefix(value: unknown): string | Refused {
  if (typeof value === 'string' && /^(?:\/[a-z0-9_~-][a-z0-9_.~-]*)+\/?$/i.test(value)) {
    return value.replace(/\/$/, '')
  }
  return refused(
    `${show(value)} is not the beginning of a path; write it like /signer, with letters and digits`,
  )
}

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
