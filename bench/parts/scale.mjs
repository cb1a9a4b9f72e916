import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { distributionOf, rounded } from '../harness/distribution.mjs'
import { chainOf, makeJournal, segmentsIn, signedLevels } from '../harness/journal.mjs'
import { linePlot, stackPlot } from '../harness/plot.mjs'
import { latencyRows } from '../harness/report.mjs'
import { timeStart } from '../harness/start.mjs'
import { judge } from '../harness/targets.mjs'

const OPEN_JOURNAL = fileURLToPath(new URL('../harness/open-journal.mjs', import.meta.url))
const BYTE_OF_KIND = { preattestation: 0x12, attestation: 0x13 }
const VOTES = Object.keys(BYTE_OF_KIND)
/** What is multiplied to so many marks: chains, places of keys on the board, kinds. */
const SIZES = [
  { marks: 1, chains: 1, aliases: [3], kinds: ['attestation'] },
  { marks: 10, chains: 5, aliases: [3], kinds: VOTES },
  { marks: 100, chains: 25, aliases: [3, 2], kinds: VOTES },
  { marks: 1_000, chains: 250, aliases: [3, 2], kinds: VOTES },
  { marks: 10_000, chains: 2_500, aliases: [3, 2], kinds: VOTES },
]
/** The size that the target speaks of. */
const TARGET_MARKS = 100
const BAKER = { chains: 1, aliases: [3], kinds: VOTES }
/** 10,800 levels, two votes each: 43,200 records. */
const DAY = 21_600
/** What a baker may have left behind; `segmentBytes` keeps in one segment what a daemon would have rolled. */
const HISTORIES = [
  { name: 'no history', signatures: 0 },
  { name: '43,200 records', signatures: DAY },
  { name: 'a nearly full segment', signatures: 16_900 },
  { name: '43,200, never rolled', signatures: DAY, segmentBytes: 2 ** 30 },
]

/** Starts of the daemon with many marks, and with a long history. */
export async function scale(stand, { isQuick }) {
  const board = await stand.board('zero')
  const sizes = isQuick ? SIZES.filter(({ marks }) => [1, 100, 1_000].includes(marks)) : SIZES
  const many = sizes.map((size) =>
    configure(stand, board, { name: nameOf(size.marks), signatures: size.marks, ...size }),
  )
  const histories = isQuick ? [HISTORIES[0], HISTORIES[2]] : HISTORIES
  const long = histories.map((history) => configure(stand, board, { ...BAKER, ...history }))
  const rounds = isQuick ? 3 : 12
  const starts = await inTurns([...many, ...long], rounds, async (daemon) => ({
    ...(await timeStart(stand, daemon)),
    journalMs: journalMs(daemon.stateDir),
  }))
  await board.stop()
  const median = (name, what) => distributionsOf(starts, what)[name].p50
  return {
    title: 'Scale',
    text: TEXT,
    tables: [
      { title: 'Start to ready', rows: latencyRows(distributionsOf(starts, 'readyMs')) },
      { title: 'Medians over marks', rows: many.map((daemon) => marksRow(daemon, median)) },
      { title: 'Opening a journal', rows: latencyRows(distributionsOf(starts, 'journalMs')) },
      { title: 'Medians over histories', rows: long.map((daemon) => historyRow(daemon, median)) },
    ],
    plots: plotsOf(many, long, median),
    targets: [judge('start', median(nameOf(TARGET_MARKS), 'ownMs'))],
  }
}

const TEXT = [
  'The daemon is started again and again, in turns with all the others, on one simulated board that answers at once;',
  'its start ends when the log says `device.ready` and `/readyz` answers 200. Of this the four answers of the board',
  '(by the log) are taken away, and what is left is the bridge: Node, the modules, the configuration, the journal,',
  'the port, and 30 ms in which the link waits for silence. `1,000 marks` is a product of chains, keys and kinds, and',
  'each of these marks was raised once and has its signature.',
  '',
  'The histories are of one baking key: a preattestation and an attestation at each of 10,800 levels (a day of',
  'blocks of 8 s, 18 hours of blocks of 6 s), with a record for the mark and one for the signature, make 43,200',
  'records. A daemon rolls its journal at 16 MiB, so it never has so many to read when it starts: what it reads at',
  'most is a nearly full segment. `never rolled` has all of them in one, as no daemon leaves it.',
  '`journal alone` opens it in a process of its own that did nothing before, between two starts. `CPU` is',
  'what the daemon computed until it was ready, on whichever processor: other work on the machine lengthens it less.',
].join('\n')

