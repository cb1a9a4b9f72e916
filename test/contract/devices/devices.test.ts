import { afterEach, describe, expect, it } from 'vitest'
import {
  normaliseSignature,
  payloadDigest,
  publicKeyHash,
  verifierOf,
  type PublicKeyHash,
} from '../../../src/tezos/index.js'
import { randomKeys } from '../../../hw-sim/index.js'
import type { SigningDevice } from '../../../src/policy/index.js'
import { removeLeftovers, type Bench, type BenchKind, type Hands } from './bench.js'
import { tezioBoard, tezioOnBinding, tezioOnTerminal } from './tezio-benches.js'
import { softToken } from './token-bench.js'

// Whatever kind a device is, this is what the guarded signer relies on. A new kind is one line here. hw-sim's TCP port is
// not among them: the driver opens serial ports, and no addresses.
const KINDS: readonly BenchKind[] = [tezioOnBinding, tezioOnTerminal, tezioBoard, softToken]

afterEach(removeLeftovers)

/** Begins as an operation does: the board's own policy lets such payloads through, and keeps no mark for them. */
const payloadOf = (size: number) => Uint8Array.from({ length: size }, (_, at) => (at === 0 ? 0x03 : at % 251))

/** Beside what it does itself: how long a machine with other work may take to get to it, in ms. */
const SLACK_MS = 2000

async function within<Value>(ms: number, run: () => Promise<Value>): Promise<Value> {
  const startedAt = performance.now()
  const value = await run()
  expect(performance.now() - startedAt).toBeLessThan(ms + SLACK_MS)
  return value
}

async function expectSigned(bench: Bench, key: PublicKeyHash, payload: Uint8Array): Promise<void> {
  const answer = await bench.signer.sign(key, payload)
  if (answer.outcome !== 'signed') throw new Error(`${answer.code}: ${answer.message}`)
  const publicKey = bench.keys.get(key)!
  expect(answer.signature).toHaveLength(64)
  const signature = normaliseSignature(publicKey.curve, answer.signature)
  expect(verifierOf(publicKey)(payloadDigest(payload), signature)).toBe(true)
}

