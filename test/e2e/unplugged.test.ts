import { readFileSync } from 'node:fs'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { FaultRack, SimulatedTezio, type SimulatedTezioOptions } from '../../hw-sim/index.js'
import { transcriptKeys } from '../device/support.js'
import { attestation, block } from '../server/fixture.js'
import { Target } from './abuse/target.js'
import { ADDRESS, BAKING_CONFIG, sign } from './daemon.js'

const SIGN_OPCODE = 0x21

/** A board whose cable may be cut while a SIGN comes in: of its bytes only the first arrives. */
class CutTezio extends SimulatedTezio {
  onFirstByteOfSign: (() => void) | undefined

  override receive(bytes: Uint8Array): void {
    if (this.onFirstByteOfSign === undefined || bytes[3] !== SIGN_OPCODE) {
      super.receive(bytes)
      return
    }
    super.receive(bytes.subarray(0, 1))
    this.onFirstByteOfSign()
  }
}

const targets: Target[] = []
afterEach(async () => {
  for (const target of targets.splice(0)) await target.close()
})

async function plugged(options: Partial<SimulatedTezioOptions> = {}) {
  const simulated = new CutTezio({ keys: transcriptKeys(), ...options })
  const target = await Target.start(BAKING_CONFIG, simulated)
  targets.push(target)
  return { target, simulated, rack: new FaultRack({ device: simulated, port: target.bench.port }) }
}

/** Waits for the board to be found again, behind whatever the log says so far. */
async function replug({ bench, daemon }: Target): Promise<void> {
  const from = daemon.lines.length
  bench.port.replug()
  await daemon.line('device.ready', from)
}

const ask = async (target: Target, payload: Uint8Array) => {
  const { status, code } = await sign(target.url, ADDRESS.tz3, payload)
  return code === undefined ? `${status}` : `${status} ${code}`
}

describe('a board that is unplugged while idle', () => {
  it('F15 is missed within a second, requests fail within 50 ms, and nothing is marked', async () => {
    const { target } = await plugged()
    const lost = target.daemon.line('device.lost')
    const unpluggedAt = performance.now()
    target.bench.port.unplug()
    await lost
    expect(performance.now() - unpluggedAt).toBeLessThan(1000)
    const ready = await fetch(`${await target.daemon.adminUrl()}/readyz`)
    expect([ready.status, await ready.json()]).toMatchObject([
      503,
      {
        ready: false,
        reasons: [{ code: 'device-lost', message: expect.stringMatching(/^the device is closed/) as string }],
      },
    ])
    const times: number[] = []
    await target.untouchedBy(async () => {
      for (let level = 1; level <= 20; level += 1) {
        const startedAt = performance.now()
        expect(await ask(target, block({ level }))).toBe('500 device-unavailable')
        times.push(performance.now() - startedAt)
      }
    })
    // The median: a machine that is busy with other tests may hold up some.
    expect(times.sort((left, right) => left - right)[10]).toBeLessThan(50)
  })

  it('F29 is sent nothing after the replug of what was asked for before it, down to the bytes on its cable', async () => {
    const { target, simulated } = await plugged()
    const lost = target.daemon.line('device.lost')
    target.bench.port.unplug()
    await lost
    const heard: Uint8Array[] = []
    simulated.onBytes((direction, bytes) => {
      if (direction === 'in') heard.push(bytes)
    })
    const payloads = [1, 2, 3, 4, 5].map((level) => attestation({ level, seed: 0x77 }))
    const answers = await Promise.all(payloads.map((payload) => ask(target, payload)))
    expect(new Set(answers)).toEqual(new Set(['500 device-unavailable']))
    const exchanges = simulated.log.length
    await replug(target)
    await target.signsHonestly()
    const bytes = Buffer.concat(heard)
    expect(bytes.length).toBeGreaterThan(100)
    for (const payload of payloads) expect(bytes.includes(Buffer.from(payload.subarray(37)))).toBe(false)
    const names = simulated.log.slice(exchanges).map(({ name }) => name)
    expect(names.filter((name) => name === 'SIGN')).toHaveLength(1) // the honest one
    expect(new Set(names)).toEqual(new Set(['GET_PK', 'SIGN']))
  })
})

describe('a board that is unplugged while it is asked to sign', () => {
  it.each(['after the first byte', 'after the whole command', 'in the middle of the reply'])(
    'F16 %s: an error within the deadline, then the same payload is signed, and never another',
    async (when) => {
      const { target, simulated, rack } = await plugged()
      if (when === 'after the first byte') {
        simulated.onFirstByteOfSign = () => {
          simulated.onFirstByteOfSign = undefined
          target.bench.port.unplug()
        }
      } else {
        const after = when === 'after the whole command' ? 0 : 30
        rack.arm('unplug', { after }, { times: 1 })
      }
      const payload = block({ level: 9 })
      const startedAt = performance.now()
      expect(await ask(target, payload)).toBe('500 device-lost')
      expect(performance.now() - startedAt).toBeLessThan(1500) // device.timeout_ms
      expect(target.journal.filter((line) => line.includes('"level":9,'))).toHaveLength(1)
      rack.disarmAll()
      if (!target.bench.port.isPlugged) await replug(target)
      else
        await target.daemon.until(
          (lines) => lines.filter(({ event }) => event === 'device.ready').length === 2,
        )
      const before = target.bench.signCommands
      for (const seed of [1, 2, 3]) {
        expect(await ask(target, block({ level: 9, seed }))).toBe('409 conflicts-with-mark')
      }
      expect(target.bench.signCommands).toBe(before)
      const first = await sign(target.url, ADDRESS.tz3, payload)
      expect(first.status).toBe(200)
      expect(await sign(target.url, ADDRESS.tz3, payload)).toEqual(first)
      expect(target.bench.signCommands).toBe(before + 1)
    },
  )
})

const ROUNDS = 6

describe('a port that reads zero bytes without end', () => {
  /** The seconds of processor time that the daemon has used. */
  function processorSeconds({ daemon }: Target): number {
    const fields = readFileSync(`/proc/${daemon.pid}/stat`, 'utf8').split(') ')[1]!.split(' ')
    return (Number(fields[11]) + Number(fields[12])) / 100 // user and system time, in ticks of 10 ms
  }

  it('F28 is closed: two seconds later the daemon uses less than a fifth of a processor, and signs after the replug', async () => {
    const { target, rack } = await plugged()
    // The reply and the hang-up come together. Which of them the daemon sees first is chance, so there are some of them.
    for (let round = 1; round <= ROUNDS; round += 1) {
      const from = target.daemon.lines.length
      rack.arm('zero-read-storm', {}, { times: 1 })
      await ask(target, block({ level: round }))
      await target.daemon.line('device.lost', from)
      if (round === ROUNDS) break
      rack.disarmAll()
      await target.daemon.line('device.ready', from)
    }
    const lostAt = performance.now()
    await vi.waitUntil(() => performance.now() - lostAt >= 2000, { timeout: 3000 })
    const [usedBefore, at] = [processorSeconds(target), performance.now()]
    await vi.waitUntil(() => performance.now() - at >= 1000, { timeout: 2000 })
    const share = (processorSeconds(target) - usedBefore) / ((performance.now() - at) / 1000)
    expect(share).toBeLessThan(0.2)
    const from = target.daemon.lines.length
    rack.disarmAll()
    await target.daemon.line('device.ready', from)
    target.honestLevel = ROUNDS
    await target.signsHonestly()
  }, 40_000)
})
