import { execFile } from 'node:child_process'
import { readdirSync, readFileSync, readlinkSync, realpathSync } from 'node:fs'
import { join } from 'node:path'
import { listPorts, type PortDescription } from '../../device/index.js'

/** Whom the system takes this process for. */
export type Identity = { readonly uid: number; readonly gids: readonly number[] }

/**
 * The machine as it can be looked at: what the system tells of itself in /proc, /sys, /run, /etc and /dev/serial is
 * read below `root`. Reads only.
 */
export type Host = {
  readonly root: string
  readonly identity: Identity
  /** What the driver would choose from. Rejects where ports cannot be listed. */
  readonly listPorts: () => Promise<readonly PortDescription[]>
  /** Milliseconds since 1970, by the machine's own clock. */
  readonly wallClock: () => number
  /** The output of a system tool; `undefined` where it is not there, fails or takes longer than 2 s. */
  readonly run: (command: string, args: readonly string[]) => Promise<string | undefined>
}

/** This machine. */
export function systemHost(root = '/'): Host {
  return {
    root,
    identity: {
      uid: process.geteuid?.() ?? 0,
      gids: [process.getegid?.() ?? 0, ...(process.getgroups?.() ?? [])],
    },
    listPorts: () => listPorts(),
    wallClock: Date.now,
    run: runTool,
  }
}

/** A small file's text without the space around it; `undefined` where it cannot be read. */
export function readText({ root }: Host, path: string): string | undefined {
  try {
    return readFileSync(join(root, path), 'utf8').trim()
  } catch {
    return undefined // not there, or not for this user: both mean that nothing is known
  }
}

/** The names in a folder, in order; none where it cannot be read. */
export function namesIn({ root }: Host, path: string): readonly string[] {
  try {
    return readdirSync(join(root, path)).sort()
  } catch {
    return []
  }
}

/** Where a link leads, as it is written; `undefined` where there is none or it may not be read. */
export function linkAt({ root }: Host, path: string): string | undefined {
  try {
    return readlinkSync(join(root, path))
  } catch {
    return undefined
  }
}

/** A path without links; the path itself where nothing is there. */
export function realPath(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    return path
  }
}

const TOOL_TIMEOUT_MS = 2000

function runTool(command: string, args: readonly string[]): Promise<string | undefined> {
  return new Promise((resolve) => {
    execFile(command, args, { timeout: TOOL_TIMEOUT_MS }, (error, stdout) => {
      resolve(error === null ? stdout : undefined)
    })
  })
}
