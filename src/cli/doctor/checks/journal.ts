import type { Config } from '../../../config/index.js'
import type { History, MarkKey } from '../../../policy/index.js'
import { chainName } from '../../../tezos/index.js'
import { missingMarks, neededMarks } from '../../mark-selection.js'
import { NO_CONFIG, fail, pass, skip, warn, type Check, type Finding } from '../check.js'
import type { DoctorFacts } from '../facts.js'

type Journal = NonNullable<History['journal']>

/** Whether every line is as it was written. */
export function judgeHistory({ problems, segments, journal }: History): Finding {
  if (problems.length > 0) {
    const words = problems.map(({ name, reason }) => `${name}: ${reason}`).join('; ')
    return fail(
      words,
      'do not delete it; keep a copy, and read docs/runbook.md (a full or broken disk) before anything is signed again',
    )
  }
  const lines = segments.at(-1)?.lastLine ?? 0
  const torn =
    (journal?.tornBytes ?? 0) === 0 ? '' : '; the last line is not whole yet, or was torn off by a crash'
  return pass(`${lines} lines are sound${torn}`)
}

/** Whether each key has a mark for all that it may sign. */
export function judgeMissing(config: Config, { marks }: Pick<Journal, 'marks'>): Finding {
  const missing = missingMarks(config, [...marks.values()])
  if (missing.length === 0) return pass(`${neededMarks(config).length} are needed and there`)
  return fail(
    `no mark for ${marksText(missing)}: refused as no-mark`,
    'tezio-bridge marks seed --level LEVEL (with the daemon stopped)',
  )
}

/** `block, attestation of tz3... on mainnet`. */
function marksText(marks: readonly MarkKey[]): string {
  const ofWhom = ({ key, chain }: MarkKey) => `${key} on ${chainName(chain)}`
  return [...new Set(marks.map(ofWhom))]
    .map((whom) => {
      const kinds = marks.filter((mark) => ofWhom(mark) === whom).map(({ kind }) => kind)
      return `${kinds.join(', ')} of ${whom}`
    })
    .join('; ')
}

/** Whether a mark would let any level through once. */
export function judgeLevelZero({ marks }: Pick<Journal, 'marks'>): Finding {
  const open = [...marks.values()].filter(({ level, digest }) => level === 0 && digest === undefined)
  if (open.length === 0) return pass('none is at level 0')
  return warn(
    `at level 0, and so letting any level through once: ${marksText(open)}`,
    'tezio-bridge marks raise --level LEVEL, with the level of the chain’s head',
  )
}

/** Whether a configured key is in quarantine. */
export function judgeQuarantines(config: Config, { quarantines }: Pick<Journal, 'quarantines'>): Finding {
  const stopped = config.keys.flatMap(({ publicKeyHash }) => quarantines.get(publicKeyHash) ?? [])
  const [first] = stopped
  if (first === undefined) return pass('none')
  const words = stopped.map(({ key, since }) => `${key} since ${since}`).join(', ')
  return fail(
    `${words}: its board used one nonce for two payloads, and it signs nothing`,
    `find out why, and only then: tezio-bridge keys clear-quarantine --key ${first.key}`,
  )
}

/** Whether the marks went to another host. */
export function judgeExported({ exportedAt }: Pick<Journal, 'exportedAt'>): Finding {
  if (exportedAt === undefined) return pass('they were not exported')
  return fail(
    `exported at ${exportedAt}: nothing is signed with them here any more`,
    'sign on the host that imported them; here, name a new state_dir, and init and import there',
  )
}

function ofHistory({ journal, state }: DoctorFacts, judge: (history: History) => Finding): Finding {
  const directory = state()
  if (directory === undefined) return skip(NO_CONFIG)
  if (directory.outcome === 'missing') return skip('there is no state directory')
  const facts = journal()
  if (facts === undefined) return skip(NO_CONFIG)
  if (facts.outcome === 'read') return judge(facts.history)
  return skip(
    `${facts.reason}; it belongs to ${directory.owner}: sudo -u ${directory.owner} tezio-bridge doctor`,
  )
}

function ofJournal(facts: DoctorFacts, judge: (journal: Journal, config: Config) => Finding): Finding {
  const loaded = facts.config()
  return ofHistory(facts, ({ journal }) =>
    journal === undefined || loaded.outcome !== 'loaded'
      ? skip('the journal cannot be read')
      : judge(journal, loaded.config),
  )
}

/** The marks. They are read in one go, which keeps the program busy: nothing else runs meanwhile. */
export const journalChecks: readonly Check[] = [
  { id: 'journal-sound', title: 'Journal', isAlone: true, run: (facts) => ofHistory(facts, judgeHistory) },
  {
    id: 'journal-exported',
    title: 'Marks are this host’s',
    isAlone: true,
    run: (facts) => ofJournal(facts, judgeExported),
  },
  {
    id: 'marks-complete',
    title: 'Marks of every key',
    isAlone: true,
    run: (facts) => ofJournal(facts, (journal, config) => judgeMissing(config, journal)),
  },
  {
    id: 'marks-level-zero',
    title: 'Marks at level 0',
    isAlone: true,
    run: (facts) => ofJournal(facts, judgeLevelZero),
  },
  {
    id: 'keys-quarantined',
    title: 'Keys in quarantine',
    isAlone: true,
    run: (facts) => ofJournal(facts, (journal, config) => judgeQuarantines(config, journal)),
  },
]
