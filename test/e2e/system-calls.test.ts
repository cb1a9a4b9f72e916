import { readFileSync, realpathSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import { MARK_KINDS } from '../../src/tezos/index.js'
import { makePlace } from '../crash/place.js'
import { INSTALL_TIMEOUT_MS, whyMissing } from '../debian-package.js'
import { ADDRESS, BAKING_CONFIG, Bench, sign, type Daemon } from './daemon.js'
import { parseTrace, straceOptions } from './strace.js'
import { JUDGED_CALLS, judgeWriteOrder, type WriteOrder } from './write-order.js'

/** Why no system call can be traced here; empty when they can. */
let missing = ''
const benches: Bench[] = []

beforeAll(() => {
  missing = whyMissing('strace')
}, INSTALL_TIMEOUT_MS)

afterEach(async () => {
  for (const bench of benches.splice(0)) await bench.close()
})

/** Runs a daemon under strace until `use` is done, and judges what it did. */
async function traced(bench: Bench, use: (url: string) => Promise<void>): Promise<WriteOrder> {
  const file = join(bench.folder, 'trace')
  const daemon: Daemon = bench.launch({ under: ['strace', ...straceOptions(file, JUDGED_CALLS)] })
  const url = await daemon.url()
  await daemon.line('device.ready')
  await use(url)
  daemon.kill('SIGTERM')
  expect(await daemon.exit).toBe(0)
  const directory = realpathSync(bench.stateDir)
  const paths = { directory, journal: join(directory, 'marks.journal'), port: bench.port.path }
  return judgeWriteOrder(parseTrace(readFileSync(file, 'utf8')), paths)
}

describe('F46 the system calls of a daemon', () => {
  it('write and sync the mark before the first byte goes to the port, for every block and vote', async (context) => {
    context.skip(missing !== '', missing)
    const bench = new Bench()
    benches.push(bench)
    expect((await bench.init()).code).toBe(0)
    const places = [100, 101, 102].flatMap((level) => MARK_KINDS.map((kind) => makePlace(kind, level, 0)))
    const first = await traced(bench, async (url) => {
      for (const { payloads } of places) {
        expect((await sign(url, ADDRESS.tz3, payloads[0])).status).toBe(200)
        expect((await sign(url, ADDRESS.tz3, payloads[1])).status).toBe(409)
      }
    })
    expect(first).toMatchObject({ signatures: places.length, marks: places.length, faults: [] })
  }, 60_000)

  it('bring the whole journal to the disk again before a payload is signed that an earlier daemon had marked', async (context) => {
    context.skip(missing !== '', missing)
    const bench = new Bench(`device: { timeout_ms: 300 }\n${BAKING_CONFIG}`)
    benches.push(bench)
    expect((await bench.init()).code).toBe(0)
    const { payloads } = makePlace('block', 200, 0)
    const forget = bench.simulated.addBehaviour({
      name: 'no-answer',
      apply: (actions, { exchange }) => (exchange.name === 'SIGN' ? [] : actions),
    })
    const daemon = await bench.started()
    expect((await sign(await daemon.url(), ADDRESS.tz3, payloads[0])).code).toBe('device-timeout')
    daemon.kill('SIGKILL')
    await daemon.exit
    forget()
    bench.simulated.reboot()
    const second = await traced(bench, async (url) => {
      expect((await sign(url, ADDRESS.tz3, payloads[0])).status).toBe(200)
    })
    expect(second).toMatchObject({ signatures: 1, marks: 0, faults: [] })
  }, 60_000)
})
