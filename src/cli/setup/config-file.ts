import { spawnSync } from 'node:child_process'
import {
  accessSync,
  chmodSync,
  constants,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, resolve } from 'node:path'
import { RefusedError } from '../exit-code.js'

/**
 * Its group may read it, so that the daemon can run as another user than the one who writes it; nobody else has to know
 * who may ask and where. There is no secret in it.
 */
const MODE = 0o640

/** What stands in a file, or `undefined` where there is none. */
export function textOf(file: string): string | undefined {
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined
}

/** Makes the folder of a configuration where it is missing. Whoever may not read the file may still see that it is there. */
export function makeFolder(file: string): void {
  const folder = dirname(resolve(file))
  const first = mkdirSync(folder, { recursive: true })
  if (first !== undefined) chmodSync(folder, 0o755) // the process's umask leaves less
}

/** Puts a whole file in its place: whoever looks sees the old one or the new one. */
export function writeConfig(file: string, text: string, mode = MODE): void {
  const temporary = `${file}.${process.pid}.tmp`
  try {
    writeFileSync(temporary, text, { flag: 'wx', mode, flush: true })
    chmodSync(temporary, mode) // the process's umask leaves less
    renameSync(temporary, file)
  } catch (error) {
    rmSync(temporary, { force: true })
    throw error
  }
}

/** Keeps what stands in `file` under a name that is free, and tells it. */
export function backUp(file: string, now: Date): string {
  const stamp = now.toISOString().replace(/[-:]/g, '').replace(/\..*/, 'Z')
  const backup = `${file}.${stamp}.bak`
  writeFileSync(backup, readFileSync(file), { flag: 'wx', mode: MODE, flush: true })
  chmodSync(backup, MODE)
  return backup
}

/** What `text` changes of `file`, line by line, as diff(1) tells it; `undefined` where that is not installed. */
export function differenceTo(file: string, text: string): string | undefined {
  const names = [`--label=${basename(file)}`, `--label=${basename(file)} of setup`]
  const { status, stdout } = spawnSync('diff', ['-u', ...names, file, '-'], { input: text, encoding: 'utf8' })
  return status === 1 ? stdout : undefined
}

/** Throws a RefusedError where `path` could not be made or replaced: better before the questions than after them. */
export function checkWritable(path: string, option: string): void {
  const folder = nearestFolder(dirname(resolve(path)))
  try {
    accessSync(folder, constants.W_OK | constants.X_OK)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new RefusedError(
      `${path} cannot be written (${reason}); run setup as the user who may write in ${folder}, or choose another place with ${option}`,
    )
  }
}

function nearestFolder(folder: string): string {
  return existsSync(folder) || dirname(folder) === folder ? folder : nearestFolder(dirname(folder))
}
