import { MODE, type KeyAlias } from '../../../src/device/tezio/index.js'
import { hexByte } from '../../../src/tezos/index.js'
import { ALIASES, KEY_NAMES } from '../../device-key.js'
import type { Check, MarkStart, Run } from '../check.js'
import { isPolicyStatus, isRefused, sign, told, type Signed } from '../commands.js'
import { judged, leftOut, type Judgement } from '../judgement.js'
import { consensus, CONSENSUS, FIRST_ROUND } from '../payloads.js'
import { judgeRules } from './watermark-rules.js'

/** One watermark: a key and a magic byte. */
export type Pair = { readonly alias: KeyAlias; readonly magicByte: number }

const KIND: ReadonlyMap<number, string> = new Map([
  [0x11, 'block'],
  [0x12, 'preattestation'],
  [0x13, 'attestation'],
])

const PAIRS: readonly Pair[] = ALIASES.flatMap((alias) =>
  CONSENSUS.map((magicByte) => ({ alias, magicByte })),
)

const pairName = ({ alias, magicByte }: Pair) =>
  `${KIND.get(magicByte) ?? hexByte(magicByte)}.${KEY_NAMES[alias]}`

/** The watermarks, all of which these checks raise: first every one to the lowest level, then its rules. */
export const WATERMARK_CHECKS: readonly Check[] = [
  {
    id: 'watermarks.separate',
    title: 'each key and each magic byte has a mark of its own',
    isDestructive: true,
    judge: judgeSeparate,
  },
  ...PAIRS.map((pair): Check => ({
    id: `watermarks.rules.${pairName(pair)}`,
    title: `the ${KIND.get(pair.magicByte) ?? ''} mark of ${KEY_NAMES[pair.alias]} lets level and round only rise`,
    isDestructive: true,
    judge: (run) => judgePair(run, pair),
  })),
  {
    id: 'watermarks.policy',
    title: 'what policy refuses is refused again, by policy or by the mark it has raised',
    isDestructive: true,
    judge: judgePolicyOrder,
  },
]

/**
 * Raises every mark to the lowest level. A mark that stood there or above refuses, and cannot be judged; but one that
 * refuses this round and takes the next, after another mark was raised to it, is no mark of its own.
 */
async function judgeSeparate(run: Run): Promise<Judgement> {
  const problems: (string | undefined)[] = []
  let raised: Pair | undefined
  for (const pair of PAIRS.filter(({ alias }) => run.keys.has(alias))) {
    const first = await at(run, pair, FIRST_ROUND)
    const start = startOf(first)
    if (start === undefined) problems.push(`${pairName(pair)}: ${told(first)}`)
    if (start === 'above' && raised !== undefined) problems.push(await sharedProblem(run, pair, raised))
    if (start === undefined) continue
    run.marks.set(pairName(pair), start)
    if (start !== 'above') raised = pair
  }
  noteSketchPolicy(run)
  if (raised === undefined && problems.length === 0) {
    return leftOut(`all marks stand at level ${run.fromLevel} or above: choose a higher --from-level`)
  }
  return judged(problems)
}

async function sharedProblem(run: Run, pair: Pair, raised: Pair): Promise<string | undefined> {
  const next = await at(run, pair, FIRST_ROUND + 1)
  const isTaken = startOf(next) === 'enabled' || startOf(next) === 'disabled'
  return isTaken
    ? `${pairName(pair)} refused level ${run.fromLevel}, round ${FIRST_ROUND}, and took the next round, after ${pairName(raised)} was raised to it`
    : undefined
}

async function judgePair(run: Run, pair: Pair): Promise<Judgement> {
  const start = run.marks.get(pairName(pair))
  if (start === 'enabled') return judgeRules(run, pair)
  if (start === 'disabled') return leftOut("the device's policy lets this key sign no such thing")
  if (start === undefined) return leftOut('the key could not be read, or its first answer was no answer')
  return leftOut(`the device's mark stands at level ${run.fromLevel} or above: choose a higher --from-level`)
}

/** Surprise 3. */
async function judgePolicyOrder(run: Run): Promise<Judgement> {
  const disabled = PAIRS.filter((pair) => run.marks.get(pairName(pair)) === 'disabled')
  if (disabled.length === 0) return leftOut('no pair of key and magic byte is refused by policy alone')
  const problems: (string | undefined)[] = []
  for (const pair of disabled) {
    const again = await at(run, pair, FIRST_ROUND)
    const isRaised = isRefused(again, 'packet-parsed') || isRefused(again, 'watermark-refused')
    const isPolicy = again.kind === 'refused' && isPolicyStatus(again.status)
    run.observations.note(3, isRaised ? 'stock' : isPolicy ? 'fixed' : 'other', `asked again: ${told(again)}`)
    if (!isRaised && !isPolicy)
      problems.push(`${pairName(pair)}, refused by policy, asked again: ${told(again)}`)
  }
  return judged(problems)
}

function noteSketchPolicy(run: Run): void {
  const enabled = PAIRS.filter((pair) => run.marks.get(pairName(pair)) === 'enabled')
  if (run.marks.size < PAIRS.length || [...run.marks.values()].includes('above')) return
  const isSketch = enabled.length === CONSENSUS.length && enabled.every(({ alias }) => alias === 3)
  const names = enabled.map(pairName).join(', ')
  run.observations.note(8, isSketch ? 'stock' : 'other', `blocks and votes: ${names === '' ? 'none' : names}`)
}

function at(run: Run, { alias, magicByte }: Pair, round: number): Promise<Signed> {
  return sign(run, alias, MODE.messageRaw, consensus(magicByte, { level: run.fromLevel, round }))
}

function startOf(signed: Signed): MarkStart | undefined {
  if (signed.kind === 'signed') return 'enabled'
  if (signed.kind === 'refused' && isPolicyStatus(signed.status)) return 'disabled'
  return isRefused(signed, 'packet-parsed') || isRefused(signed, 'watermark-refused') ? 'above' : undefined
}
