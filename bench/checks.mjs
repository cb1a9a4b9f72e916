import { randomBytes } from 'node:crypto'
import { execFileSync } from 'node:child_process'
import { p256 } from '@noble/curves/nist.js'
import { verifierOf, verifySignature } from '../dist/src/tezos/index.js'
import { bareSigning } from './harness/bare-port.mjs'
import { octezSequence, octezSign } from './harness/clients.mjs'
import { chainOf, makeJournal, openJournal, reserve, wantedAt } from './harness/journal.mjs'
import { measure } from './harness/measure.mjs'
import { attestation, levelsFrom } from './harness/payload.mjs'
import { plainSync } from './harness/plain-sync.mjs'
import { link } from './parts/link.mjs'
import { ceilingOfBoard } from './parts/load/ceiling.mjs'

const ALIAS = 3
/** About the size of a mark's line. */
const LINE_BYTES = 420

/** What is compared: each measures one ratio. Limits are about twice what two quiet cores show. */
export const CHECKS = {
  session: {
    what: 'round trip through the session over a bare serialport round trip',
    limit: 1.5,
    measure: async (stand) => (await link(stand, { isQuick: true })).targets[0].measured,
  },
  sequence: {
    what: 'Octez sequence over its parts by themselves: bare SIGN, two plain requests, one fdatasync',
    limit: 3.5,
    measure: sequenceOverParts,
  },
  verification: {
    what: 'verification of P-256 with a table over one without',
    limit: 0.6,
    measure: preparedOverSingle,
  },
  refusal: {
    what: 'refusal by a mark over a request to a plain server',
    limit: 5,
    measure: refusalOverPlain,
  },
  journal: {
    what: 'raising a mark durably over one fdatasync of the same size',
    limit: 2.5,
    measure: journalOverSync,
  },
  throughput: {
    what: "8 clients with a board's times over what the board alone makes",
    ...{ limit: 0.9, isBest: 'higher' },
    measure: throughputOverCeiling,
  },
  start: {
    what: 'start to ready, and the stop after it, over the start of Node alone',
    limit: 20,
    measure: startOverNode,
  },
}

async function sequenceOverParts(stand) {
  const [board, bareBoard, plain] = [await stand.board(), await stand.board(), await stand.plainServer()]
  const daemon = await stand.daemon(board, { aliases: [ALIAS] })
  const next = levelsFrom(1000)
  const times = await measure(
    {
      bare: bareSigning(bareBoard.path),
      requests: { run: () => octezSequence(plain, 'any', attestation(1)) },
      sync: plainSync(stand.path('plain'), LINE_BYTES),
      sequence: { run: () => octezSequence(daemon, daemon.key, attestation(next())) },
    },
    { count: 400, warmUp: 150 },
  )
  return times.sequence.p50 / (times.bare.p50 + times.requests.p50 + times.sync.p50)
}

async function journalOverSync(stand) {
  const mark = { chain: chainOf(1), key: 'tz3g4AnLYCcGY5sQvk6m2bxfBGFfXx4c1HfJ', kind: 'attestation' }
  const directory = stand.path('journal')
  makeJournal(directory, [mark])
  const journal = openJournal(directory)
  let level = 0
  const raise = () => {
    level += 1
    reserve(journal, wantedAt(mark, level))
  }
  const sync = plainSync(stand.path('plain'), LINE_BYTES)
  const times = await measure({ sync, raise: { run: raise } }, { count: 500, rounds: 25 })
  journal.close()
  return times.raise.p50 / times.sync.p50
}

async function preparedOverSingle() {
  const secret = p256.utils.randomSecretKey()
  const key = { curve: 'p256', bytes: p256.getPublicKey(secret, true) }
  const verifies = verifierOf(key)
  const digest = randomBytes(32)
  const signature = p256.sign(digest, secret, { prehash: false, lowS: false })
  const must = (isValid) => {
    if (!isValid) throw new Error('a right signature was not accepted')
  }
  const times = await measure(
    {
      prepared: { run: () => must(verifies(digest, signature)) },
      single: { run: () => must(verifySignature(key, digest, signature)) },
    },
    { count: 500 },
  )
  return times.prepared.p50 / times.single.p50
}

async function refusalOverPlain(stand) {
  const [board, plain] = [await stand.board(), await stand.plainServer()]
  const daemon = await stand.daemon(board, { aliases: [ALIAS] })
  await octezSequence(daemon, daemon.key, attestation(1000))
  const low = attestation(999)
  const times = await measure(
    {
      refusal: { run: () => octezSign(daemon, daemon.key, low, 409) },
      plain: { run: () => octezSign(plain, 'any', low) },
    },
    { count: 500, warmUp: 150 },
  )
  return times.refusal.p50 / times.plain.p50
}

async function throughputOverCeiling(stand) {
  const { target } = await ceilingOfBoard(stand, { isQuick: true })
  return target.measured
}

async function startOverNode(stand) {
  const board = await stand.board()
  const { path, keys } = stand.configure(board, { aliases: [ALIAS] })
  const times = await measure(
    {
      node: { run: () => execFileSync(process.execPath, ['-e', '0']) },
      start: {
        run: async () => {
          const daemon = await stand.serve(path, keys)
          await daemon.stop()
        },
      },
    },
    { count: 3, rounds: 1, warmUp: 1 },
  )
  return times.start.p50 / times.node.p50
}
