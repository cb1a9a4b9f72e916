import { processUser, userName, type Host } from '../../host/index.js'
import { NO_CONFIG, fail, pass, skip, warn, type Check, type Finding } from '../check.js'
import type { DoctorFacts } from '../facts.js'
import type { StateFacts } from '../facts/state-facts.js'
import { FILE_SYSTEMS } from './file-systems.js'

type There = Extract<StateFacts, { readonly outcome: 'there' }>

/** Whose the directory is and who may look into it. `daemonUid`: whom the running daemon runs as. */
export function judgeStateDirectory(facts: StateFacts, host: Host, daemonUid: number | undefined): Finding {
  if (facts.outcome === 'missing') {
    return fail(
      `${facts.directory} does not exist`,
      'tezio-bridge init --level LEVEL, with the level of the chain’s head',
    )
  }
  const { directory, isDirectory, uid, owner, mode } = facts
  if (!isDirectory) return fail(`${directory} is no directory`, 'name another one in state_dir')
  const bits = `mode ${mode.toString(8).padStart(4, '0')}`
  if ((mode & 0o022) !== 0) {
    return fail(`${directory}, ${bits}: others may replace the marks`, `chmod 700 ${directory}`)
  }
  const user = daemonUid ?? host.identity.uid
  if (uid !== user && user !== 0) {
    const runsAs = daemonUid === undefined ? 'this is' : 'the daemon runs as'
    return warn(
      `${directory} belongs to ${owner}, and ${runsAs} ${userName(host, user)}`,
      `run the daemon and this as ${owner}: sudo -u ${owner} tezio-bridge doctor`,
    )
  }
  if ((mode & 0o055) !== 0)
    return warn(`${directory}, ${bits}: others may read the marks`, `chmod 700 ${directory}`)
  return pass(`${directory}, ${bits}, belongs to ${owner}`)
}

/** Whether what is written there survives a power cut. */
export function judgeFileSystem({ fileSystem, directory }: There): Finding {
  const known = FILE_SYSTEMS.get(fileSystem)
  if (known === undefined) return pass(`file system 0x${fileSystem.toString(16)}`)
  const { name, status, reason = '' } = known
  const remedy = `stop the daemon, move ${directory} to a local disk (ext4, xfs, btrfs), and name it in state_dir`
  if (status === 'pass') return pass(name)
  return status === 'fail' ? fail(`${name}: ${reason}`, remedy) : warn(`${name}: ${reason}`, remedy)
}

const MIB = 1024 * 1024
/** A segment of the journal may grow to 16 MiB and is then written anew beside the old one. */
const LEAST_FREE = { bytes: 64 * MIB, inodes: 16 }
/** 32 rolled segments are kept, which is half of this. */
const ENOUGH_FREE = { bytes: 1024 * MIB, inodes: 1000 }

/** Whether the journal has room to grow. */
export function judgeSpace({
  freeBytes,
  freeInodes,
  directory,
}: Pick<There, 'freeBytes' | 'freeInodes' | 'directory'>): Finding {
  const inodes = freeInodes === undefined ? '' : ` and ${freeInodes} inodes`
  const words = `${Math.floor(freeBytes / MIB)} MiB${inodes} free`
  const remedy = `make room on the disk of ${directory}: df -h ${directory}`
  const isBelow = (limit: typeof LEAST_FREE) =>
    freeBytes < limit.bytes || (freeInodes ?? Infinity) < limit.inodes
  if (isBelow(LEAST_FREE)) return fail(`${words}: a full disk stops the baker`, remedy)
  return isBelow(ENOUGH_FREE)
    ? warn(`${words}: the journal and its rolled segments may need 600 MiB`, remedy)
    : pass(words)
}

function ofState({ state }: DoctorFacts, judge: (facts: There) => Finding): Finding {
  const facts = state()
  if (facts === undefined) return skip(NO_CONFIG)
  return facts.outcome === 'there' ? judge(facts) : skip('there is no state directory')
}

/** The state directory. */
export const stateChecks: readonly Check[] = [
  {
    id: 'state-directory',
    title: 'State directory',
    run: async (facts) => {
      const state = facts.state()
      if (state === undefined) return skip(NO_CONFIG)
      const daemon = await facts.daemon()
      const process = daemon?.outcome === 'answers' ? daemon.process : undefined
      const owner = process && processUser(facts.host, process.pid)
      return judgeStateDirectory(state, facts.host, owner)
    },
  },
  { id: 'state-file-system', title: 'File system', run: (facts) => ofState(facts, judgeFileSystem) },
  { id: 'state-space', title: 'Free space', run: (facts) => ofState(facts, judgeSpace) },
]
