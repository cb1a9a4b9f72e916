import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'

/** How much memory may have grown from the second quarter of a run to its last, in KiB. */
export const MAX_GROWTH_KIB = 8192

/**
 * Whether a process kept still: `samples` are `{ rssKiB, descriptors }` at even intervals. The first quarter is warm-up.
 * Memory is flat when its median in the last quarter is at most MAX_GROWTH_KIB above that of the second; descriptors
 * are when no sample after the warm-up has more than the fewest.
 */
export function judge(samples) {
  const quarter = (number) =>
    samples.slice((samples.length * (number - 1)) / 4, (samples.length * number) / 4)
  const growthKiB = median(quarter(4).map(rss)) - median(quarter(2).map(rss))
  const after = samples.slice(samples.length / 4).map(({ descriptors }) => descriptors)
  const [fewest, most] = [Math.min(...after), Math.max(...after)]
  return { isFlat: growthKiB <= MAX_GROWTH_KIB && most === fewest, growthKiB, fewest, most }
}

/** Memory and descriptors of a process, and how many of these are sockets. */
export function look(pid) {
  const [, rssKiB] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))
  const folder = `/proc/${pid}/fd`
  const targets = readdirSync(folder).flatMap((name) => targetOf(join(folder, name)))
  const sockets = targets.filter((target) => target.startsWith('socket:')).length
  return { rssKiB: Number(rssKiB), descriptors: targets.length, sockets }
}

/** What a descriptor stands for; nothing when it was closed since it was listed. */
function targetOf(path) {
  try {
    return [readlinkSync(path)]
  } catch {
    return []
  }
}

const rss = ({ rssKiB }) => rssKiB

function median(numbers) {
  const sorted = [...numbers].sort((left, right) => left - right)
  return sorted[Math.floor(sorted.length / 2)] ?? NaN
}
