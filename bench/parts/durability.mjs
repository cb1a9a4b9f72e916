import {
  anySignature,
  chainOf,
  makeJournal,
  openJournal,
  reserve,
  segmentsIn,
  signedLevels,
  wantedAt,
} from '../harness/journal.mjs'
import { measure } from '../harness/measure.mjs'
import { plainSync } from '../harness/plain-sync.mjs'
import { percentilePlot, stackPlot } from '../harness/plot.mjs'
import { latencyRows } from '../harness/report.mjs'
import { rounded } from '../harness/distribution.mjs'
import { judge } from '../harness/targets.mjs'
import { measureRolls } from './rolls.mjs'

const KEY = 'tz3g4AnLYCcGY5sQvk6m2bxfBGFfXx4c1HfJ'
const MARK = { chain: chainOf(1), key: KEY, kind: 'attestation' }
const PLAIN = 'plain fdatasync'
const BEHIND = 'after a signature'
/** Below this share of a plain append and its sync, a journal cannot have synced. */
const LEAST = 0.5
const LAZY = 'signature, not synced'

/** What it costs that a mark survives a power cut, against the file system's own sync. */
export async function durability(stand, { isQuick }) {
  const sizes = isQuick ? [0, 1_000, 20_000] : [0, 10_000, 1_000_000]
  const make = (records) => madeJournal(stand.path('journal'), records)
  const journals = sizes.map(make)
  const lineBytes = sizeOfMarkLine(make(0).directory)
  const appends = await measureAppends(stand.path('plain'), { journals, lineBytes, make, isQuick })
  const rolls = await measureRolls(stand, { mark: MARK, longest: journals.at(-1).directory, isQuick })
  const overPlain = (name) => appends[name].p50 / appends[PLAIN].p50
  const names = journals.map(({ name }) => name)
  for (const name of names) {
    // Nothing is faster than what it consists of.
    if (overPlain(name) < LEAST)
      throw new Error(`${name}: ${overPlain(name)} × a plain fdatasync: it does not sync`)
  }
  return {
    title: 'Durability',
    text: textOf(lineBytes),
    tables: [
      { title: 'Append to the journal', rows: latencyRows(appends) },
      {
        title: 'Medians over that of a plain append',
        rows: [...names, BEHIND].map((name) => ({ of: name, '×': rounded(overPlain(name)) })),
      },
      { title: 'Journals that were there before', rows: journals.map(({ row }) => row) },
      { title: 'A signature that begins a new segment', rows: latencyRows(rolls) },
    ],
    plots: {
      'durability-append': percentilePlot(
        'One append, on one file system',
        pick(appends, [PLAIN, ...names, BEHIND]),
        { isLog: true },
      ),
      'durability-records': stackPlot(
        'Median of an append, by the records that were there before',
        'ms',
        Object.fromEntries([PLAIN, ...names].map((name) => [name, { median: appends[name].p50 }])),
      ),
      'durability-roll': percentilePlot('A signature that begins a new segment', rolls, { isLog: true }),
    },
    targets: [judge('journal-over-fdatasync', overPlain(names[0]))],
  }
}

/** All journals stay open, and turns are short: what drifts with the disk falls on all alike. */
async function measureAppends(path, { journals, lineBytes, make, isQuick }) {
  const fresh = journals.map(signerOn)
  const [behind, lazy] = [signerOn(make(0)), signerOn(make(0))]
  const tasks = {
    [PLAIN]: plainSync(path, lineBytes),
    ...Object.fromEntries(journals.map(({ name }, index) => [name, reserving(fresh[index])])),
    [BEHIND]: reservingAfterSignatures(behind),
    [LAZY]: keeping(lazy),
  }
  const appends = await measure(tasks, { count: isQuick ? 500 : 4000, rounds: isQuick ? 50 : 200 })
  for (const signer of [...fresh, behind, lazy]) signer.close()
  return appends
}

function textOf(lineBytes) {
  return [
    `\`${PLAIN}\` appends ${lineBytes} bytes, the size of a mark's line, to a file and calls fdatasync: the least`,
    'that makes anything durable. `reserve` is what the journal does before the board is asked: it looks whether the',
    'file is still its own, decides, appends the line with its checksums and calls fdatasync; only the journals differ',
    'in how many records they held before, half of them marks and half signatures.',
    `\`${BEHIND}\` also has the line of the signature before it to sync, as in a daemon at work; \`${LAZY}\` is the`,
    'append of that line. All of them take turns on one file system; on one in memory, where a sync costs nothing, the',
    'ratio would say nothing. A new segment begins when a signature makes the current one larger than 16 MiB: this',
    'signature waits until the new segment is written, synced and read again. Tiny segments end with every signature.',
  ].join('\n')
}

/** A journal of one mark with so many records in all segments together. */
function madeJournal(directory, records) {
  makeJournal(directory, [MARK], signedLevels([MARK], records / 2))
  const { rolled, currentMiB } = segmentsIn(directory)
  const name = `reserve, ${records.toLocaleString('en')} records`
  return {
    name,
    directory,
    row: { records, 'rolled segments': rolled, 'MiB of the current one': rounded(currentMiB) },
  }
}

/** What one raised mark adds to a journal. */
function sizeOfMarkLine(directory) {
  const before = segmentsIn(directory).currentBytes
  const journal = openJournal(directory)
  reserve(journal, wantedAt(MARK, 1))
  journal.close()
  return segmentsIn(directory).currentBytes - before
}

function reserving(signer) {
  return { run: () => signer.reserveNext() }
}

function reservingAfterSignatures(signer) {
  signer.reserveNext()
  return { before: () => signer.keep(), run: () => signer.reserveNext() }
}

function keeping(signer) {
  return { before: () => signer.reserveNext(), run: () => signer.keep() }
}

/** The journal in a directory, open, that goes on where its mark stands. */
function signerOn({ directory }) {
  const journal = openJournal(directory)
  let [{ level }] = journal.marks()
  let wanted
  let kept
  return {
    reserveNext: () => {
      level += 1
      kept = undefined
      wanted = wantedAt(MARK, level)
      reserve(journal, wanted)
    },
    keep: () => {
      kept = anySignature()
      journal.keepSignature(wanted, kept)
    },
    close: () => {
      if (journal.marks()[0].signature !== kept)
        throw new Error('the journal did not keep the last signature')
      journal.close()
    },
  }
}

function pick(distributions, names) {
  return Object.fromEntries(names.map((name) => [name, distributions[name]]))
}
