import { MODE, type KeyAlias } from '../../../src/device/tezio/index.js'
import { hexByte } from '../../../src/tezos/index.js'
import { ALIASES, KEY_NAMES } from '../../device-key.js'
import type { Check, Run } from '../check.js'
import { isRefused, sign, told, type Signed } from '../commands.js'
import { judged, leftOut, type Judgement } from '../judgement.js'
import { harmless, harmlessDigest, OVERRUN_MAGIC_BYTES, TRANSFER, UNUSED_MAGIC_BYTE } from '../payloads.js'
import { ifSigning } from './sign.js'

/** The policy of magic bytes, as far as it shows without raising a watermark. */
export const POLICY_CHECKS: readonly Check[] = ALIASES.flatMap((alias): readonly Check[] => {
  const name = KEY_NAMES[alias]
  return [
    {
      id: `policy.not-enabled.${name}`,
      title: `${name} refuses a magic byte that is not enabled`,
      judge: ifSigning(alias, (run) => judgeNotEnabled(run, alias)),
    },
    {
      id: `policy.overrun.${name}`,
      title: `${name} signs or refuses magic bytes beyond the table, and nothing else`,
      judge: ifSigning(alias, (run) => judgeOverrun(run, alias)),
    },
    {
      id: `policy.digest.${name}`,
      title: `${name} judges a digest by its first byte, or takes none`,
      judge: ifSigning(alias, (run) => judgeDigest(run, alias)),
    },
  ]
})

async function judgeNotEnabled(run: Run, alias: KeyAlias): Promise<Judgement> {
  const signed = await sign(run, alias, MODE.messageRaw, harmless(40, 0, UNUSED_MAGIC_BYTE))
  if (signed.kind === 'signed') return leftOut(`this device enables ${hexByte(UNUSED_MAGIC_BYTE)}`)
  return judged([notEnabledProblem(hexByte(UNUSED_MAGIC_BYTE), signed)])
}

async function judgeOverrun(run: Run, alias: KeyAlias): Promise<Judgement> {
  const problems: (string | undefined)[] = []
  for (const magicByte of OVERRUN_MAGIC_BYTES) {
    const signed = await sign(run, alias, MODE.messageRaw, harmless(40, 0, magicByte))
    const problem = signed.kind === 'signed' ? undefined : notEnabledProblem(hexByte(magicByte), signed)
    const way = signed.kind === 'signed' ? 'stock' : problem === undefined ? 'fixed' : 'other'
    run.observations.note(5, way, `${hexByte(magicByte)} ${signed.kind}`)
    problems.push(problem)
  }
  return judged(problems)
}

/** Surprise 6. A device that signs a digest whatever its first byte has no policy at all in these modes. */
async function judgeDigest(run: Run, alias: KeyAlias): Promise<Judgement> {
  const asMessage = await sign(run, alias, MODE.messageRaw, harmless(40, 0, UNUSED_MAGIC_BYTE))
  if (asMessage.kind === 'signed') return leftOut(`this device enables ${hexByte(UNUSED_MAGIC_BYTE)}`)
  const enabled = await sign(run, alias, MODE.prehashedRaw, harmlessDigest(TRANSFER))
  const other = await sign(run, alias, MODE.prehashedRaw, harmlessDigest(UNUSED_MAGIC_BYTE))
  const areRefused = [enabled, other].every((signed) => isRefused(signed, 'param2-invalid'))
  const isJudged = enabled.kind === 'signed' && isRefused(other, 'magic-byte-not-enabled')
  run.observations.note(
    6,
    areRefused ? 'fixed' : isJudged ? 'stock' : 'other',
    `a digest that begins with ${hexByte(TRANSFER)}: ${told(enabled)}; with ${hexByte(UNUSED_MAGIC_BYTE)}: ${told(other)}`,
  )
  if (areRefused || isJudged) return judged([])
  return judged([
    `a digest that begins with ${hexByte(TRANSFER)}: ${told(enabled)}; with ${hexByte(UNUSED_MAGIC_BYTE)}: ${told(other)}`,
  ])
}

function notEnabledProblem(what: string, signed: Signed): string | undefined {
  return isRefused(signed, 'magic-byte-not-enabled')
    ? undefined
    : `${what}: expected 0xb8 (magic-byte-not-enabled), got ${told(signed)}`
}
