import { publicKeyHash } from '../../src/tezos/index.js'
import { KEY_NAMES } from '../device-key.js'
import type { Check, Run } from './check.js'
import { ETH_CHECKS } from './checks/eth.js'
import { FRAMING_CHECKS, reference } from './checks/framing.js'
import { KEY_CHECKS } from './checks/keys.js'
import { LINK_CHECKS } from './checks/link.js'
import { POLICY_CHECKS } from './checks/policy.js'
import { SIGN_CHECKS } from './checks/sign.js'
import { SIGNATURE_CHECKS } from './checks/signatures.js'
import { TIMING_CHECKS } from './checks/timing.js'
import { VERIFY_CHECKS } from './checks/verify.js'
import { WATERMARK_CHECKS } from './checks/watermarks.js'
import { LinkLostError, type Exchanger } from './exchanger.js'
import { judged, leftOut, type Judgement } from './judgement.js'
import { LIMITS } from './limits.js'
import { Observations } from './observations.js'
import { Prober, StoppedError } from './prober.js'
import type { CheckResult, Report } from './report.js'
import { bodyProblem, describe } from './reply.js'

/** How a device is judged. */
export type JudgeOptions = {
  /** Also run what raises watermarks. Default: no. */
  readonly destructive?: boolean
  /** The lowest level a destructive run signs, 1 to 2,147,483,640; it goes two levels up from there. Default 1. */
  readonly fromLevel?: number
  /** How often each command is timed with each key, 1 to 1000. Default 20. */
  readonly samples?: number
  /** How long a reply may take, in ms. Default 2000. */
  readonly replyLimitMs?: number
  /** How long the whole run may take, in ms. Default 15 minutes. */
  readonly totalLimitMs?: number
  /** Hears each result as it comes. */
  readonly onCheck?: (result: CheckResult) => void
}

const CHECKS: readonly Check[] = [
  ...LINK_CHECKS,
  ...KEY_CHECKS,
  ...FRAMING_CHECKS,
  ...SIGN_CHECKS,
  ...POLICY_CHECKS,
  ...VERIFY_CHECKS,
  ...TIMING_CHECKS,
  ...WATERMARK_CHECKS,
  ...SIGNATURE_CHECKS,
  ...ETH_CHECKS,
]

/**
 * Judges the device at the other end of a cable by docs/protocol.md, without knowing its secrets. Unless `destructive`
 * is set nothing it sends raises a watermark. It ends by `totalLimitMs` and rejects only with a RangeError, for options
 * that are out of range: a device that fails, or is lost, is a report.
 */
export async function judgeDevice(exchanger: Exchanger, options: JudgeOptions = {}): Promise<Report> {
  const { replyLimitMs = 2000, totalLimitMs = 15 * 60_000, destructive = false } = options
  const startMs = exchanger.now()
  const run: Run = {
    prober: new Prober(exchanger, { replyMs: replyLimitMs, totalMs: totalLimitMs }),
    samples: inRange('samples', options.samples ?? 20, LIMITS.samples),
    fromLevel: inRange('fromLevel', options.fromLevel ?? 1, LIMITS.fromLevel),
    keys: new Map(),
    unsigning: new Map(),
    marks: new Map(),
    capabilities: new Set(),
    signatures: [],
    observations: new Observations(),
    timings: [],
  }
  const checks: CheckResult[] = []
  let stopped: string | undefined
  for (const check of CHECKS) {
    const checkMs = exchanger.now()
    const { judgement, reason } = await judgeOne(run, check, destructive, stopped)
    stopped ??= reason
    const { id, title } = check
    const result = { id, title, ...judgement, durationMs: exchanger.now() - checkMs }
    checks.push(result)
    options.onCheck?.(result)
  }
  return {
    format: 'tezio-conformance-1',
    conforming: stopped === undefined && checks.every(({ verdict }) => verdict !== 'failed'),
    destructive,
    ...(stopped === undefined ? {} : { stopped }),
    addresses: Object.fromEntries(
      [...run.keys].map(([alias, key]) => [KEY_NAMES[alias], publicKeyHash(key)]),
    ),
    checks,
    surprises: run.observations.list(destructive),
    timings: run.timings,
    durationMs: exchanger.now() - startMs,
  }
}

type Outcome = { readonly judgement: Judgement; readonly reason?: string }

async function judgeOne(
  run: Run,
  check: Check,
  destructive: boolean,
  stopped: string | undefined,
): Promise<Outcome> {
  if (stopped !== undefined) return { judgement: leftOut(`not run: ${stopped}`) }
  if (check.isDestructive === true && !destructive) {
    return { judgement: leftOut('raises watermarks: run with --destructive') }
  }
  try {
    return { judgement: await judgeOrderly(run, check) }
  } catch (error) {
    if (!(error instanceof StoppedError || error instanceof LinkLostError)) throw error
    return { judgement: judged([error.message]), reason: error.message }
  }
}

/** A check, and what must hold after each: nothing came unasked, and what disturbed the framing left no trace. */
async function judgeOrderly(run: Run, check: Check): Promise<Judgement> {
  const before = check.disturbsFraming === true ? await reference(run) : undefined
  const judgement = await check.judge(run)
  const strays = await run.prober.strayBytes()
  const problems = strays === 0 ? [] : [`${strays} byte(s) came that nobody had asked for`]
  if (before !== undefined) {
    await run.prober.resynchronise()
    const after = await reference(run)
    const problem =
      before.kind === 'body'
        ? bodyProblem('afterwards', after, before.body)
        : `beforehand: ${describe(before)}`
    if (problem !== undefined) problems.push(problem)
  }
  if (problems.length === 0) return judgement
  return judged([...(judgement.verdict === 'failed' ? judgement.problems : []), ...problems])
}

function inRange(name: string, value: number, highest: number): number {
  if (Number.isInteger(value) && value >= 1 && value <= highest) return value
  throw new RangeError(`${name} is ${value}: a whole number from 1 to ${highest} expected`)
}
