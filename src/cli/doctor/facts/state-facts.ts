import { statfsSync, statSync } from 'node:fs'
import { userName, type Host } from '../../host/index.js'

/** The state directory as the file system has it. */
export type StateFacts =
  | { readonly outcome: 'missing'; readonly directory: string }
  | {
      readonly outcome: 'there'
      readonly directory: string
      readonly isDirectory: boolean
      readonly uid: number
      readonly owner: string
      /** Permission bits. */
      readonly mode: number
      /** The file system's magic number (statfs(2)). */
      readonly fileSystem: number
      readonly freeBytes: number
      /** `undefined` where the file system has no fixed number of them. */
      readonly freeInodes: number | undefined
    }

/** Looks at the directory. Throws what the system says where it may not be looked at. */
export function stateFacts(host: Host, directory: string): StateFacts {
  const stat = statSync(directory, { throwIfNoEntry: false })
  if (stat === undefined) return { outcome: 'missing', directory }
  const { type, bavail, bsize, files, ffree } = statfsSync(directory)
  return {
    outcome: 'there',
    directory,
    isDirectory: stat.isDirectory(),
    uid: stat.uid,
    owner: userName(host, stat.uid),
    mode: stat.mode & 0o777,
    fileSystem: type,
    freeBytes: bavail * bsize,
    freeInodes: files === 0 ? undefined : ffree,
  }
}
