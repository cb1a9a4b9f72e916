import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DeviceLines, type NotReady } from '../../src/policy/device-lines.js'
import type { RefusalCode, SigningDevice, SpareEvent } from '../../src/policy/index.js'
import { ComingDevice, settle } from './coming-device.js'
import { ManualClock, TZ1, TZ3 } from './fixture.js'

const QUIET_MS = 60_000
const PATIENCE_MS = 4000

/** A device that comes and goes, and works only when it is told to. */
class FakeDevice extends ComingDevice {
  readonly sign = () => Promise.reject(new Error('nobody signs here'))
}

type Work = {
  readonly number: number
  readonly key: string
  readonly device: FakeDevice
  readonly end: (code: RefusalCode | 'signed') => void
}

class Bench {
  readonly clock = new ManualClock()
  readonly left = new FakeDevice('left', this.clock)
  readonly right = new FakeDevice('right', this.clock)
  readonly events: SpareEvent[] = []
  readonly lines = new DeviceLines({
    ...{ devices: { quietMs: QUIET_MS }, clock: this.clock, queueCapacity: 100 },
    onEvent: (event) => void this.events.push(event),
  })
  /** Who is at work now. */
  readonly atWork = new Set<Work>()
  /** Who was ever at work, in order. */
  readonly begun: Work[] = []
  readonly answers = new Map<number, string>()
  readonly broken: string[] = []
  #asked = 0

  /** Asks for a key that these devices hold. */
  ask(key: typeof TZ1, devices: readonly FakeDevice[], signal?: AbortSignal): number {
    const number = ++this.#asked
    const serve = async (chosen: SigningDevice, waitMs: number): Promise<{ said: string } | NotReady> => {
      const device = devices.find((one) => one === chosen)!
      const notReady = await device.ready(waitMs)
      if (notReady !== undefined) return { notReady }
      const said = await this.#work(number, key, device)
      if (said !== 'signed') this.lines.noteAnswer(device, said)
      return { said }
    }
    const patience = { deadlineAt: this.clock.now() + PATIENCE_MS, signal }
    void this.lines
      .inTurn({ key, isUrgent: true }, patience, { owner: key, devices }, serve)
      .then((result) => this.answers.set(number, 'said' in result ? result.said : result.code))
    return number
  }

  at(device: FakeDevice): Work | undefined {
    return [...this.atWork].find((work) => work.device === device)
  }

  async end(device: FakeDevice, how: RefusalCode | 'signed'): Promise<void> {
    this.at(device)?.end(how)
    await settle()
  }

  #work(number: number, key: string, device: FakeDevice): Promise<RefusalCode | 'signed'> {
    if (!device.isUp) this.broken.push(`${number} is at ${device.name}, which is away`)
    for (const other of this.atWork) {
      if (other.device === device) this.broken.push(`${number} and ${other.number} are at ${device.name}`)
      if (other.key === key) this.broken.push(`${number} and ${other.number} are of one key`)
    }
    return new Promise((resolve) => {
      const work: Work = {
        ...{ number, key, device },
        end: (code) => {
          this.atWork.delete(work)
          resolve(code)
        },
      }
      this.atWork.add(work)
      this.begun.push(work)
    })
  }
}

const numbers = (work: readonly Work[]) => work.map(({ number }) => number)

