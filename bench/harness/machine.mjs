import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { arch, cpus, platform, release, tmpdir, totalmem } from 'node:os'

/** What the numbers were measured on, and of which state of the program. Nothing names the host. */
export function describeMachine() {
  const processors = cpus()
  return {
    processor: `${processors.length} × ${processors[0]?.model ?? 'unknown'}`,
    memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
    system: `${platform()} ${release()} ${arch()}`,
    fileSystem: fileSystemOf(tmpdir()),
    node: process.version,
    commit: commit(),
  }
}

/** The type of the file system that holds a folder, by the longest mount point above it. */
function fileSystemOf(folder) {
  const mounts = readFileSync('/proc/self/mounts', 'utf8').split('\n')
  const above = mounts
    .map((line) => line.split(' '))
    .filter(([, point]) => point && `${folder}/`.startsWith(point === '/' ? '/' : `${point}/`))
  above.sort(([, left], [, right]) => left.length - right.length)
  return above.at(-1)?.[2] ?? 'unknown'
}

function commit() {
  const git = (...args) => execFileSync('git', args, { encoding: 'utf8', stdio: 'pipe' }).trim()
  try {
    return `${git('rev-parse', '--short=10', 'HEAD')}${git('status', '--porcelain') === '' ? '' : ' and changes'}`
  } catch {
    return 'not a git checkout'
  }
}
