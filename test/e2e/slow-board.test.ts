import { afterEach, describe, expect, it } from 'vitest'
import { createSimulatedTezio, FaultRack, type LatencyModel } from '../../hw-sim/index.js'
import { transcriptKeys } from '../device/support.js'
import { attestation, block } from '../server/fixture.js'
import { Target } from './abuse/target.js'
import { ADDRESS, BAKING_CONFIG, Bench, sign, type Daemon } from './daemon.js'

const closers: { close: () => Promise<void> }[] = []
afterEach(async () => {
  for (const closer of closers.splice(0)) await closer.close()
})

function bench(...options: ConstructorParameters<typeof Bench>): Bench {
  const made = new Bench(...options)
  closers.push(made)
  return made
}

async function started(config: string, latency: LatencyModel | 'zero' = 'zero') {
  const simulated = createSimulatedTezio({ keys: transcriptKeys(), latency })
  const target = await Target.start(config, simulated)
  closers.push(target)
  return { target, rack: new FaultRack({ device: simulated, port: target.bench.port }) }
}

const CAPACITY = 100
const QUEUE_MS = 2000
const SIGN_MS = 900

/** How a crowd of requests, one for each level from 1 on, was answered: its codes, and the ms of the last answer. */
async function crowd(target: Target, count: number) {
  const startedAt = performance.now()
  const answers = await Promise.all(
    Array.from({ length: count }, (_, index) =>
      sign(target.url, ADDRESS.tz3, attestation({ level: index + 1 })),
    ),
  )
  const ms = performance.now() - startedAt
  target.honestLevel = count
  const codes = answers.map(({ status, code }) => code ?? `${status}`)
  return {
    ms,
    count: (wanted: string) => codes.filter((code) => code === wanted).length,
    codes: new Set(codes),
  }
}

describe('F25 a board that takes 900 ms', () => {
  it('has a bounded queue: who finds no room hears it at once, who waits too long in time, and nobody else waits', async () => {
    const config = BAKING_CONFIG.replace('server: {', `server: { queue_timeout_ms: ${QUEUE_MS},`)
    const slow = {
      name: 'slow',
      delayMs: ({ name }: { name: string | undefined }) => (name === 'SIGN' ? SIGN_MS : 0),
    }
    const { target } = await started(config, slow)
    const { pid } = target.daemon
    const { ms, count, codes } = await crowd(target, CAPACITY + 31)
    // The last one to be signed may have been begun just before the deadline.
    expect(ms).toBeLessThan(QUEUE_MS + SIGN_MS + 2000)
    expect([...codes].sort()).toEqual(
      ['200', 'below-mark', 'deadline-passed', 'queue-full'].filter((code) => codes.has(code)),
    )
    expect(count('queue-full')).toBe(30)
    expect(count('200')).toBeGreaterThanOrEqual(1)
    expect(count('200')).toBeLessThanOrEqual(1 + Math.ceil(QUEUE_MS / SIGN_MS))
    expect(target.bench.signCommands).toBe(count('200'))
    await target.signsHonestly()
    expect(target.daemon.pid).toBe(pid)
  })
})

describe('F25 a board that never answers', () => {
  it('keeps no request beyond its deadline, and signs again without a restart once it answers', async () => {
    const config = `device: { timeout_ms: 300 }\n${BAKING_CONFIG.replace('server: {', 'server: { queue_timeout_ms: 1000,')}`
    const { target, rack } = await started(config)
    rack.arm('stall')
    for (let turn = 0; turn < 2; turn += 1) {
      const { ms, codes } = await crowd(target, 40)
      expect(ms).toBeLessThan(1000 + 300 + 1500)
      expect(codes.has('200')).toBe(false)
      for (const code of codes)
        expect(code).toMatch(
          /^(device-timeout|device-unavailable|deadline-passed|device-lost|below-mark|signature-lost)$/,
        )
    }
    const from = target.daemon.lines.length
    rack.disarmAll()
    await target.daemon.until((lines) =>
      lines.slice(from).some(({ event }) => event === 'device.resynced' || event === 'device.ready'),
    )
    target.honestLevel = 50
    await target.signsHonestly()
  })
})

describe('F26 a daemon that finds at its start', () => {
  const failure = async (daemon: Daemon) => {
    await daemon.line('server.listening')
    const line = await daemon.line('device.open-failed')
    const ready = await fetch(`${await daemon.adminUrl()}/readyz`)
    const answer = await sign(await daemon.url(), ADDRESS.tz3, block({ level: 3 }))
    return [line['code'], line['reason'], ready.status, answer.code]
  }

  it('no port stays up, says what to do, and signs when the board is plugged in', async () => {
    const made = bench()
    await made.init()
    made.port.unplug()
    const daemon = made.start()
    const remedy = expect.stringContaining('is the board plugged in?') as string
    expect(await failure(daemon)).toEqual(['port-not-found', remedy, 503, 'device-unavailable'])
    made.port.replug()
    await daemon.line('device.ready')
    expect((await sign(await daemon.url(), ADDRESS.tz3, block({ level: 3, seed: 1 }))).status).toBe(200)
  })

  it('a port that another program holds stays up, says what to do, and signs when it is free', async () => {
    const holder = bench()
    await holder.init()
    const first = await holder.started()
    const made = bench()
    await made.init()
    const daemon = made.start('--port', holder.port.path)
    const remedy = expect.stringContaining('another program holds the port: stop it') as string
    expect(await failure(daemon)).toEqual(['port-busy', remedy, 503, 'device-unavailable'])
    first.kill('SIGKILL')
    await daemon.line('device.ready')
    expect((await sign(await daemon.url(), ADDRESS.tz3, block({ level: 3, seed: 1 }))).status).toBe(200)
  })
})
