import { MODE, type KeyAlias } from '../../../src/device/tezio/index.js'
import { concatBytes, encodeSignature, payloadDigest, type Curve } from '../../../src/tezos/index.js'
import { ALIASES, CURVE_OF, KEY_NAMES } from '../../device-key.js'
import type { Check, Run } from '../check.js'
import { isPolicyStatus, sign, unsignedProblem, verifyBody } from '../commands.js'
import { judged, leftOut, type Judgement } from '../judgement.js'
import { harmless } from '../payloads.js'
import { bodyProblem, describeByte, refusedWith, statusProblem } from '../reply.js'
import { ifSigning } from './sign.js'

/** The longest message that VERIFY takes beside a raw signature. */
const LONGEST = 951
const MODES = [1, 2, 3, 4] as const
const SIGNATURE_SIZE = 64

/** VERIFY with every key and in every mode, of signatures that the device made itself. */
export const VERIFY_CHECKS: readonly Check[] = [
  ...ALIASES.flatMap((alias): readonly Check[] => {
    const name = KEY_NAMES[alias]
    return [
      {
        id: `verify.good.${name}`,
        title: `VERIFY with ${name} takes its signatures in every mode`,
        judge: ifVerifying(alias, (run) => judgeGood(run, alias)),
      },
      {
        id: `verify.bad.${name}`,
        title: `VERIFY with ${name} takes no other message and no changed signature`,
        judge: ifVerifying(alias, (run) => judgeBad(run, alias)),
      },
      {
        id: `verify.errors.${name}`,
        title: `VERIFY with ${name} refuses unknown modes and wrong sizes`,
        judge: ifVerifying(alias, (run) => judgeErrors(run, alias)),
      },
    ]
  }),
  { id: 'verify.errors', title: 'VERIFY refuses unknown keys', judge: judgeUnknownKeys },
]

/** The device's policy is asked before the mode is: mode 0, which is refused anyway, shows what it says. */
function ifVerifying(alias: KeyAlias, judge: Check['judge']): Check['judge'] {
  return ifSigning(alias, async (run) => {
    const status = refusedWith(await run.prober.ask(verifyBody(alias, 0, 0)))
    if (status === undefined || !isPolicyStatus(status)) return judge(run)
    return leftOut(`the device's policy lets this key verify nothing: ${describeByte(status)}`)
  })
}

const VALID = Uint8Array.of(1)
const INVALID = Uint8Array.of(0)

async function judgeGood(run: Run, alias: KeyAlias): Promise<Judgement> {
  const problems: (string | undefined)[] = []
  for (const size of [61, LONGEST]) {
    const message = harmless(size, size)
    const signed = await sign(run, alias, MODE.messageRaw, message)
    problems.push(unsignedProblem('to verify', signed))
    if (signed.kind !== 'signed') continue
    for (const mode of size === LONGEST ? [MODE.messageRaw] : MODES) {
      const reply = await run.prober.ask(asked(alias, mode, message, signed.signature))
      problems.push(bodyProblem(`mode ${mode}, ${size} bytes`, reply, VALID))
    }
  }
  return judged(problems)
}

async function judgeBad(run: Run, alias: KeyAlias): Promise<Judgement> {
  const message = harmless(61, 61)
  const signed = await sign(run, alias, MODE.messageRaw, message)
  if (signed.kind !== 'signed') return judged([unsignedProblem('to verify', signed)])
  const { signature } = signed
  const problems: (string | undefined)[] = []
  for (const mode of MODES) {
    const reply = await run.prober.ask(asked(alias, mode, harmless(61, 62), signature))
    problems.push(bodyProblem(`mode ${mode}, another message`, reply, INVALID))
  }
  for (const [what, bad] of [
    ['a bit of R flipped', flipped(signature, 3)],
    ['a bit of S flipped', flipped(signature, 40)],
    ['zeros', new Uint8Array(SIGNATURE_SIZE)],
    ['R and S swapped', concatBytes(signature.slice(32), signature.slice(0, 32))],
  ] as const) {
    const reply = await run.prober.ask(asked(alias, MODE.messageRaw, message, bad))
    problems.push(bodyProblem(what, reply, INVALID))
  }
  return judged([...problems, await otherKeyProblem(run, alias, message, signature)])
}

/** A signature is valid for no key but its own; another curve's key, where it gives a verdict at all, says no. */
async function otherKeyProblem(run: Run, alias: KeyAlias, message: Uint8Array, signature: Uint8Array) {
  const other = ALIASES.find((each) => each !== alias && run.keys.has(each) && !run.unsigning.has(each))
  if (other === undefined) return undefined
  const reply = await run.prober.ask(asked(other, MODE.messageRaw, message, signature))
  const status = refusedWith(reply)
  if (status !== undefined && isPolicyStatus(status)) return undefined
  return bodyProblem(`with ${KEY_NAMES[other]}`, reply, INVALID)
}

async function judgeErrors(run: Run, alias: KeyAlias): Promise<Judgement> {
  const data = new Uint8Array(125).fill(7)
  const ask = (mode: number, size: number, bytes?: Uint8Array) =>
    run.prober.ask(verifyBody(alias, mode, size, bytes))
  return judged([
    statusProblem('mode 0', await ask(0, 61, data), 'param2-invalid'),
    statusProblem('mode 5', await ask(5, 61, data), 'param2-invalid'),
    statusProblem('64 bytes of data', await ask(MODE.messageRaw, 0, data.slice(0, 64)), 'data-invalid'),
    statusProblem('no data', await ask(MODE.messageRaw, 0), 'data-invalid'),
    statusProblem(
      'mode 2 without message length',
      await ask(MODE.prehashedBase58, 0, data),
      'param3-invalid',
    ),
    statusProblem('mode 4 without message length', await ask(MODE.messageBase58, 0, data), 'param3-invalid'),
  ])
}

async function judgeUnknownKeys(run: Run): Promise<Judgement> {
  const reply = await run.prober.ask(verifyBody(4, MODE.messageRaw, 61, new Uint8Array(125).fill(7)))
  return judged([statusProblem('key 4', reply, 'param1-invalid')])
}

function asked(alias: KeyAlias, mode: number, message: Uint8Array, signature: Uint8Array): Uint8Array {
  const signedBytes = mode < MODE.messageRaw ? payloadDigest(message) : message
  const curve: Curve = CURVE_OF[KEY_NAMES[alias]]
  const written = mode % 2 === 1 ? signature : new TextEncoder().encode(encodeSignature(curve, signature))
  return verifyBody(alias, mode, signedBytes.length, concatBytes(signedBytes, written))
}

function flipped(bytes: Uint8Array, at: number): Uint8Array {
  const copy = bytes.slice()
  copy[at] = (copy[at] ?? 0) ^ 0x10
  return copy
}
