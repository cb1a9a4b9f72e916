import { afterEach, expect, it } from 'vitest'
import { createSimulatedTezio, FaultRack } from '../../hw-sim/index.js'
import { transcriptKeys } from '../device/support.js'
import { vote } from '../tezos/build-payload.js'
import { ADDRESS, BAKING_CONFIG, Bench, cli, sign } from './daemon.js'

const benches: Bench[] = []
afterEach(async () => {
  for (const bench of benches.splice(0)) await bench.close()
})

const attestation = (level: number) => vote({ tag: 0x15, level })

it('F22 a board that repeats a nonce loses its key until an operator clears it, over every restart', async () => {
  const simulated = createSimulatedTezio({ keys: transcriptKeys() })
  const made = new Bench(BAKING_CONFIG, simulated)
  benches.push(made)
  await made.init()
  let daemon = await made.started()
  const rack = new FaultRack({ device: simulated, port: made.port })
  rack.arm('repeated-r')
  const ask = async (level: number, key: string = ADDRESS.tz3) =>
    sign(await daemon.url(), key, attestation(level))
  expect(await ask(1)).toMatchObject({ status: 200 })
  expect(await ask(2)).toMatchObject({ status: 500, code: 'nonce-repeated' })
  rack.disarmAll()

  const asked = made.signCommands
  const expectQuarantine = async () => {
    expect(await ask(3)).toMatchObject({ status: 500, code: 'nonce-repeated' })
    const ready = (await (await fetch(`${await daemon.adminUrl()}/readyz`)).json()) as {
      warnings: { code: string }[]
    }
    expect(ready.warnings.filter(({ code }) => code === 'key-quarantined')).toHaveLength(1)
    const { stdout } = await cli('keys', ...made.options)
    expect(stdout.split('\n').filter((line) => line.includes('QUARANTINE'))).toEqual([
      expect.stringContaining(ADDRESS.tz3),
    ])
    expect(made.signCommands).toBe(asked)
  }
  await expectQuarantine()
  daemon.kill('SIGKILL')
  await daemon.exit
  daemon = await made.started()
  expect(await daemon.line('key.quarantined')).toMatchObject({ key: ADDRESS.tz3 })
  await expectQuarantine()

  const clear = (...args: readonly string[]) => cli('keys', 'clear-quarantine', ...made.options, ...args)
  expect(await clear()).toMatchObject({ code: 64 })
  expect(await clear('--key', 'KT1')).toMatchObject({ code: 64 })
  expect(await clear('--key', ADDRESS.tz2)).toMatchObject({ code: 78 })
  expect(await clear('--key', ADDRESS.tz3)).toMatchObject({
    code: 0,
    stdout: `${ADDRESS.tz3} may sign again\n`,
  })
  expect(await ask(3)).toMatchObject({ status: 200 })

  daemon.kill('SIGTERM')
  await daemon.exit
  expect(await clear('--key', ADDRESS.tz3)).toMatchObject({ code: 78, stderr: /not in quarantine/ })
  daemon = await made.started()
  expect(await ask(4)).toMatchObject({ status: 200 })
})

it('F22 is cleared in the journal as well, while no daemon runs', async () => {
  const simulated = createSimulatedTezio({ keys: transcriptKeys() })
  const made = new Bench(BAKING_CONFIG, simulated)
  benches.push(made)
  await made.init()
  const daemon = await made.started()
  const url = await daemon.url()
  const rack = new FaultRack({ device: simulated, port: made.port })
  rack.arm('repeated-r')
  for (const level of [1, 2]) await sign(url, ADDRESS.tz2, vote({ tag: 0x15, level }))
  // a seed_nonce_revelation
  const operation = (last: number) =>
    Uint8Array.from([3, ...new Uint8Array(32), 1, ...new Uint8Array(35), last])
  const codes: (string | undefined)[] = []
  for (const last of [1, 2, 3]) codes.push((await sign(url, ADDRESS.tz2, operation(last))).code)
  expect(codes).toEqual([undefined, 'nonce-repeated', 'nonce-repeated'])
  rack.disarmAll()
  daemon.kill('SIGKILL')
  await daemon.exit
  const verified = await cli('marks', 'verify', ...made.options, '--json')
  expect(JSON.parse(verified.stdout)).toMatchObject({ sound: true, quarantined: [ADDRESS.tz2] })
  expect(await cli('keys', 'clear-quarantine', ...made.options, '--key', ADDRESS.tz2)).toMatchObject({
    code: 0,
  })
  const again = await made.started()
  expect((await sign(await again.url(), ADDRESS.tz2, operation(3))).status).toBe(200)
})
