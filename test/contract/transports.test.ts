import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { fromHex, payloadDigest, verifySignature, type PublicKey } from '../../src/tezos/index.js'
import { transcriptKeys } from '../device/support.js'
import { ADDRESS } from '../e2e/daemon.js'
import { SCENES } from './cases.js'
import { Stage, type Case } from './scene.js'
import { ALL_TRANSPORTS, type Outcome } from './transports.js'

/** How long the programs of one daemon may take to start on a busy machine, in ms. */
const START_MS = 60_000

const { ed25519, secp256k1, p256 } = transcriptKeys()
const PUBLIC_KEYS = new Map<string, PublicKey>([
  [ADDRESS.tz1, ed25519.publicKey],
  [ADDRESS.tz2, secp256k1.publicKey],
  [ADDRESS.tz3, p256.publicKey],
])

/** Values that were answered, over every transport: they must be the same. */
const values = new Map<string, Set<string>>()

/** `signed` and `repeated` are what only the board can tell apart; both need a signature that verifies. */
function decisionOf({ question }: Case, { decision, value }: Outcome, askedBoard: number): string {
  if (decision !== 'answered' || question.kind !== 'sign') return decision
  const publicKey = PUBLIC_KEYS.get(question.key)!
  expect(verifySignature(publicKey, payloadDigest(question.payload), fromHex(value!)!)).toBe(true)
  return askedBoard === 0 ? 'repeated' : 'signed'
}

describe.each(SCENES)('$name', (scene) => {
  it('has a case of its own under every name', () => {
    const names = scene.cases.map(({ name }) => name)
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([])
  })

  describe.each(ALL_TRANSPORTS)('asked over $name', (transport) => {
    let stage: Stage
    beforeAll(async () => {
      stage = await Stage.open(scene)
    }, START_MS)
    afterAll(() => stage.close())

    it.each(scene.cases)('decides $name: $expected', async (one) => {
      await one.before?.(stage)
      const before = stage.signCommands
      const outcome = await transport.ask(stage.place, one.question)
      expect(decisionOf(one, outcome, stage.signCommands - before)).toBe(one.expected)
      if (outcome.value === undefined || one.question.kind === 'sign') return
      const seen = values.get(one.name) ?? new Set()
      values.set(one.name, seen.add(outcome.value))
    })
  })
})

it('there are sixty cases and more, and every transport answered the same values', () => {
  expect(SCENES.flatMap(({ cases }) => cases).length).toBeGreaterThan(60)
  expect([...values].map(([name, seen]) => [name, seen.size])).toEqual([...values].map(([name]) => [name, 1]))
  expect(values.size).toBeGreaterThanOrEqual(4)
})
