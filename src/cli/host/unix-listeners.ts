import { openFiles, processes, type ProcessName } from './processes.js'
import { readText, type Host } from './host.js'

/** A program that listens on a Unix socket; its owner where this user may see it. */
export type UnixListener = { readonly owner: ProcessName | undefined }

/** `__SO_ACCEPTCON` in the flags of /proc/net/unix: the socket takes connections. */
const LISTENING = '00010000'

/** Who listens on a path; `undefined` when nobody does. */
export function unixListenerOn(host: Host, path: string): UnixListener | undefined {
  const rows = (readText(host, '/proc/net/unix') ?? '').split('\n').slice(1)
  for (const row of rows) {
    // the path is the rest of the line, spaces included
    const [, flags, inode, name] = /^\S+ \S+ \S+ (\S+) \S+ \S+ +(\d+) (.*)$/.exec(row) ?? []
    if (flags === LISTENING && name === path) return { owner: ownerOf(host, `socket:[${inode ?? ''}]`) }
  }
  return undefined
}

function ownerOf(host: Host, target: string): ProcessName | undefined {
  return processes(host).find(({ pid }) => openFiles(host, pid).some((file) => file.target === target))
}
