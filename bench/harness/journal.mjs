import { randomBytes } from 'node:crypto'
import { closeSync, fsyncSync, openSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { MarksJournal, systemFiles } from '../../dist/src/policy/index.js'
import { encodeChainId } from '../../dist/src/tezos/index.js'

const MAX_LEVEL_GAP = 14_400
/** Where the product rolls a segment, and how far below it the last records are left to be written. */
const FULL = { segmentBytes: 16 * 2 ** 20, marginBytes: 8192 }
const CURRENT = 'marks.journal'
/** Nothing is synced while a journal is made; `settle` does it once, before anything is measured. */
const UNSYNCED = { ...systemFiles, fdatasyncSync: () => undefined, fsyncSync: () => undefined }

/** The id of the chain of a number: as many chains as are wanted, of 4 bytes each. */
export function chainOf(number) {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(number)
  return encodeChainId(bytes)
}

/** What a request for a mark wants at a level, with the digest of a payload that nobody made. */
export function wantedAt(mark, level) {
  return { ...mark, level, round: 0, digest: randomBytes(32).toString('hex') }
}

/** A signature's 64 bytes in hex; no two begin with the same nonce. */
export function anySignature() {
  return randomBytes(64).toString('hex')
}

/** Raises a mark as a signature does; throws when the journal says anything but `advance`. */
export function reserve(journal, wanted) {
  const { verdict } = journal.reserve(wanted)
  if (verdict !== 'advance') throw new Error(`level ${wanted.level}: the journal said ${verdict}`)
}

/** One signature for each mark, level by level, until there are so many. */
export function* signedLevels(marks, count) {
  for (let index = 0; index < count; index += 1) {
    yield wantedAt(marks[index % marks.length], Math.floor(index / marks.length) + 1)
  }
}

/**
 * Makes a journal with the product's own code, as a daemon leaves it that signed what `signed` lists: two records
 * each, the raised mark and its signature. `marks` are what there is, seeded at level 0;
 * `segmentBytes` is where it rolls, as in the product unless told.
 */
export function makeJournal(directory, marks, signed = [], segmentBytes = undefined) {
  const seeds = marks.map((mark) => ({ ...mark, level: 0, round: 0 }))
  MarksJournal.create({ directory, maxLevelGap: MAX_LEVEL_GAP, files: UNSYNCED }, seeds)
  const journal = openJournal(directory, { files: UNSYNCED, segmentBytes })
  for (const wanted of signed) sign(journal, wanted)
  journal.close()
  settle(directory)
}

/** Lets a journal of one mark grow until a few signatures more begin its next segment. */
export function fillJournal(directory) {
  const journal = openJournal(directory, { files: UNSYNCED })
  const [{ chain, key, kind, level }] = journal.marks()
  for (let next = level + 1; !isNearlyFull(directory); next += 1) {
    sign(journal, wantedAt({ chain, key, kind }, next))
  }
  journal.close()
  settle(directory)
}

function sign(journal, wanted) {
  reserve(journal, wanted)
  journal.keepSignature(wanted, anySignature())
}

function isNearlyFull(directory) {
  return segmentsIn(directory).currentBytes > FULL.segmentBytes - FULL.marginBytes
}

/** What a journal's directory holds: how many rolled segments, and the size of the current one. */
export function segmentsIn(directory) {
  const currentBytes = statSync(join(directory, CURRENT)).size
  const rolled = readdirSync(directory).filter((name) => /^marks-\d+\.journal$/.test(name)).length
  return { rolled, currentBytes, currentMiB: currentBytes / 2 ** 20 }
}

/** A journal as a daemon opens it; `options` are further ones of its own. */
export function openJournal(directory, options = {}) {
  const given = Object.entries(options).filter(([, value]) => value !== undefined)
  return MarksJournal.open({ directory, maxLevelGap: MAX_LEVEL_GAP, ...Object.fromEntries(given) })
}

/** What the making left in memory goes to the disk now, and not with the first sync that is measured. */
function settle(directory) {
  for (const name of [...readdirSync(directory), '.']) {
    const fd = openSync(join(directory, name), 'r')
    fsyncSync(fd)
    closeSync(fd)
  }
}
