import { closeSync, openSync, writeSync } from 'node:fs'
import { afterEach, expect, it } from 'vitest'
import { encodeCommand, getPublicKey } from '../../src/device/tezio/index.js'
import { vote } from '../tezos/build-payload.js'
import { ADDRESS, Bench, sign } from './daemon.js'

const benches: Bench[] = []
afterEach(async () => {
  for (const bench of benches.splice(0)) await bench.close()
})

/** A daemon that signs, and what another program does when it opens the port and writes to it. */
async function disturbed() {
  const made = new Bench()
  benches.push(made)
  await made.init()
  const daemon = await made.started()
  const url = await daemon.url()
  const ask = (level: number) => sign(url, ADDRESS.tz3, vote({ tag: 0x15, level }))
  expect((await ask(1)).status).toBe(200)
  const write = (bytes: Uint8Array) => {
    const port = openSync(made.port.path, 'r+')
    writeSync(port, bytes)
    closeSync(port)
  }
  return { daemon, ask, write }
}

it('F27 another program that asks the board: the line is resynchronised, and the warning names the usual one', async () => {
  const { daemon, ask, write } = await disturbed()
  write(encodeCommand(getPublicKey.encode({ alias: 3 })))
  const lost = await daemon.line('device.sync-lost')
  expect(lost).toMatchObject({ severity: 'warn', reason: 'stray-bytes' })
  expect(lost['remedy']).toMatch(/ModemManager/)
  await daemon.line('device.resynced')
  expect((await ask(2)).status).toBe(200)
})

it('F27 another program that writes what the board does not understand: a clean error at most, never a wrong signature', async () => {
  const { ask, write } = await disturbed()
  const seen: string[] = []
  for (let level = 2; level < 8; level++) {
    write(Buffer.from('AT+GCAP\r'))
    const { status, code } = await ask(level)
    seen.push(`${String(status)} ${code ?? ''}`)
  }
  for (const one of seen) {
    expect(one).toMatch(/^(?:200 |500 device-(?:timeout|unavailable|reply-damaged|failed|lost))$/)
  }
  expect((await ask(8)).status).toBe(200)
})
