import { MAX_MESSAGE_SIZE, MODE, type KeyAlias } from '../../../src/device/tezio/index.js'
import { encodeSignature } from '../../../src/tezos/index.js'
import { ALIASES, CURVE_OF, KEY_NAMES } from '../../device-key.js'
import type { Check, Run } from '../check.js'
import { isPolicyStatus, isRefused, sign, signBody, unsignedProblem, unsigningReason } from '../commands.js'
import { judged, leftOut, type Judgement } from '../judgement.js'
import { harmless, harmlessDigest, TRANSFER } from '../payloads.js'
import { bodyProblem, describeByte, statusProblem } from '../reply.js'

/** Sizes around those at which hashes and length fields carry, up to the longest message there is. */
const SIZES = {
  p256: [
    2,
    3,
    31,
    32,
    33,
    34,
    63,
    64,
    65,
    127,
    128,
    129,
    255,
    256,
    257,
    511,
    512,
    513,
    1014,
    MAX_MESSAGE_SIZE,
  ],
  others: [2, 33, 128, 129, 501, MAX_MESSAGE_SIZE],
} as const

/** SIGN of operations that no block can include, with every key and in every mode. */
export const SIGN_CHECKS: readonly Check[] = [
  ...ALIASES.flatMap(checksOf),
  { id: 'sign.errors', title: 'SIGN refuses unknown keys', judge: judgeUnknownKeys },
]

function checksOf(alias: KeyAlias): readonly Check[] {
  const name = KEY_NAMES[alias]
  return [
    {
      // First, because it learns whether policy lets this key sign at all.
      id: `sign.message-raw.${name}`,
      title: `mode 3 of ${name} signs BLAKE2b-256 of the message`,
      judge: (run) => judgeFirst(run, alias),
    },
    {
      id: `sign.message-base58.${name}`,
      title: `mode 4 of ${name} is the base58check form of its curve`,
      judge: ifSigning(alias, async (run) =>
        judged([unsignedProblem('mode 4', await sign(run, alias, MODE.messageBase58, harmless(64, 1)))]),
      ),
    },
    {
      id: `sign.default.${name}`,
      title: `mode 0 of ${name} is 64 zero bytes in base58check`,
      judge: ifSigning(alias, (run) => judgeDefault(run, alias)),
    },
    {
      id: `sign.prehashed.${name}`,
      title: `modes 1 and 2 of ${name} sign the digest itself (or are refused)`,
      judge: ifSigning(alias, (run) => judgePrehashed(run, alias)),
    },
    {
      id: `sign.lengths.${name}`,
      title: `messages of 2 to ${MAX_MESSAGE_SIZE} bytes are signed by ${name}`,
      judge: ifSigning(alias, (run) => judgeLengths(run, alias)),
    },
    {
      id: `sign.errors.${name}`,
      title: `SIGN with ${name} refuses unknown modes and missing data`,
      judge: ifSigning(alias, (run) => judgeErrors(run, alias)),
    },
  ]
}

/** Runs a check only for a key that is known and may sign. */
export function ifSigning(alias: KeyAlias, judge: Check['judge']): Check['judge'] {
  return (run) => {
    const reason = unsigningReason(run, alias)
    return reason === undefined ? judge(run) : Promise.resolve(leftOut(reason))
  }
}

async function judgeFirst(run: Run, alias: KeyAlias): Promise<Judgement> {
  if (!run.keys.has(alias)) return leftOut('the public key could not be read')
  const signed = await sign(run, alias, MODE.messageRaw, harmless(64))
  const isForbidden = signed.kind === 'refused' && isPolicyStatus(signed.status)
  if (!isForbidden) {
    run.observations.note(8, 'stock', 'operations are signed')
    return judged([unsignedProblem('mode 3', signed)])
  }
  run.unsigning.set(alias, describeByte(signed.status))
  run.observations.note(8, 'other', `no operations with ${KEY_NAMES[alias]}`)
  return leftOut(unsigningReason(run, alias) ?? '')
}

async function judgeDefault(run: Run, alias: KeyAlias): Promise<Judgement> {
  const text = encodeSignature(CURVE_OF[KEY_NAMES[alias]], new Uint8Array(64))
  const reply = await run.prober.ask(signBody(alias, MODE.defaultSignature))
  return judged([bodyProblem('mode 0', reply, new TextEncoder().encode(text))])
}

async function judgePrehashed(run: Run, alias: KeyAlias): Promise<Judgement> {
  const raw = await sign(run, alias, MODE.prehashedRaw, harmlessDigest(TRANSFER))
  const text = await sign(run, alias, MODE.prehashedBase58, harmlessDigest(TRANSFER))
  const areRefused = [raw, text].every((signed) => isRefused(signed, 'param2-invalid'))
  const short = await run.prober.ask(signBody(alias, MODE.prehashedRaw, harmless(31)))
  const long = await run.prober.ask(signBody(alias, MODE.prehashedBase58, harmless(33)))
  if (areRefused) {
    return judged([
      statusProblem('digest of 31 bytes', short, 'param2-invalid'),
      statusProblem('digest of 33 bytes', long, 'param2-invalid'),
    ])
  }
  return judged([
    unsignedProblem('mode 1', raw),
    unsignedProblem('mode 2', text),
    statusProblem('digest of 31 bytes', short, 'digest-not-32-bytes'),
    statusProblem('digest of 33 bytes', long, 'digest-not-32-bytes'),
  ])
}

async function judgeLengths(run: Run, alias: KeyAlias): Promise<Judgement> {
  const sizes = CURVE_OF[KEY_NAMES[alias]] === 'p256' ? SIZES.p256 : SIZES.others
  const problems: (string | undefined)[] = []
  for (const size of sizes) {
    const signed = await sign(run, alias, MODE.messageRaw, harmless(size, size))
    problems.push(unsignedProblem(`${size} bytes`, signed))
  }
  return judged(problems)
}

async function judgeErrors(run: Run, alias: KeyAlias): Promise<Judgement> {
  const ask = (mode: number, data?: Uint8Array) => run.prober.ask(signBody(alias, mode, data))
  return judged([
    statusProblem('mode 5', await ask(5, harmless(32)), 'param2-invalid'),
    statusProblem('mode 255', await ask(0xff, harmless(32)), 'param2-invalid'),
    statusProblem('mode 3 without data', await ask(MODE.messageRaw), 'data-invalid'),
    statusProblem('mode 4 without data', await ask(MODE.messageBase58), 'data-invalid'),
  ])
}

async function judgeUnknownKeys(run: Run): Promise<Judgement> {
  const ask = (alias: number) => run.prober.ask(signBody(alias, MODE.messageRaw, harmless(32)))
  return judged([
    statusProblem('key 4', await ask(4), 'param1-invalid'),
    statusProblem('key 255', await ask(0xff), 'param1-invalid'),
  ])
}
