import { ceilingOfBoard } from './load/ceiling.mjs'
import { clientsSideBySide } from './load/clients.mjs'
import { fairness } from './load/fairness.mjs'
import { fullLine } from './load/full-line.mjs'

/** What the bridge does when many want a signature at once. */
export async function load(stand, options) {
  const crowds = await clientsSideBySide(stand, options)
  const ceiling = await ceilingOfBoard(stand, options)
  const fair = await fairness(stand, options)
  const full = await fullLine(stand, options)
  return {
    title: 'Load',
    text: TEXT.join('\n\n'),
    tables: [...crowds.tables, ceiling.table, fair.table, full.table],
    plots: { ...crowds.plots, 'load-fairness': fair.plot, 'load-queue-full': full.plot },
    targets: [ceiling.target],
  }
}

const TEXT = [
  'Clients in a closed loop: each asks again as soon as it has its answer. Every request has a connection of its own. ' +
    'All clients are in one process; the bridge, the board and that process share the processors.',
  '**Side by side.** Octez sequences (GET, then POST) from 1 to 64 clients, signatures verified on the host, a board ' +
    'that answers at once, some rounds in turns. A vote raises a mark, which is synced; a transfer has none. ' +
    'Levels are given out in the order in which the bridge takes the requests; one that came too late would be ' +
    'refused, and the run would fail. The three keys are P-256, Ed25519 and secp256k1 in turns.',
  '**Ceiling.** A board that takes the time a real one takes (148 ms for P-256). Its ceiling is one bare SIGN after ' +
    'another with `serialport` alone on a board of the same kind, in turns with 8 clients at the bridge. ' +
    'Throughput counts from the first answer of a round to its last.',
  '**Fairness.** A lone client beside a crowd of another key, each asking again at once ' +
    '(docs/decisions/0024-fair-turns.md). Votes are of the P-256 key, transfers of the secp256k1 key (550 ms on a ' +
    'board) unless said otherwise. Promised: keys take turns, so that who asks alone waits for the signature in hand, ' +
    'however many others wait; votes go before transfers, but never more than four of them in a row, so that a ' +
    'transfer waits for the one in hand and four more. First come, first served would let it wait for the whole ' +
    'crowd: 16 × 550 ms. What is not waiting is taken from the first two rows, where nobody else asks.',
  '**Refusals.** 102 clients at a bridge with 100 places and one signature in hand (Ed25519, 850 ms): the time until ' +
    'one hears `queue-full`, beside the time until a rule of the key refuses a payload while nobody waits.',
]
