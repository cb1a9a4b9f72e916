import { describe, expect, it, vi } from 'vitest'
import { createSimulatedTezio, keysFromSecrets } from '../../hw-sim/index.js'
import { transcriptKeys } from '../device/support.js'
import { attestation, operation } from './payloads.js'
import { START_MS } from './abuse/target.js'
import { ADDRESS, type LogLine } from './daemon.js'
import { SparesBench, type SparesOptions } from './spare-bench.js'

/** The most that may pass from the answer that names a fault to the next signature, in ms. */
const WITHIN_MS = 1000
/** Long enough that a real board's 150 ms are in time, and short enough for a test. */
const TIMEOUT = ', timeout_ms: 600'

/** A fault of a board that is asked to sign, and how it is named. */
const FAULTS = [
  ['is unplugged', 'unplug', {}, 'device-lost'],
  ['is unplugged in the middle of its reply', 'unplug', { after: 20 }, 'device-lost'],
  ['stalls', 'stall', {}, 'device-timeout'],
  ['answers with a wrong signature', 'wrong-signature', { how: 'other-message' }, 'signature-invalid'],
  ['answers with a damaged reply', 'wrong-crc', {}, 'device-reply-damaged'],
  ['has a chip that does not answer', 'secure-element', {}, 'device-failed'],
] as const

const started = async (options: SparesOptions = {}) => {
  const bench = await SparesBench.ofThisTest({ boardLines: TIMEOUT, ...options })
  if (options.simulated === undefined) await bench.ready()
  return bench
}

/** Only what tells a signature from another: who made it. */
const deviceOf = (line: LogLine) => line['device']

describe.each(['zero', 'board'] as const)(
  'two boards with one key, latency %s',
  { timeout: START_MS },
  (latency) => {
    it.each(FAULTS)(
      'when the active one %s, the request fails by name and the spare signs the next one',
      async (what, fault, parameters, code) => {
        const bench = await started({ latency })
        const { rack, signs } = bench.board('left')
        expect((await bench.sign(attestation(1))).status).toBe(200)
        rack.arm(fault, parameters)
        const lost = attestation(2)
        expect(await bench.sign(lost)).toMatchObject({ status: 500, code })
        const asked = signs()
        const next = await bench.sign(attestation(3))
        console.log(`latency ${latency}, ${what}: the spare signed after ${Math.round(next.ms)} ms`)
        expect(next.status).toBe(200)
        expect(next.ms).toBeLessThan(WITHIN_MS)
        expect(deviceOf(await bench.decision(3, 'signed'))).toBe('right')
        expect(signs()).toBe(asked)
        expect(bench.lines('device.took-over')).toEqual([
          expect.objectContaining({ key: ADDRESS.tz3, device: 'right', instead: 'left', reason: code }),
        ])
        bench.expectPromise()
      },
    )

    it('the spare signs the very payload whose signature was lost, once, and no other for its place', async () => {
      const bench = await started({ latency })
      bench.board('left').rack.arm('unplug')
      const lost = attestation(1)
      expect((await bench.sign(lost)).code).toBe('device-lost')
      expect((await bench.sign(attestation(1))).code).toBe('conflicts-with-mark')
      const first = await bench.sign(lost)
      expect(first.status).toBe(200)
      expect((await bench.sign(lost)).signature).toBe(first.signature)
      expect((await bench.sign(attestation(1))).code).toBe('conflicts-with-mark')
      expect([bench.board('left').signs(), bench.board('right').signs()]).toEqual([1, 1])
      bench.expectPromise()
    })

    it('when the active one is unplugged while idle, the next request is signed by the spare', async () => {
      const bench = await started({ latency })
      expect((await bench.sign(attestation(1))).status).toBe(200)
      bench.board('left').port.unplug()
      await bench.daemon.line('device.lost')
      const next = await bench.sign(attestation(2))
      console.log(
        `latency ${latency}, unplugged while idle: the spare signed after ${Math.round(next.ms)} ms`,
      )
      expect([next.status, next.ms < WITHIN_MS]).toEqual([200, true])
      expect(deviceOf(await bench.decision(2, 'signed'))).toBe('right')
    })
  },
)

