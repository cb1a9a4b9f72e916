import { monotonicClock } from '../../dist/src/clock.js'
import { openSerialLink } from '../../dist/src/device/serial-link.js'
import { Session } from '../../dist/src/device/session.js'
import { sign } from '../../dist/src/device/tezio/index.js'
import { bareSigning } from '../harness/bare-port.mjs'
import { measure } from '../harness/measure.mjs'
import { attestation, levelsFrom } from '../harness/payload.mjs'
import { percentilePlot } from '../harness/plot.mjs'
import { latencyRows } from '../harness/report.mjs'
import { judge } from '../harness/targets.mjs'

/** The P-256 key, which bakers use. */
const ALIAS = 3
const DEADLINE_MS = 2000

/** SIGN through the session and through `serialport` alone, on the same pseudo-terminal, in turns. */
export async function link(stand, { isQuick }) {
  const board = await stand.board('zero')
  const levels = levelsFrom(1)
  const distributions = await measure(
    { 'bare serialport': bareSigning(board.path, levels), session: session(board.path, levels) },
    { count: isQuick ? 500 : 5000, rounds: 10 },
  )
  await board.stop()
  const { 'bare serialport': bareTimes, session: sessionTimes } = distributions
  return {
    title: 'Link',
    text:
      'One SIGN (P-256, 80 bytes) and its reply, on one pseudo-terminal, against a board that answers at once. ' +
      '`bare serialport` writes the same bytes with the library as it comes and waits for a whole reply.',
    tables: [{ title: 'Round trip of SIGN', rows: latencyRows(distributions) }],
    plots: { 'link-round-trip': percentilePlot('Round trip of SIGN on one pseudo-terminal', distributions) },
    targets: [judge('session-over-bare', sessionTimes.p50 / bareTimes.p50)],
  }
}

function session(path, nextLevel) {
  let opened
  let current
  const fail = (what) => () => {
    throw new Error(what)
  }
  return {
    open: async () => {
      const handlers = { onData: (bytes) => current.receive(bytes), onLost: fail('the port was lost') }
      opened = await openSerialLink(path, handlers)
      current = new Session({
        ...{ link: opened, clock: monotonicClock, emit: () => undefined },
        onSyncLost: fail('replies do not match any more'),
      })
    },
    run: () => current.exchange(sign, { alias: ALIAS, message: attestation(nextLevel()) }, DEADLINE_MS),
    close: () => opened.close(),
  }
}
