import type { NodeReport } from '../../../octez/index.js'
import { readText, type Host } from '../../host/index.js'
import { fail, pass, skip, warn, type Check, type Finding } from '../check.js'

const SYNCHRONISE = 'sudo timedatectl set-ntp true, and look: timedatectl'

/** `told`: what timedatectl says; `marker`: whether systemd-timesyncd left its file. */
export function judgeSynchronised(told: string | undefined, hasMarker: boolean): Finding {
  if (told === 'yes') return pass('timedatectl says so')
  if (told === 'no') return warn('the system clock is not synchronised', SYNCHRONISE)
  if (hasMarker) return pass('systemd-timesyncd says so')
  return warn(
    'nobody here tells whether the clock is synchronised (a container?)',
    `on the host: ${SYNCHRONISE}`,
  )
}

async function synchronised(host: Host): Promise<Finding> {
  const told = await host.run('timedatectl', ['show', '--property=NTPSynchronized', '--value'])
  const hasMarker = readText(host, '/run/systemd/timesync/synchronized') !== undefined
  return judgeSynchronised(told?.trim(), hasMarker)
}

const MOST_APART_S = 15
/** A head is older than this only when several bakers in a row missed their rounds. */
const OLDEST_FRESH_HEAD_S = 60

/**
 * Compares the clock with the head's. A head from the future is always the clock's fault, for nodes refuse such
 * blocks. An old one may be the clock's, the node's or the bakers' fault: it fails only where the node says that it
 * has caught up, and no few missed rounds explain it.
 */
export function judgeOffset(
  nowMs: number,
  { headAt, isSynced }: Extract<NodeReport, { outcome: 'told' }>,
): Finding {
  const age = Math.round((nowMs - headAt) / 1000)
  if (age < -MOST_APART_S) {
    return fail(`the node's head is ${-age} s in the future: this clock is behind`, SYNCHRONISE)
  }
  if (age <= MOST_APART_S) return pass(`the node's head is ${Math.max(age, 0)} s old`)
  const both = `the node's head is ${age} s old: this clock is ahead, or the node is behind`
  const remedy = `${SYNCHRONISE}; if that is well, see whether the node follows the chain: octez-client bootstrapped`
  if (isSynced !== true) return warn(`${both}, and the node does not say that it has caught up`, remedy)
  return age <= OLDEST_FRESH_HEAD_S
    ? warn(`${both}, or a baker missed its round: look again in a minute`, remedy)
    : fail(`${both}, although the node says that it has caught up`, remedy)
}

/** The clock. No mark and no deadline depends on it, but the node's blocks and the logs do. */
export const clockChecks: readonly Check[] = [
  { id: 'clock-synchronised', title: 'Clock is synchronised', run: ({ host }) => synchronised(host) },
  {
    id: 'clock-node',
    title: 'Clock and the chain',
    run: async ({ node, host }) => {
      const report = await node()
      if (report === undefined) return skip('no node is named')
      if (report.outcome === 'silent') return skip('the node does not answer')
      return judgeOffset(host.wallClock(), report)
    },
  },
]