describe('two boards with one key', { timeout: START_MS }, () => {
  it('a spare with other keys is refused by name, and never used', async () => {
    const others = keysFromSecrets({
      ...{ auth: secret(1), ed25519: secret(2), secp256k1: secret(3), p256: secret(4) },
    })
    const bench = await started({
      simulated: [createSimulatedTezio({ keys: transcriptKeys() }), createSimulatedTezio({ keys: others })],
    })
    await bench.ready(['left'])
    const refused = await bench.daemon.line('device.open-failed')
    expect(refused).toMatchObject({ device: 'right', code: 'wrong-device' })
    expect((await bench.sign(attestation(1))).status).toBe(200)
    bench.board('left').port.unplug()
    await bench.daemon.line('device.lost')
    expect((await bench.sign(attestation(2))).status).toBe(500)
    expect(bench.board('right').signs()).toBe(0)
    expect((await bench.decision(2, 'refused'))['reason']).toMatch(/^no device .* \(left: .*; right: .*\)/)
  })

  it('with both gone the refusal names each, and the first one that is back signs', async () => {
    const bench = await started()
    for (const { port } of bench.boards) port.unplug()
    await bench.daemon.until((lines) => lines.filter(({ event }) => event === 'device.lost').length === 2)
    const startedAt = performance.now()
    expect((await bench.sign(attestation(1))).code).toBe('device-unavailable')
    expect(performance.now() - startedAt).toBeLessThan(WITHIN_MS)
    const { reason } = await bench.decision(1, 'refused')
    expect(reason).toMatch(
      /\(left: the device is closed: .*; right: the device is closed: .*\); nothing was sent/,
    )
    expect(bench.journal.some((line) => line.includes('"level":1,'))).toBe(false)
    const from = bench.daemon.lines.length
    bench.board('right').port.replug()
    await bench.ready(['right'], from)
    expect((await bench.sign(attestation(1))).status).toBe(200)
    expect(deviceOf(await bench.decision(1, 'signed'))).toBe('right')
  })

  it('the preferred one signs again by itself once it was without a fault for the quiet period, and not before', async () => {
    const bench = await started({ returnAfterS: 2 })
    bench.board('left').rack.arm('wrong-signature', { how: 'other-message' }, { times: 1 })
    expect((await bench.sign(attestation(1))).code).toBe('signature-invalid')
    const failedAt = performance.now()
    const devices: unknown[] = []
    for (let level = 2; devices.at(-1) !== 'left'; level += 1) {
      expect((await bench.sign(attestation(level))).status).toBe(200)
      devices.push(deviceOf(await bench.decision(level, 'signed')))
    }
    expect(performance.now() - failedAt).toBeGreaterThan(1900)
    expect(devices.length).toBeGreaterThan(1)
    expect(new Set(devices.slice(0, -1))).toEqual(new Set(['right']))
    const [away, back] = bench.lines('device.took-over')
    expect([away?.['reason'], back?.['reason']]).toEqual([
      'signature-invalid',
      'no fault of left was noticed for 2 s',
    ])
    bench.expectPromise()
  })
})

const secret = (fill: number) => new Uint8Array(32).fill(fill)

/** SIGN takes as long as one likes; nothing else takes any time. */
const slow = (ms: number) => ({
  name: 'slow',
  delayMs: ({ name }: { name: string | undefined }) => (name === 'SIGN' ? ms : 0),
})

describe('lines of several boards', { timeout: START_MS }, () => {
  it('different keys on different boards sign at the same time', async () => {
    const bench = await started({
      latency: slow(400),
      keys: { [ADDRESS.tz3]: ['left'], [ADDRESS.tz1]: ['right'] },
    })
    const seen: number[] = []
    const watch = async (key: string) => {
      const answer = await bench.sign(operation(), key)
      seen.push(bench.boards.reduce((sum, { signs }) => sum + signs(), 0))
      return answer.status
    }
    expect(await Promise.all([watch(ADDRESS.tz3), watch(ADDRESS.tz1)])).toEqual([200, 200])
    // when the first of them was answered, the other board had been asked already
    expect(seen).toEqual([2, 2])
    expect(bench.boards.map(({ signs }) => signs())).toEqual([1, 1])
  })

  it.each([
    ['is unplugged', 'unplug', {}, 'device-lost'],
    ['answers wrongly and stays', 'wrong-signature', { how: 'other-message' }, 'signature-invalid'],
    ['stalls', 'stall', {}, 'device-timeout'],
  ] as const)(
    'who waits for a board that %s goes to the spare, in order',
    async (_, fault, parameters, code) => {
      const bench = await started({ latency: slow(80) })
      bench.board('left').rack.arm(fault, parameters)
      const waiting: Promise<{ readonly status: number }>[] = []
      const first = bench.sign(attestation(1))
      await vi.waitUntil(() => bench.board('left').signs() === 1, { interval: 1 })
      for (let level = 2; level <= 9; level += 1) waiting.push(bench.sign(attestation(level)))
      expect((await first).code).toBe(code)
      const answers = await Promise.all(waiting)
      await bench.daemon.until(() => bench.lines('signature.decided').length === 9)
      const signed = bench.lines('signature.decided').filter((line) => line['outcome'] === 'signed')
      const levels = signed.map((line) => Number(line['level']))
      // requests over connections of their own may come in any order: what came too late for its place is refused as below
      expect(levels).toEqual(levels.toSorted((one, other) => one - other))
      expect(answers.filter(({ status }) => status === 500)).toEqual([])
      expect(new Set(signed.map(deviceOf))).toEqual(new Set(['right']))
      expect(bench.board('left').signs()).toBe(1)
      expect(bench.board('right').signs()).toBe(levels.length)
      bench.expectPromise()
    },
  )
})
