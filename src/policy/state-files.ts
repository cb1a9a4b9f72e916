import fs from 'node:fs'

/** The file operations that the journal is made of: `node:fs` in life, a recording or failing one in tests. */
export type StateFiles = Pick<
  typeof fs,
  | 'openSync'
  | 'closeSync'
  | 'writeSync'
  | 'fdatasyncSync'
  | 'fsyncSync'
  | 'ftruncateSync'
  | 'fstatSync'
  | 'fchownSync'
  | 'statSync'
  | 'readFileSync'
  | 'readdirSync'
  | 'renameSync'
  | 'linkSync'
  | 'unlinkSync'
  | 'mkdirSync'
>

/** The operating system's. */
export const systemFiles: StateFiles = fs

/** Writes all of `bytes` where the descriptor stands. Throws what the system says. */
export function writeAll(files: StateFiles, fd: number, bytes: Uint8Array): void {
  for (let written = 0; written < bytes.length;) {
    const count = files.writeSync(fd, bytes, written, bytes.length - written)
    if (count === 0) throw new Error('the file system wrote nothing')
    written += count
  }
}

/** Makes a rename or a new name in `directory` survive a power cut. */
export function syncDirectory(files: StateFiles, directory: string): void {
  const fd = files.openSync(directory, 'r')
  try {
    files.fsyncSync(fd)
  } finally {
    files.closeSync(fd)
  }
}

/**
 * Puts a whole new file in the place of `path`, durably: after a crash there is the old one or the new one.
 * The owner stays, so that a command run as root does not lock the daemon out.
 */
export function replaceFile(files: StateFiles, directory: string, path: string, bytes: Uint8Array): void {
  const temporary = `${path}.new`
  const fd = files.openSync(temporary, 'w', 0o600)
  try {
    writeAll(files, fd, bytes)
    const before = files.statSync(path, { throwIfNoEntry: false })
    if (before !== undefined && before.uid !== files.fstatSync(fd).uid) {
      files.fchownSync(fd, before.uid, before.gid)
    }
    files.fsyncSync(fd)
  } finally {
    files.closeSync(fd)
  }
  files.renameSync(temporary, path)
  syncDirectory(files, directory)
}