/** The configuration and the journal of a daemon. */
function configure(stand, board, { chains, aliases, kinds, signatures, segmentBytes, ...known }) {
  const ids = Array.from({ length: chains }, (_, index) => chainOf(index + 1))
  const state = (directory, keys) => {
    const marks = ids.flatMap((chain) => keys.flatMap((key) => kinds.map((kind) => ({ chain, key, kind }))))
    makeJournal(directory, marks, signedLevels(marks, signatures), segmentBytes)
  }
  const allowed = kinds.map((kind) => BYTE_OF_KIND[kind])
  const config = { verbose: true, chains: ids }
  const product = `${chains} × ${aliases.length} × ${kinds.length}`
  return { ...known, product, ...stand.configure(board, { aliases, allowed, config, state }) }
}

/** What `measureOne` says of each daemon, a few rounds, by the daemon's name. */
async function inTurns(daemons, rounds, measureOne) {
  const found = Object.fromEntries(daemons.map(({ name }) => [name, []]))
  for (let round = 0; round < rounds; round += 1) {
    for (const daemon of daemons) found[daemon.name].push(await measureOne(daemon))
  }
  return found
}

/** How long a journal takes to open, by itself. */
function journalMs(directory) {
  return Number(execFileSync(process.execPath, [OPEN_JOURNAL, directory], { encoding: 'utf8' }))
}

function distributionsOf(starts, what) {
  const pairs = Object.entries(starts).map(([name, all]) => [
    name,
    distributionOf(all.map((one) => one[what])),
  ])
  return Object.fromEntries(pairs)
}

function marksRow({ name, product }, median) {
  return { of: name, 'chains × keys × kinds': product, ...medianFields(name, median) }
}

function historyRow({ name, stateDir }, median) {
  const { rolled, currentMiB } = segmentsIn(stateDir)
  const fields = medianFields(name, median)
  return { of: name, 'rolled segments': rolled, 'current, MiB': rounded(currentMiB), ...fields }
}

function medianFields(name, median) {
  return {
    'journal alone, ms': rounded(median(name, 'journalMs')),
    'port open, ms': rounded(median(name, 'openedMs')),
    'ready, ms': rounded(median(name, 'readyMs')),
    "board's answers, ms": rounded(median(name, 'answersMs')),
    'without them, ms': rounded(median(name, 'ownMs')),
    'CPU, ms': rounded(median(name, 'cpuMs')),
    'memory, MiB': rounded(median(name, 'memoryMiB')),
  }
}

function plotsOf(many, long, median) {
  const over = (what) => many.map(({ name, marks }) => [marks, median(name, what)])
  const axes = (y) => ({ x: 'marks', y, isLog: true })
  const parts = ({ name }) => [
    name,
    {
      'until the port is open': median(name, 'openedMs'),
      'the link and /readyz': median(name, 'ownMs') - median(name, 'openedMs'),
      "the board's answers": median(name, 'answersMs'),
    },
  ]
  return {
    'scale-start': linePlot('Start over marks, median', axes('ms'), {
      'ready, without the board': over('ownMs'),
      'until the port is open': over('openedMs'),
      'the journal alone': over('journalMs'),
    }),
    'scale-memory': linePlot('Resident memory when ready over marks, median', axes('MiB'), {
      'resident memory': over('memoryMiB'),
    }),
    'scale-histories': stackPlot(
      'Start to ready over histories, median',
      'ms',
      Object.fromEntries(long.map(parts)),
    ),
  }
}

function nameOf(marks) {
  return marks === 1 ? '1 mark' : `${marks.toLocaleString('en')} marks`
}