describe('the lines of two devices with one key', () => {
  test.each([
    'device-lost',
    'device-timeout',
    'device-reply-damaged',
    'device-failed',
    'signature-invalid',
  ] as const)(
    'whoever waits behind a request that ended with %s goes to the spare, in order, and that one does not',
    async (code) => {
      const bench = new Bench()
      const both = [bench.left, bench.right]
      for (let count = 0; count < 4; count++) bench.ask(TZ3, both)
      await settle()
      expect(numbers(bench.begun)).toEqual([1])
      if (code === 'device-lost') bench.left.become('away')
      await bench.end(bench.left, code)
      expect(bench.answers.get(1)).toBe(code)
      for (let count = 0; count < 3; count++) await bench.end(bench.right, 'signed')
      expect(numbers(bench.begun)).toEqual([1, 2, 3, 4])
      expect(bench.begun.map(({ device }) => device.name)).toEqual(['left', 'right', 'right', 'right'])
      expect(bench.events).toEqual([
        { event: 'device.took-over', key: TZ3, device: 'right', instead: 'left', reason: code },
      ])
    },
  )

  test('a refusal that answers the payload moves nobody', async () => {
    const bench = new Bench()
    bench.ask(TZ3, [bench.left, bench.right])
    bench.ask(TZ3, [bench.left, bench.right])
    await settle()
    await bench.end(bench.left, 'device-policy')
    expect(bench.begun.map(({ device }) => device.name)).toEqual(['left', 'left'])
    expect(bench.events).toEqual([])
  })

  test('the preferred one is back after the quiet period and not before, and nobody is at both meanwhile', async () => {
    const bench = new Bench()
    const both = [bench.left, bench.right]
    bench.ask(TZ3, both)
    await settle()
    await bench.end(bench.left, 'signature-invalid')
    bench.clock.advance(QUIET_MS - 1)
    bench.ask(TZ3, both)
    await settle()
    expect(bench.at(bench.right)?.number).toBe(2)
    bench.clock.advance(1)
    bench.ask(TZ3, both)
    await settle()
    // it is the left one's by now, and waits until the key is nowhere else
    expect(numbers([...bench.atWork])).toEqual([2])
    await bench.end(bench.right, 'signed')
    expect(bench.at(bench.left)?.number).toBe(3)
    expect(bench.events.at(-1)).toMatchObject({
      ...{ device: 'left', instead: 'right', reason: 'no fault of left was noticed for 60 s' },
    })
  })

  test('with faults of both, each next request goes to the one whose fault is older', async () => {
    const bench = new Bench()
    for (const device of ['left', 'right', 'left', 'right'] as const) {
      bench.ask(TZ3, [bench.left, bench.right])
      await settle()
      expect(bench.at(bench[device])).toBeDefined()
      bench.clock.advance(10)
      await bench.end(bench[device], 'device-failed')
    }
  })

  test('with all away the refusal names each at once; while one is syncing it is waited for', async () => {
    const bench = new Bench()
    const both = [bench.left, bench.right]
    for (const device of both) device.become('away')
    bench.ask(TZ3, both)
    await settle()
    expect(bench.answers.get(1)).toBe('device-unavailable')
    bench.right.become('syncing')
    for (let count = 0; count < 3; count++) bench.ask(TZ3, both)
    await settle()
    expect(bench.answers.size).toBe(1)
    bench.right.become('up')
    for (let count = 0; count < 3; count++) {
      await settle()
      await bench.end(bench.right, 'signed')
    }
    expect(numbers(bench.begun)).toEqual([2, 3, 4])
    expect(bench.clock.timers).toBe(0)
  })

  test('whoever waits for any device gives up at the deadline, when the client leaves, and at the end', async () => {
    const bench = new Bench()
    const both = [bench.left, bench.right]
    for (const device of both) device.become('syncing')
    const client = new AbortController()
    bench.ask(TZ3, both)
    bench.ask(TZ3, both, client.signal)
    bench.ask(TZ3, both)
    await settle()
    client.abort()
    await settle()
    expect([...bench.answers]).toEqual([[2, 'client-gone']])
    bench.clock.advance(PATIENCE_MS)
    await settle()
    expect(bench.answers.get(1)).toBe('deadline-passed')
    expect(bench.answers.get(3)).toBe('deadline-passed')
    bench.ask(TZ3, both)
    bench.ask(TZ3, both)
    await settle()
    const closed = bench.lines.close()
    for (const device of both) device.become('away')
    await closed
    await settle()
    expect([bench.answers.get(4), bench.answers.get(5)]).toEqual(['device-unavailable', 'shutting-down'])
    expect(bench.clock.timers).toBe(0)
  })

  test('a key that has only the device that is away does not hold up one that has a spare', async () => {
    const bench = new Bench()
    bench.ask(TZ1, [bench.left])
    await settle()
    bench.ask(TZ1, [bench.left])
    bench.ask(TZ3, [bench.left, bench.right])
    await settle()
    bench.left.become('syncing')
    await bench.end(bench.left, 'device-timeout')
    expect(bench.at(bench.right)?.number).toBe(3)
    expect(bench.answers.has(2)).toBe(false)
    bench.left.become('up')
    await settle()
    expect(bench.at(bench.left)?.number).toBe(2)
  })

  test('a device that says that it is ready and is not neither blocks the others nor takes all time', async () => {
    const bench = new Bench()
    Object.assign(bench.left, { isReady: () => true })
    bench.left.become('away')
    bench.ask(TZ3, [bench.left, bench.right])
    await settle()
    expect(bench.at(bench.right)?.number).toBe(1)
    await bench.end(bench.right, 'signed')
    bench.right.become('away')
    bench.ask(TZ3, [bench.left, bench.right])
    await settle()
    bench.clock.advance(PATIENCE_MS)
    await settle()
    expect(bench.answers.get(2)).toBe('deadline-passed')
  })
})

