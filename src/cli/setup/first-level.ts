import { UsageError, RefusedError } from '../exit-code.js'
import type { Reading } from './answers.js'
import type { NodeHead } from './ask-node.js'
import type { Wizard } from './wizard.js'

/** Some minutes of blocks: a level that an operator looked up is not older, and one that is given on purpose not higher. */
const NEAR_LEVELS = 60
const MAX_LEVEL = 0x7fff_ffff

const EXPLANATION = `First marks. Nothing below the level you start from will ever be signed, whatever is asked.
What another signer of this key signed is not known here. Before you go on
- stop every other signer, for good (octez-signer, Signatory, Tezio Signer, a second bridge);
- wait until two new blocks are there: what it signed last is below the chain's head then.`

/** The level that first marks are set to. Throws a UsageError where it cannot be known and nobody is asked. */
export async function firstLevel(
  wizard: Wizard,
  askHead: () => Promise<NodeHead | undefined>,
): Promise<number> {
  const { options, answers, warn } = wizard
  if (answers.isAsked) await waitForOthers(wizard)
  else
    warn(
      'Before you start the bridge every other signer of this key must be stopped, since two blocks at least.',
    )
  const head = await askHead() // only now: blocks came while the operator stopped the other signers
  if (options.level !== undefined) return judged(wizard, options.level, head)
  const known = head === undefined || head.isStale ? undefined : head.level
  const level = await answers.text({
    message: "Start from which level? (the chain's head; 0 only for a key that never baked)",
    option: '--level',
    suggested: known === undefined ? undefined : String(known),
    unasked: known === undefined ? undefined : String(known),
    read: readLevel,
  })
  return judged(wizard, level, head)
}

async function waitForOthers({ answers, say }: Wizard): Promise<void> {
  say(EXPLANATION)
  const isDone = await answers.confirm({
    message: 'Is every other signer of this key stopped, two blocks ago or more (or was there never one)?',
    option: '--level',
    suggested: false,
  })
  if (!isDone) {
    throw new RefusedError(
      'stop the other signers, wait for two new blocks, and run setup again; nothing was written',
    )
  }
}

function readLevel(text: string): Reading<number> {
  const level = Number(text)
  if (/^\d{1,10}$/.test(text) && level <= MAX_LEVEL) return { value: level }
  return { problem: `a whole number from 0 to ${MAX_LEVEL}` }
}

/** A level that is given, held against a head that is known. */
function judged({ warn }: Wizard, level: number, head: NodeHead | undefined): number {
  if (head === undefined) {
    if (level === 0) warn('A mark at level 0 lets any level through once: it is for a key that never baked.')
    return level
  }
  if (level < head.level - NEAR_LEVELS) {
    throw new UsageError(
      `level ${level} is ${head.level - level} levels below the node's head (${head.level}): what another signer signed in between could be signed again. Start from the head; for a key that never baked, --no-node leaves the node out`,
    )
  }
  if (level > head.level + NEAR_LEVELS && !head.isStale) {
    warn(
      `Level ${level} is ${level - head.level} levels above the node's head: nothing is signed until the chain is there.`,
    )
  }
  return level
}
