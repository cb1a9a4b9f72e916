import { MODE, type KeyAlias } from '../../../src/device/tezio/index.js'
import type { Run } from '../check.js'
import { isRefused, sign, told, unsignedProblem, type Signed } from '../commands.js'
import { judged, type Judgement } from '../judgement.js'
import { CHAINS, consensus, CONSENSUS, FIRST_ROUND, type Position } from '../payloads.js'

type Step = {
  readonly what: string
  readonly expect: 'signed' | 'refused'
  readonly position: Position
  readonly mode?: number
}

/** The rules of one mark, which stands at level `from` and FIRST_ROUND. All stay within two levels of it. */
const rules = (from: number): readonly Step[] => [
  { what: 'identical bytes', expect: 'refused', position: { level: from, round: FIRST_ROUND } },
  {
    what: 'another payload of the same level and round',
    expect: 'refused',
    position: { level: from, round: FIRST_ROUND, salt: 1 },
  },
  {
    what: 'the same level and round of another chain',
    expect: 'refused',
    position: { level: from, round: FIRST_ROUND, chain: CHAINS[1] },
  },
  { what: 'a higher round', expect: 'signed', position: { level: from, round: FIRST_ROUND + 1 } },
  { what: 'a lower round', expect: 'refused', position: { level: from, round: FIRST_ROUND, salt: 2 } },
  {
    what: 'the higher round again',
    expect: 'refused',
    position: { level: from, round: FIRST_ROUND + 1, salt: 3 },
  },
  {
    what: 'the higher round again in mode 4',
    expect: 'refused',
    position: { level: from, round: FIRST_ROUND + 1, salt: 4 },
    mode: MODE.messageBase58,
  },
  {
    what: 'a higher level in mode 4',
    expect: 'signed',
    position: { level: from + 1, round: 0 },
    mode: MODE.messageBase58,
  },
  {
    what: 'a lower level with a higher round',
    expect: 'refused',
    position: { level: from, round: FIRST_ROUND + 9 },
  },
  { what: 'round 0x7fffffff', expect: 'signed', position: { level: from + 1, round: 0x7fffffff } },
  {
    what: 'round 0x80000000, which is higher',
    expect: 'signed',
    position: { level: from + 1, round: 0x80000000 },
  },
  {
    what: 'round 0x7fffffff after it',
    expect: 'refused',
    position: { level: from + 1, round: 0x7fffffff, salt: 5 },
  },
  { what: 'the next level', expect: 'signed', position: { level: from + 2, round: 0 } },
  {
    what: 'the level before with the highest round',
    expect: 'refused',
    position: { level: from + 1, round: 0xffffffff },
  },
  { what: 'the next level again', expect: 'refused', position: { level: from + 2, round: 0, salt: 6 } },
]

/** Rounds at the end of a shorter and of a longer fitness (surprise 4). */
const fitnessRules = (level: number): readonly Step[] => [
  {
    what: 'round 1 after a fitness of 24 bytes',
    expect: 'signed',
    position: { level, round: 1, fitnessBytes: 24 },
  },
  {
    what: 'round 2 after a fitness of 36 bytes',
    expect: 'signed',
    position: { level, round: 2, fitnessBytes: 36 },
  },
  {
    what: 'round 1 after a fitness of 36 bytes',
    expect: 'refused',
    position: { level, round: 1, fitnessBytes: 36 },
  },
]

const BLOCK = CONSENSUS[0]
/** How many steps, from the first, show that identical bytes and other chains make no difference (surprise 2). */
const REPETITIONS = 3

/** Judges a mark that has just been raised to level `fromLevel` and FIRST_ROUND. */
export async function judgeRules(
  run: Run,
  pair: { readonly alias: KeyAlias; readonly magicByte: number },
): Promise<Judgement> {
  const { alias, magicByte } = pair
  const problems: (string | undefined)[] = []
  for (const [index, step] of rules(run.fromLevel).entries()) {
    const signed = await take(run, alias, magicByte, step)
    if (index < REPETITIONS)
      run.observations.note(2, isMarkRefusal(signed) ? 'stock' : 'other', `${step.what}: ${told(signed)}`)
    problems.push(problemOf(run, step, signed))
  }
  if (magicByte !== BLOCK) return judged(problems)
  for (const step of fitnessRules(run.fromLevel + 2)) {
    const problem = problemOf(run, step, await take(run, alias, magicByte, step))
    run.observations.note(
      4,
      problem === undefined ? 'stock' : 'other',
      problem ?? 'rounds were read from there',
    )
    problems.push(problem)
  }
  return judged(problems)
}

function take(run: Run, alias: KeyAlias, magicByte: number, step: Step): Promise<Signed> {
  return sign(run, alias, step.mode ?? MODE.messageRaw, consensus(magicByte, step.position))
}

function problemOf(run: Run, { what, expect }: Step, signed: Signed): string | undefined {
  if (expect === 'signed') return unsignedProblem(what, signed)
  const way = isRefused(signed, 'packet-parsed')
    ? 'stock'
    : isRefused(signed, 'watermark-refused')
      ? 'fixed'
      : 'other'
  run.observations.note(1, way, told(signed))
  return isMarkRefusal(signed) ? undefined : `${what}: expected 0xd4 or 0xa3, got ${told(signed)}`
}

const isMarkRefusal = (signed: Signed) =>
  isRefused(signed, 'packet-parsed') || isRefused(signed, 'watermark-refused')