for (const { name, whyNot, open } of KINDS) {
  if (whyNot !== '') console.warn(`skipped: ${name}: ${whyNot}`)
  describe.skipIf(whyNot !== '')(name, () => {
    const one = async () => {
      const bench = await open()
      const [key] = [...bench.keys.keys()].slice(-1)
      if (key === undefined) throw new Error('a device without keys')
      return { bench, key, signer: bench.signer }
    }

    it('is ready at once when it is there', async () => {
      const { signer } = await one()
      expect(await within(0, () => signer.ready(5000))).toBeUndefined()
      expect(await within(0, () => signer.ready(0))).toBeUndefined()
    })

    it('signs payloads of every size with every key, and each signature verifies', async () => {
      const { bench } = await one()
      const most = bench.maxPayloadBytes ?? 100_000
      expect(bench.keys.size).toBe(3)
      for (const key of bench.keys.keys()) {
        for (const size of [1, 2, 31, 32, 33, 64, 150, 512, most - 1, most]) {
          await expectSigned(bench, key, payloadOf(size))
        }
      }
    })

    it('refuses a payload above its limit by name, and sends nothing', async () => {
      const { bench, key, signer } = await one()
      if (bench.maxPayloadBytes === undefined) {
        await expectSigned(bench, key, payloadOf(1_000_000))
        return
      }
      const before = bench.signaturesAsked?.()
      const answer = await signer.sign(key, payloadOf(bench.maxPayloadBytes + 1))
      expect(answer).toMatchObject({ outcome: 'failed', code: 'device-refused', sent: false })
      expect(bench.signaturesAsked?.()).toBe(before)
      await expectSigned(bench, key, payloadOf(10))
    })

    it('refuses a key that it does not have by name, and sends nothing', async () => {
      const { bench, key, signer } = await one()
      const before = bench.signaturesAsked?.()
      const unknown = publicKeyHash(randomKeys().p256.publicKey)
      const answer = await signer.sign(unknown, payloadOf(10))
      expect(answer).toMatchObject({ outcome: 'failed', code: 'device-refused', sent: false })
      expect(answer).toMatchObject({ message: expect.stringContaining(unknown) as string })
      expect(bench.signaturesAsked?.()).toBe(before)
      await expectSigned(bench, key, payloadOf(10))
    })

    it('takes one signature at a time, and refuses another one without sending it', async () => {
      const { bench, key, signer } = await one()
      const first = signer.sign(key, payloadOf(10))
      const second = await signer.sign(key, payloadOf(11))
      expect(second).toMatchObject({ outcome: 'failed', code: 'device-busy', sent: false })
      expect((await first).outcome).toBe('signed')
      await expectSigned(bench, key, payloadOf(10))
    })

    it('ends for good when it is closed', async () => {
      const { bench, key, signer } = await one()
      const signing = signer.sign(key, payloadOf(10))
      await within(1000, bench.close)
      expect((await signing).outcome).toMatch(/signed|failed/)
      const refused = { outcome: 'failed', code: 'device-unavailable', sent: false }
      expect(await within(0, () => signer.ready(5000))).toMatchObject(refused)
      expect(await within(0, () => signer.sign(key, payloadOf(10)))).toMatchObject(refused)
      await bench.close()
    })

    const handled = async () => {
      const { bench, key, signer } = await one()
      return { bench, key, signer, hands: bench.hands! }
    }
    const withHands = (title: string, run: (scene: Scene) => Promise<void>) => {
      if (name === tezioBoard.name) {
        // a real board, which TEZIO_PORT names, loses its plug by hand only; the simulated ones go through this in each run
        it.skip(`${title} (a real board: nobody is there to pull the plug)`)
        return
      }
      it(title, async () => {
        await run(await handled())
      })
    }

    withHands('refuses by name while it is away, and signs again when it is back', async (scene) => {
      const { bench, key, signer, hands } = scene
      await hands.goAway()
      const before = bench.signaturesAsked?.()
      const refused = { outcome: 'failed', code: 'device-unavailable', sent: false }
      expect(await within(300, () => signer.ready(300))).toMatchObject(refused)
      expect(await within(0, () => signer.sign(key, payloadOf(10)))).toMatchObject(refused)
      await hands.comeBack()
      expect(bench.signaturesAsked?.()).toBe(before)
      expect(await signer.ready(0)).toBeUndefined()
      await expectSigned(bench, key, payloadOf(10))
    })

    withHands('fails by name when it goes away in the middle, and is not asked again', async (scene) => {
      const { bench, key, signer, hands } = scene
      const before = bench.signaturesAsked!()
      const answer = await hands.goAwayInTheMiddle(() => signer.sign(key, payloadOf(10)))
      expect(answer).toMatchObject({ outcome: 'failed', code: 'device-lost', sent: true })
      expect(bench.signaturesAsked!()).toBeLessThanOrEqual(before + 1)
    })

    withHands(
      'fails by name when it does not answer, makes one attempt, and signs again by itself',
      async (scene) => {
        const { bench, key, signer, hands } = scene
        const before = bench.signaturesAsked!()
        hands.hang()
        const answer = await within(500, () => signer.sign(key, payloadOf(10)))
        expect(answer).toMatchObject({ outcome: 'failed', code: 'device-timeout', sent: true })
        while ((await signer.ready(1000)) !== undefined) await new Promise(setImmediate)
        expect(bench.signaturesAsked!()).toBeLessThanOrEqual(before + 1)
        await expectSigned(bench, key, payloadOf(12))
        expect(bench.signaturesAsked!()).toBeLessThanOrEqual(before + 2)
      },
    )

    type Scene = {
      readonly bench: Bench
      readonly key: PublicKeyHash
      readonly signer: SigningDevice
      readonly hands: Hands
    }
  })
}
