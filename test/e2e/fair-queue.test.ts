import { afterEach, describe, expect, it } from 'vitest'
import { createSimulatedTezio } from '../../hw-sim/index.js'
import { transcriptKeys } from '../device/support.js'
import { filled, managerContent, operation, zarithN } from '../tezos/build-payload.js'
import { attestation } from '../server/fixture.js'
import { ADDRESS, BAKING_CONFIG, Bench, sign, type Daemon } from './daemon.js'

const SIGN_MS = 60
const CAPACITY = 100
const benches: Bench[] = []
afterEach(async () => {
  for (const bench of benches.splice(0)) await bench.close()
})

async function busyDaemon(): Promise<{ readonly daemon: Daemon; readonly bench: Bench }> {
  const delayMs = ({ name }: { name: string | undefined }) => (name === 'SIGN' ? SIGN_MS : 0)
  const simulated = createSimulatedTezio({ keys: transcriptKeys(), latency: { name: 'slow', delayMs } })
  const bench = new Bench(BAKING_CONFIG.replace('server: {', 'server: { queue_timeout_ms: 30000,'), simulated)
  benches.push(bench)
  await bench.init()
  const daemon = bench.start()
  await daemon.line('device.ready')
  return { daemon, bench }
}

/** A transfer like no other. */
const transfer = (number: number) =>
  operation(managerContent(108, zarithN(BigInt(number)), filled(22, 0), filled(1, 0)))

const decided = (daemon: Daemon) => daemon.lines.filter(({ event }) => event === 'signature.decided')

/** The keys in the order in which the board signed with them. */
const signedKeys = (daemon: Daemon) =>
  decided(daemon)
    .filter((line) => line['outcome'] === 'signed')
    .map((line) => line['key'])

describe('two keys on one board', () => {
  it('a vote waits for one transfer at most, however many are waiting, and finds room where they took it all', async () => {
    const { daemon, bench } = await busyDaemon()
    const url = await daemon.url()
    const flood = Array.from({ length: CAPACITY + 20 }, (_, number) =>
      sign(url, ADDRESS[number % 2 === 0 ? 'tz1' : 'tz3'], transfer(number)),
    )
    await daemon.until(() => decided(daemon).some((line) => line['code'] === 'queue-full'))
    for (const level of [1, 2, 3, 4]) {
      const before = bench.signCommands
      expect((await sign(url, ADDRESS.tz3, attestation({ level }))).status).toBe(200)
      // the vote's, one that was begun on its way to the daemon, and one on the way of its answer; a queue has a hundred
      expect(bench.signCommands - before).toBeLessThanOrEqual(4)
    }
    const answers = await Promise.all(flood)
    const codes = answers.map(({ code }) => code ?? 'signed')
    expect(new Set(codes)).toEqual(new Set(['signed', 'queue-full']))
    expect(codes.filter((code) => code === 'signed').length).toBeGreaterThanOrEqual(CAPACITY - 4)
  })

  it('transfers of two keys are signed in turns, though one key sent all of its before', async () => {
    const { daemon } = await busyDaemon()
    const url = await daemon.url()
    const first = Array.from({ length: 20 }, (_, number) => sign(url, ADDRESS.tz1, transfer(number)))
    await daemon.until(() => signedKeys(daemon).length > 0)
    const second = Array.from({ length: 5 }, (_, number) => sign(url, ADDRESS.tz2, transfer(number)))
    const answers = await Promise.all([...first, ...second])
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200))
    await daemon.until(() => signedKeys(daemon).length === answers.length)
    const order = signedKeys(daemon)
    expect(order.lastIndexOf(ADDRESS.tz2) - order.indexOf(ADDRESS.tz2)).toBeLessThanOrEqual(10)
    expect(order.lastIndexOf(ADDRESS.tz2)).toBeLessThan(order.length - 5)
  })
})
