import { randomUUID } from 'node:crypto'
import { existsSync, lstatSync, readlinkSync, renameSync, symlinkSync, unlinkSync } from 'node:fs'
import { PseudoTerminalError } from './pseudo-terminal-error.js'

const TERMINAL = /^\/dev\/(?:pts\/\d+|ttys\d+)$/

/**
 * Makes `link` point to `target`, in one step: at no moment is it missing or half made. A link that leads nowhere or
 * to a pseudo-terminal was left behind and is replaced. Throws a PseudoTerminalError: `link-occupied` when anything
 * else is there, `link-failed` when it cannot be made.
 */
export function makePortLink(link: string, target: string): void {
  refuseOccupied(link)
  const temporary = `${link}.${randomUUID()}`
  try {
    symlinkSync(target, temporary)
    renameSync(temporary, link)
  } catch (cause) {
    removeQuietly(temporary)
    throw new PseudoTerminalError('link-failed', `cannot make the link ${link}`, cause)
  }
}

/** Removes `link` if it still points to `target`; another's link is left alone, and a missing one is no error. */
export function removePortLink(link: string, target: string): void {
  if (readTarget(link) === target) removeQuietly(link)
}

function refuseOccupied(link: string): void {
  const stats = lstatSync(link, { throwIfNoEntry: false })
  if (stats === undefined) return
  if (!stats.isSymbolicLink()) {
    throw new PseudoTerminalError('link-occupied', `${link} exists and is not a symbolic link`)
  }
  if (existsSync(link) && !TERMINAL.test(readTarget(link) ?? '')) {
    throw new PseudoTerminalError(
      'link-occupied',
      `${link} is a link to something that is not a simulated port`,
    )
  }
}

function readTarget(link: string): string | undefined {
  try {
    return readlinkSync(link)
  } catch {
    return undefined // no link: nothing it could point to
  }
}

function removeQuietly(path: string): void {
  try {
    unlinkSync(path)
  } catch {
    // gone already: that is what was wanted
  }
}
