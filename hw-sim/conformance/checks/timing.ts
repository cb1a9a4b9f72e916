import { KEY_FORMAT, MODE, type KeyAlias } from '../../../src/device/tezio/index.js'
import { concatBytes } from '../../../src/tezos/index.js'
import { ALIASES, KEY_NAMES } from '../../device-key.js'
import type { Check, Run } from '../check.js'
import { isPolicyStatus, keyBody, sign, unsignedProblem, unsigningReason, verifyBody } from '../commands.js'
import { judged, leftOut, type Judgement } from '../judgement.js'
import { harmless } from '../payloads.js'
import { bodyProblem, describe, refusedWith } from '../reply.js'

const SERIAL = 2000

/** How long each command takes with each key. What is slower than the reply's deadline has failed before. */
export const TIMING_CHECKS: readonly Check[] = ALIASES.map((alias) => ({
  id: `timing.${KEY_NAMES[alias]}`,
  title: `commands with ${KEY_NAMES[alias]} are answered in time, every time`,
  judge: (run) => judgeTiming(run, alias),
}))

/** The nearest-rank percentile of at least one value. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((left, right) => left - right)
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN
}

async function judgeTiming(run: Run, alias: KeyAlias): Promise<Judgement> {
  if (!run.keys.has(alias)) return leftOut('the public key could not be read')
  const problems = [
    ...(await timeKeys(run, alias, 'raw')),
    ...(await timeKeys(run, alias, 'address')),
    ...(unsigningReason(run, alias) === undefined ? await timeSignatures(run, alias) : []),
  ]
  return judged(problems)
}

async function timeKeys(run: Run, alias: KeyAlias, format: 'raw' | 'address') {
  return timed(run, alias, `GET_PK ${format}`, async () => {
    const reply = await run.prober.ask(keyBody(alias, KEY_FORMAT[format]))
    return reply.kind === 'body' ? reply.ms : `GET_PK ${format}: ${describe(reply)}`
  })
}

async function timeSignatures(run: Run, alias: KeyAlias) {
  let last: { readonly message: Uint8Array; readonly signature: Uint8Array } | undefined
  const signing = await timed(run, alias, 'SIGN', async (index) => {
    const message = harmless(150, SERIAL + index)
    const signed = await sign(run, alias, MODE.messageRaw, message)
    if (signed.kind !== 'signed') return unsignedProblem('SIGN', signed) ?? ''
    last = { message, signature: signed.signature }
    return signed.ms
  })
  if (last === undefined) return signing
  const refusal = refusedWith(await run.prober.ask(verifyBody(alias, 0, 0)))
  if (refusal !== undefined && isPolicyStatus(refusal)) return signing
  const body = verifyBody(
    alias,
    MODE.messageRaw,
    last.message.length,
    concatBytes(last.message, last.signature),
  )
  const verifying = await timed(run, alias, 'VERIFY', async () => {
    const reply = await run.prober.ask(body)
    return bodyProblem('VERIFY', reply, Uint8Array.of(1)) ?? reply.ms
  })
  return [...signing, ...verifying]
}

/** Does something `samples` times and adds a row of the table; returns the first problem, after which it stops. */
async function timed(
  run: Run,
  alias: KeyAlias,
  command: string,
  once: (index: number) => Promise<number | string>,
) {
  const times: number[] = []
  let problem: string | undefined
  for (let index = 0; index < run.samples && problem === undefined; index += 1) {
    const result = await once(index)
    if (typeof result === 'number') times.push(result)
    else problem = result
  }
  if (times.length > 0) {
    run.timings.push({
      command,
      key: KEY_NAMES[alias],
      samples: times.length,
      p50Ms: percentile(times, 0.5),
      p99Ms: percentile(times, 0.99),
      maxMs: Math.max(...times),
    })
  }
  return [problem]
}
