import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Launch } from '../e2e/daemon.js'

/** What a crash at a point leaves behind. */
export type Scene = {
  /** The last thing the journal has of the payload. */
  readonly journal: 'nothing' | 'torn-mark' | 'mark' | 'torn-signature' | 'signature'
  /** Whether the mark's line would survive a power cut. */
  readonly isSynced: boolean
  /** How much of the SIGN command reached the board. */
  readonly command: 'nothing' | 'half' | 'whole'
}

/** The points of a signature at which the daemon is killed, in their order (test/crash/kill-point.mjs). */
export const KILL_POINTS = {
  'before-mark': { journal: 'nothing', isSynced: false, command: 'nothing' },
  'within-mark': { journal: 'torn-mark', isSynced: false, command: 'nothing' },
  'after-mark': { journal: 'mark', isSynced: false, command: 'nothing' },
  'after-sync': { journal: 'mark', isSynced: true, command: 'nothing' },
  'within-command': { journal: 'mark', isSynced: true, command: 'half' },
  'after-command': { journal: 'mark', isSynced: true, command: 'whole' },
  'after-reply': { journal: 'mark', isSynced: true, command: 'whole' },
  'before-signature': { journal: 'mark', isSynced: true, command: 'whole' },
  'within-signature': { journal: 'torn-signature', isSynced: true, command: 'whole' },
  'after-signature': { journal: 'signature', isSynced: true, command: 'whole' },
  'before-answer': { journal: 'signature', isSynced: true, command: 'whole' },
} as const satisfies Record<string, Scene>

export type KillPoint = keyof typeof KILL_POINTS

const PRELOAD = fileURLToPath(new URL('kill-point.mjs', import.meta.url))

/** A daemon that dies at a point, the first time it is passed for a payload of a level. */
export type Doom = { readonly point: KillPoint; readonly level: number }

/** How a daemon with the preloaded module is started. It tells in the file `record` what it did. */
export function recorded(record: string, doom?: Doom): Launch {
  const environment = {
    KILL_RECORD: record,
    ...(doom === undefined ? {} : { KILL_AT: `${doom.point} ${doom.level}` }),
  }
  return { node: ['--import', PRELOAD], environment }
}

/** What a daemon recorded: the journal's size at its last sync, and the point at which it killed itself. */
export function readRecord(record: string): {
  readonly syncedBytes: number
  readonly reached: string | undefined
} {
  const text = readFileSync(record, 'utf8')
  const syncedBytes = Number([...text.matchAll(/^synced (\d+)$/gm)].at(-1)?.[1])
  return { syncedBytes, reached: /^reached (\S+)$/m.exec(text)?.[1] }
}