const FAULTS = ['device-lost', 'device-timeout', 'signature-invalid', 'device-policy'] as const
const side = fc.constantFrom('left' as const, 'right' as const)
/** Two keys that both devices hold, in either order, and one that each holds alone. */
const HOLDERS: readonly (readonly [key: string, names: readonly ('left' | 'right')[]])[] = [
  [TZ3, ['left', 'right']],
  [TZ1, ['right', 'left']],
  ['left alone', ['left']],
  ['right alone', ['right']],
]
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant('ask' as const), holder: fc.constantFrom(...HOLDERS) }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      ...{ do: fc.constant('end' as const), side },
      how: fc.oneof({ weight: 3, arbitrary: fc.constant('signed' as const) }, fc.constantFrom(...FAULTS)),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      ...{ do: fc.constant('become' as const), side },
      state: fc.constantFrom('up' as const, 'up' as const, 'away' as const, 'syncing' as const),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(1, 900, 5000, QUIET_MS) }),
  },
)

test('whatever devices do, one is at work at each, and of each key; nobody waits while a device of the key is free; all are answered', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60, size: 'max' }), async (steps) => {
      const bench = new Bench()
      const asked: { number: number; key: string; devices: readonly FakeDevice[]; at: number }[] = []
      for (const one of steps) {
        if (one.do === 'ask') {
          const [key, names] = one.holder
          const devices = names.map((name) => bench[name])
          asked.push({ number: bench.ask(key as typeof TZ1, devices), key, devices, at: bench.clock.now() })
        } else if (one.do === 'end') await bench.end(bench[one.side], one.how)
        else if (one.do === 'become') {
          // a driver fails what is in flight when the device goes
          if (one.state !== 'up') bench.at(bench[one.side])?.end('device-lost')
          bench[one.side].become(one.state)
        } else bench.clock.advance(one.ms)
        await settle()
        bench.clock.advance(100) // by then a device that came back was noticed
        await settle()
        const waiting = asked.filter(
          ({ number }) => !bench.answers.has(number) && !numbers([...bench.atWork]).includes(number),
        )
        for (const { number, key, devices, at } of waiting) {
          expect(bench.clock.now() - at).toBeLessThan(PATIENCE_MS)
          const isAtWork = [...bench.atWork].some((work) => work.key === key)
          const ready = devices.filter((device) => device.isUp)
          const isIdle = ready.length > 0 && ready.every((device) => bench.at(device) === undefined)
          if (!isAtWork && isIdle) bench.broken.push(`${number} waits for nothing`)
        }
      }
      // where both had faults, who waits for the one may be behind who came later and went to the other
      const touched = steps.flatMap((one) =>
        one.do === 'become' || (one.do === 'end' && one.how !== 'signed') ? [one.side] : [],
      )
      for (const key of new Set(touched).size < 2 ? new Set(asked.map((one) => one.key)) : []) {
        const order = numbers(bench.begun.filter((work) => work.key === key))
        expect(order).toEqual(order.toSorted((one, other) => one - other))
      }
      for (const { device, instead } of bench.events) expect(device).not.toBe(instead)
      const closed = bench.lines.close()
      for (const name of ['left', 'right'] as const) bench[name].become('away')
      for (const work of bench.atWork) work.end('signed')
      await closed
      await settle()
      expect(bench.broken).toEqual([])
      expect(bench.answers.size).toBe(asked.length)
      expect(bench.lines.waiting).toBe(0)
      expect(bench.clock.timers).toBe(0)
    }),
    { numRuns: 500 },
  )
}, 60_000)
