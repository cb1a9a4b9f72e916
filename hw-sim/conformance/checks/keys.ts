import { joinBody, KEY_FORMAT, OPCODE, type KeyAlias } from '../../../src/device/tezio/index.js'
import { encodePublicKey, publicKeyFromRaw, publicKeyHash, type PublicKey } from '../../../src/tezos/index.js'
import { ALIASES, CURVE_OF, KEY_NAMES } from '../../device-key.js'
import type { Check, Run } from '../check.js'
import { asciiOf, isPolicyStatus, keyBody } from '../commands.js'
import { judged, leftOut, type Judgement } from '../judgement.js'
import { bodyProblem, describe, describeByte, refusedWith, statusProblem } from '../reply.js'

/** GET_PK: every key in every format, and every way to ask wrongly. */
export const KEY_CHECKS: readonly Check[] = [
  ...ALIASES.map((alias): Check => ({
    id: `keys.raw.${KEY_NAMES[alias]}`,
    title: `GET_PK raw of alias ${alias} is a key of ${CURVE_OF[KEY_NAMES[alias]]}, the same each time`,
    judge: (run) => judgeRaw(run, alias),
  })),
  ...ALIASES.map((alias): Check => ({
    id: `keys.formats.${KEY_NAMES[alias]}`,
    title: `GET_PK of alias ${alias}: compressed, base58check and address are those of the raw key`,
    judge: (run) => judgeFormats(run, alias),
  })),
  { id: 'keys.errors', title: 'GET_PK refuses unknown keys and formats', judge: judgeErrors },
]

async function judgeRaw(run: Run, alias: KeyAlias): Promise<Judgement> {
  const name = KEY_NAMES[alias]
  const reply = await run.prober.ask(keyBody(alias, KEY_FORMAT.raw))
  const status = refusedWith(reply)
  if (status !== undefined && isPolicyStatus(status))
    return leftOut(`the device's policy: ${describeByte(status)}`)
  const key = reply.kind === 'body' ? publicKeyFromRaw(CURVE_OF[name], reply.body) : undefined
  if (reply.kind !== 'body' || key === undefined) {
    return judged([`expected a raw key of ${CURVE_OF[name]}, got ${describe(reply)}`])
  }
  run.keys.set(alias, key)
  const again = await run.prober.ask(keyBody(alias, KEY_FORMAT.raw))
  return judged([bodyProblem('the second time', again, reply.body)])
}

async function judgeFormats(run: Run, alias: KeyAlias): Promise<Judgement> {
  const key = run.keys.get(alias)
  if (key === undefined) return leftOut('the raw key could not be read')
  const compressed = await run.prober.ask(keyBody(alias, KEY_FORMAT.compressed))
  return judged([
    bodyProblem('compressed', compressed, key.bytes),
    await textProblem(run, alias, 'base58check', encodePublicKey(key)),
    await textProblem(run, alias, 'address', publicKeyHash(key)),
    await placeholderProblem(run, alias, key),
  ])
}

async function textProblem(run: Run, alias: KeyAlias, format: 'base58check' | 'address', expected: string) {
  const reply = await run.prober.ask(keyBody(alias, KEY_FORMAT[format]))
  if (asciiOf(reply) === expected) return undefined
  const text = asciiOf(reply)
  const got = text !== undefined && /^[\w]{20,}$/.test(text) ? text : describe(reply)
  return `${format}: expected ${expected}, got ${got}`
}

/** A third parameter that GET_PK does not need is no reason to refuse. */
async function placeholderProblem(run: Run, alias: KeyAlias, key: PublicKey): Promise<string | undefined> {
  const body = { opcode: OPCODE.getPublicKey, param1: alias, param2: KEY_FORMAT.compressed, param3: 0 }
  return bodyProblem('with a third parameter', await run.prober.ask(joinBody(body)), key.bytes)
}

async function judgeErrors(run: Run): Promise<Judgement> {
  const problems: (string | undefined)[] = []
  for (const alias of [4, 0xff]) {
    const reply = await run.prober.ask(keyBody(alias, KEY_FORMAT.raw))
    problems.push(statusProblem(`key ${alias}`, reply, 'param1-invalid'))
  }
  const [known] = run.keys.keys()
  if (known === undefined) return judged(problems)
  for (const format of [0, 5, 0xff]) {
    const reply = await run.prober.ask(keyBody(known, format))
    problems.push(statusProblem(`format ${format}`, reply, 'param2-invalid'))
  }
  const half = await run.prober.ask(joinBody({ opcode: OPCODE.getPublicKey, param1: known }))
  problems.push(statusProblem('with one parameter', half, 'param2-invalid'))
  if (run.keys.has(0)) {
    const bare = await run.prober.ask(joinBody({ opcode: OPCODE.getPublicKey }))
    problems.push(statusProblem('without parameters', bare, 'param2-invalid'))
  }
  return judged(problems)
}
