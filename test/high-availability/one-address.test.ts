import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { INSTALL_TIMEOUT_MS, whyMissing } from '../debian-package.js'
import { ADDRESS, sign } from '../e2e/daemon.js'
import { attestation } from '../e2e/payloads.js'
import { FailOver } from './fail-over.js'
import { OneAddress } from './one-address.js'

const LINUX = process.platform === 'linux' ? '' : 'pseudo-terminals of Linux'
const missing = LINUX || whyMissing('postgresql') || whyMissing('nginx-light')
/** More of each, for figures. */
const RUNS = Number(process.env['FAILOVER_RUNS'] ?? 1)

describe.skipIf(missing !== '')(`one address before two hosts${missing && `: skipped, ${missing}`}`, () => {
  let scene: FailOver
  let address: OneAddress
  beforeAll(async () => {
    scene = await FailOver.make()
    address = await OneAddress.before(...scene.hostPorts())
    await scene.next([scene.first])
    await scene.next([scene.second])
  }, INSTALL_TIMEOUT_MS)
  afterAll(async () => {
    await address.close()
    await scene.close()
  })

  const ask = (payload = scene.newPayload()) => sign(address.url, ADDRESS.tz3, payload)

  /** Every one of `RUNS` single requests is signed; the times are told. */
  const signsAtOnce = async (what: string) => {
    const times: number[] = []
    for (let run = 0; run < RUNS; run += 1) {
      const from = performance.now()
      expect(await ask()).toMatchObject({ status: 200 })
      times.push(performance.now() - from)
    }
    times.sort((left, right) => left - right)
    const [median, worst] = [times[Math.floor(times.length / 2)] ?? 0, times.at(-1) ?? 0]
    console.log(`| one request, ${what} | ${Math.round(median)} | ${Math.round(worst)} |`)
  }

  test('a request is signed by the first host', () => signsAtOnce('both hosts whole'))

  test('a conflict is no reason to ask the other host', async () => {
    const payload = scene.newPayload()
    await ask(payload)
    expect(await ask(attestation(scene.level))).toMatchObject({ status: 409, code: 'conflicts-with-mark' })
    expect((await ask(payload)).signature).toBeDefined()
  })

  test('a request is signed by the second host while the first one has no board', async () => {
    scene.first.bench.port.unplug()
    await signsAtOnce('no board at the first')
    scene.first.bench.port.replug()
    await scene.next([scene.first])
  })

  test('a request is signed by the second host while the first one has no database', async () => {
    scene.valve.shut()
    await signsAtOnce('no database at the first')
    scene.valve.open()
    await scene.next([scene.first])
  })

  test('with no database at all the refusal of the last host is the answer', async () => {
    await scene.cluster.stop()
    expect(await ask()).toMatchObject({ status: 500, code: 'marks-unavailable' })
    await scene.cluster.start()
    await scene.next([scene.second])
  })

  test('a request is signed by the second host when the first one is gone', async () => {
    await scene.first.stop()
    await signsAtOnce('no daemon at the first')
  })
})
