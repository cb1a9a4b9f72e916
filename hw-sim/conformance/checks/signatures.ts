import { MODE, type KeyAlias } from '../../../src/device/tezio/index.js'
import { equalBytes, normaliseSignature, toHex } from '../../../src/tezos/index.js'
import { CURVE_OF, KEY_NAMES } from '../../device-key.js'
import type { Check, Run } from '../check.js'
import { sign, unsignedProblem } from '../commands.js'
import { judged, type Judgement } from '../judgement.js'
import { harmless } from '../payloads.js'
import { ifSigning } from './sign.js'

/** So many signatures have only low S by chance once in 65,536 times. */
const ENOUGH = 16
const SERIAL = 1000

const ED25519 = 1
const ECDSA = [0, 2, 3] as const

/** What signatures must be beyond verifying. Judged last: they look at every signature of the run. */
export const SIGNATURE_CHECKS: readonly Check[] = [
  {
    id: 'signatures.deterministic.ed25519',
    title: 'Ed25519 signs the same bytes the same way, in every mode',
    judge: ifSigning(ED25519, judgeDeterministic),
  },
  ...ECDSA.map((alias): Check => ({
    id: `signatures.nonces.${KEY_NAMES[alias]}`,
    title: `no nonce of ${KEY_NAMES[alias]} is used for two digests`,
    judge: ifSigning(alias, (run) => judgeNonces(run, alias)),
  })),
  {
    id: 'signatures.low-s.secp256k1',
    title: 'secp256k1 signatures have a low S',
    judge: ifSigning(2, judgeLowS),
  },
]

async function judgeDeterministic(run: Run): Promise<Judgement> {
  const first = await sign(run, ED25519, MODE.messageRaw, harmless(64, SERIAL))
  const problems = [unsignedProblem('mode 3', first)]
  for (const mode of [MODE.messageRaw, MODE.messageBase58]) {
    const again = await sign(run, ED25519, mode, harmless(64, SERIAL))
    problems.push(unsignedProblem(`mode ${mode} again`, again))
    const isOther =
      first.kind === 'signed' && again.kind === 'signed' && !equalBytes(first.signature, again.signature)
    if (isOther) problems.push(`mode ${mode} gave another signature of the same bytes`)
  }
  return judged(problems)
}

/** A nonce that is used for two digests gives the secret key away. */
async function judgeNonces(run: Run, alias: KeyAlias): Promise<Judgement> {
  const problems = await topUp(run, alias)
  const digestOf = new Map<string, string>()
  for (const { digest, signature } of signaturesOf(run, alias)) {
    const r = toHex(signature.subarray(0, 32))
    const known = digestOf.get(r)
    if (known !== undefined && known !== toHex(digest)) problems.push(`r ${r} was used for two digests`)
    digestOf.set(r, toHex(digest))
  }
  return judged(problems)
}

async function judgeLowS(run: Run): Promise<Judgement> {
  const problems = await topUp(run, 2)
  const all = signaturesOf(run, 2)
  const high = all.filter(
    ({ signature }) => !equalBytes(normaliseSignature('secp256k1', signature), signature),
  )
  if (high.length > 0) problems.push(`${high.length} of ${all.length} signatures have a high S`)
  return judged(problems)
}

/** Signs other messages until there are enough signatures; returns what went wrong. */
async function topUp(run: Run, alias: KeyAlias): Promise<(string | undefined)[]> {
  const problems: (string | undefined)[] = []
  for (let serial = signaturesOf(run, alias).length; serial < ENOUGH; serial += 1) {
    const signed = await sign(run, alias, MODE.messageRaw, harmless(64, SERIAL + serial))
    problems.push(unsignedProblem(CURVE_OF[KEY_NAMES[alias]], signed))
  }
  return problems
}

const signaturesOf = (run: Run, alias: KeyAlias) => run.signatures.filter((made) => made.alias === alias)
