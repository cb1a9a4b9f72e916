import { statSync } from 'node:fs'
import { join } from 'node:path'
import { linkAt, namesIn, realPath, readText, type Host } from './host.js'

/** A running program. */
export type ProcessName = { readonly pid: number; readonly name: string }

/** The programs that run, by number; those of other users as well. */
export function processes(host: Host): readonly ProcessName[] {
  return namesIn(host, '/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => processName(host, Number(name)))
}

/** A program by its number; "unknown" for one that has gone, or that this user may not see. */
export function processName(host: Host, pid: number): ProcessName {
  return { pid, name: readText(host, `/proc/${pid}/comm`) ?? 'unknown' }
}

/** Whom a program runs as; `undefined` when it has gone. */
export function processUser({ root }: Host, pid: number): number | undefined {
  return statSync(join(root, `/proc/${pid}`), { throwIfNoEntry: false })?.uid
}

/** What a person is told of a program. */
export function processText({ pid, name }: ProcessName): string {
  return `${name} (process ${pid})`
}

/**
 * The other programs that have a file or port open, as far as this user may see them: by their descriptors, and by
 * the locks on it, which are shown for other users' programs as well. Whoever has the other end of a pseudo-terminal
 * plays the board and is left out.
 */
export function holdersOf(host: Host, path: string): readonly ProcessName[] {
  const real = realPath(path)
  const terminal = /^\/dev\/pts\/(\d+)$/.exec(real)?.[1]
  const locked = [...lockersOf(host, real)].filter((pid) => pid > 0)
  // where /proc hides other users' programs (hidepid), a lock still tells their numbers
  const pids = new Set([...processes(host).map(({ pid }) => pid), ...locked])
  const holders = [...pids].filter((pid) => {
    if (pid === process.pid) return false
    const open = openFiles(host, pid)
    if (!locked.includes(pid) && !open.some(({ target }) => target === real)) return false
    return terminal === undefined || !open.some((file) => isMaster(host, file, terminal))
  })
  return holders.map((pid) => processName(host, pid))
}

type OpenFile = { readonly pid: number; readonly fd: string; readonly target: string }

/** A program's open files, sockets as `socket:[inode]`; none where this user may not look. */
export function openFiles(host: Host, pid: number): readonly OpenFile[] {
  return namesIn(host, `/proc/${pid}/fd`).flatMap((fd) => {
    const target = linkAt(host, `/proc/${pid}/fd/${fd}`)
    return target === undefined ? [] : [{ pid, fd, target }]
  })
}

function isMaster(host: Host, { pid, fd, target }: OpenFile, terminal: string): boolean {
  if (!target.endsWith('/ptmx')) return false
  return new RegExp(`^tty-index:\\s*${terminal}$`, 'm').test(
    readText(host, `/proc/${pid}/fdinfo/${fd}`) ?? '',
  )
}

/** `1: FLOCK  ADVISORY  WRITE 13953 fe:00:2146313 0 EOF`: process, device and inode. */
const LOCK = /^\d+: \w+\s+\w+\s+\w+\s+(-?\d+) ([0-9a-f]+):([0-9a-f]+):(\d+) /

/** The programs that hold a lock on a file; -1 stands for a lock that belongs to a descriptor. */
export function lockersOf(host: Host, path: string): ReadonlySet<number> {
  const stat = statOf(path)
  if (stat === undefined) return new Set()
  // the kernel's dev_t as glibc's major() and minor() take it apart
  const major = ((stat.dev >> 8n) & 0xfffn) | ((stat.dev >> 32n) & ~0xfffn)
  const minor = (stat.dev & 0xffn) | ((stat.dev >> 12n) & ~0xffn)
  const found = (readText(host, '/proc/locks') ?? '').split('\n').flatMap((line) => {
    const [, pid, lockMajor = '', lockMinor = '', inode = ''] = LOCK.exec(line) ?? []
    const isThis =
      pid !== undefined &&
      BigInt(`0x${lockMajor}`) === major &&
      BigInt(`0x${lockMinor}`) === minor &&
      BigInt(inode) === stat.ino
    return isThis ? [Number(pid)] : []
  })
  return new Set(found)
}

function statOf(path: string) {
  try {
    return statSync(path, { bigint: true })
  } catch {
    return undefined // nothing is there, or this user may not look: both mean that nothing is known
  }
}
