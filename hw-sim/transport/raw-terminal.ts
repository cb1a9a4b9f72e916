import { spawnSync } from 'node:child_process'
import { closeSync, constants, fstatSync, openSync, readdirSync, writeSync } from 'node:fs'
import type { ReadStream } from 'node:tty'
import * as nodePty from '@lydell/node-pty'
import { PseudoTerminalError } from './pseudo-terminal-error.js'

/** What node-pty's `open` really returns; its declarations leave it out. */
type OpenedTerminal = {
  readonly master: ReadStream
  readonly slave: ReadStream
  /** The master's descriptor. */
  readonly fd: number
  readonly ptsName: string
}

/** A pseudo-terminal whose other end is 8-bit clean: raw, without echo. */
export type RawTerminal = {
  /** Where the other end can be opened. */
  readonly path: string
  /** Writes in one piece and never waits: what finds no room, because the other end does not read, is lost. */
  readonly write: (bytes: Uint8Array) => void
  /**
   * Stops at once, and hangs up `delayMs` later (`HANG_UP_DELAY_MS` unless given): whoever has the other end open
   * loses it then. With 0 it happens within the call. Called twice it does nothing.
   */
  readonly destroy: (delayMs?: number) => void
}

/**
 * A descriptor that was hung up reads nothing, without error and without end, and `serialport` notices the loss only
 * while it polls. So a client gets time to return from the read it may be in.
 */
export const HANG_UP_DELAY_MS = 10

/**
 * Opens a pseudo-terminal. `onData` gets what the other end writes; `onLost` is called once if the master fails.
 * The other end is kept open here, or the master would read EIO between two clients, and node-pty's own reader of it
 * is destroyed, or it would steal replies. Throws a PseudoTerminalError (`terminal-failed`).
 *
 * node-pty's `destroy()` must not be used: it sends SIGHUP to process -1, which is every process.
 */
export function openRawTerminal(onData: (bytes: Uint8Array) => void, onLost: () => void): RawTerminal {
  const before = new Set(readdirSync('/dev/fd'))
  const terminal = openTerminal()
  const keeper = takeOver(terminal, before)
  const { master, fd, ptsName } = terminal
  let isOpen = true
  const hangUp = () => {
    master.destroy()
    closeSync(keeper)
  }
  const destroy = (delayMs = HANG_UP_DELAY_MS) => {
    if (!isOpen) return
    isOpen = false
    if (delayMs === 0) hangUp()
    else setTimeout(hangUp, delayMs)
  }
  const lose = () => {
    if (!isOpen) return
    destroy()
    onLost()
  }
  master.removeAllListeners('error') // node-pty's throws
  master.on('error', lose)
  master.on('close', lose)
  master.on('data', (chunk: Buffer) => {
    if (isOpen) onData(chunk)
  })
  const write = (bytes: Uint8Array) => {
    if (isOpen && !master.destroyed) writeNow(fd, bytes)
  }
  return { path: ptsName, write, destroy }
}

/**
 * Past the stream, whose writes to a master are blocking ones in libuv: with a full buffer they spin until the other
 * end reads, and if that is in the same process, for ever. The descriptor itself does not block.
 */
function writeNow(fd: number, bytes: Uint8Array): void {
  try {
    writeSync(fd, bytes)
  } catch {
    // no room (EAGAIN), or hung up: the stream reports that by itself
  }
}

function openTerminal(): OpenedTerminal {
  try {
    const open = (nodePty as unknown as { open: (options: object) => OpenedTerminal }).open
    return open({ cols: 80, rows: 24, encoding: null })
  } catch (cause) {
    throw new PseudoTerminalError('terminal-failed', 'cannot open a pseudo-terminal', cause)
  }
}

/** Leaves one quiet descriptor of the other end, in raw mode, and nobody who reads it. */
function takeOver({ master, slave, ptsName }: OpenedTerminal, before: ReadonlySet<string>): number {
  let keeper: number | undefined
  try {
    keeper = openSync(ptsName, constants.O_RDWR | constants.O_NOCTTY)
    slave.destroy()
    closeOthers(keeper, before)
    setRaw(keeper)
    return keeper
  } catch (cause) {
    master.destroy()
    slave.destroy()
    if (keeper !== undefined) closeSync(keeper)
    throw new PseudoTerminalError('terminal-failed', `cannot set up ${ptsName}`, cause)
  }
}

/**
 * Closes the other descriptors of the terminal that came with its opening: libuv opens a terminal once more, and
 * leaves the descriptor that node-pty made to nobody.
 */
function closeOthers(keeper: number, before: ReadonlySet<string>): void {
  const { rdev } = fstatSync(keeper)
  for (const name of readdirSync('/dev/fd')) {
    const descriptor = Number(name)
    const isOther = descriptor !== keeper && !before.has(name)
    if (isOther && isDevice(descriptor, rdev)) closeSync(descriptor)
  }
}

function isDevice(descriptor: number, rdev: number): boolean {
  try {
    const stats = fstatSync(descriptor)
    return stats.isCharacterDevice() && stats.rdev === rdev
  } catch {
    return false // closed meanwhile: the descriptor the directory was read with
  }
}

/** By stty and not by `setRawMode`, which leaves output processing on: 0x0a would reach the device as 0x0d 0x0a. */
function setRaw(descriptor: number): void {
  const stty = spawnSync('stty', ['raw', '-echo'], { stdio: [descriptor, 'ignore', 'pipe'] })
  if (stty.error !== undefined) throw stty.error
  if (stty.status !== 0) throw new Error(`stty failed: ${stty.stderr.toString().trim()}`)
}
