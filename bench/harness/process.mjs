import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'

/** Resident memory of a process, in MiB (VmRSS). */
export function residentMiB(pid) {
  const [, kiB] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))
  return Number(kiB) / 1024
}

/** How many descriptors a process has open. */
export function openDescriptors(pid) {
  return readdirSync(`/proc/${pid}/fd`).length
}

/** What the files of a folder hold together, in MiB. */
export function folderMiB(folder) {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  )
  const bytes = files.map(({ parentPath, name }) => statSync(join(parentPath, name)).size)
  return bytes.reduce((sum, size) => sum + size, 0) / 2 ** 20
}
