import { existsSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { createSimulatedTezio } from '../../hw-sim/index.js'
import { encodeFrame } from '../../src/server/socket/frame.js'
import { encodeRequest } from '../../src/server/socket/request.js'
import { encodeSignature, parsePublicKeyHash } from '../../src/tezos/index.js'
import { transcriptKeys } from '../device/support.js'
import { attestation } from '../server/fixture.js'
import { codeOf, SocketClient } from '../server/socket/socket-client.js'
import { ADDRESS, BAKING_CONFIG, Bench, cli, sign, type Daemon } from './daemon.js'

const benches: Bench[] = []
afterEach(async () => {
  for (const made of benches.splice(0)) await made.close()
})

const KEY = parsePublicKeyHash(ADDRESS.tz3)!
const SERVER = 'server: { listen: "127.0.0.1:0"'

async function seeded(
  settings: string,
  simulated = createSimulatedTezio({ keys: transcriptKeys() }),
): Promise<Bench> {
  const made = new Bench(BAKING_CONFIG.replace(SERVER, `${SERVER}, ${settings}`), simulated)
  benches.push(made)
  expect(await made.init()).toMatchObject({ code: 0, stderr: '' })
  return made
}

const addressOf = async (daemon: Daemon, event: string) => String((await daemon.line(event))['address'])
const signFrame = (level: number) =>
  encodeFrame(
    encodeRequest({
      ...{
        kind: 'sign',
        version: undefined,
        key: KEY,
        data: attestation({ level }),
        authentication: undefined,
      },
    }),
  )

describe('a client of the socket protocol', () => {
  it('whose time is up while the board works connects anew, and gets the very signature', async () => {
    const latency = {
      name: 'slow',
      delayMs: ({ name }: { name: string | undefined }) => (name === 'SIGN' ? 900 : 0),
    }
    const simulated = createSimulatedTezio({ keys: transcriptKeys(), latency })
    const made = await seeded('unix: signer.sock', simulated)
    const daemon = await made.started()
    const address = await addressOf(daemon, 'unix.listening')
    for (let attempt = 1; attempt <= 3; attempt += 1) {
      const impatient = await SocketClient.open(address)
      await impatient.write(signFrame(5))
      await vi.waitUntil(() => made.signCommands === 1)
      impatient.socket.destroy()
    }
    const patient = await SocketClient.open(address)
    await patient.write(signFrame(5))
    const reply = await patient.reply()
    const text = reply.kind === 'sign' ? encodeSignature('p256', reply.signature) : codeOf(reply)
    expect(text).toMatch(/^p2sig/)
    expect(made.signCommands).toBe(1)
    expect(await sign(await daemon.url(), KEY, attestation({ level: 5 }))).toMatchObject({ signature: text })
    expect(made.signCommands).toBe(1)
  })

  it('is counted and told in the log as one of HTTP is', async () => {
    const made = await seeded('tcp: "127.0.0.1:0"')
    const daemon = await made.started()
    const client = await SocketClient.open(await addressOf(daemon, 'tcp.listening'))
    await client.write(encodeFrame(Uint8Array.of(9)))
    expect(await client.code()).toBe('malformed-frame')
    expect(await daemon.line('request.refused')).toMatchObject({ listener: 'tcp', code: 'malformed-frame' })
    await client.write(signFrame(5))
    expect(codeOf(await client.reply())).toBe('sign')
    expect(await daemon.line('signature.decided')).toMatchObject({ outcome: 'signed', level: 5 })
    const metrics = await (await fetch(`${await daemon.adminUrl()}/metrics`)).text()
    expect(metrics).toMatch(/tezio_requests_total\{.*code="malformed-frame".*\} 1/)
  })
})

describe('the daemon', () => {
  it('makes its Unix socket with the mode that is asked for, tells of it, and removes it when it ends', async () => {
    const made = await seeded('unix: { path: signer.sock, mode: "0660" }, tcp: "127.0.0.1:0"')
    const daemon = await made.started()
    const path = join(made.folder, 'signer.sock')
    expect(await addressOf(daemon, 'unix.listening')).toBe(path)
    expect(statSync(path).mode & 0o777).toBe(0o660)
    const { stdout } = await cli('status', ...made.options)
    const tcp = await addressOf(daemon, 'tcp.listening')
    expect(stdout).toContain(`unix ${path}, tcp ${tcp}, admin 127.0.0.1:`)
    daemon.kill('SIGTERM')
    expect(await daemon.exit).toBe(0)
    expect(existsSync(path)).toBe(false)
  })

  it('takes the place of one that was killed, and tells its clients when it stops', async () => {
    const made = await seeded('unix: signer.sock')
    const first = await made.started()
    const path = await addressOf(first, 'unix.listening')
    first.kill('SIGKILL')
    await first.exit
    expect(existsSync(path)).toBe(true)
    const second = await made.started()
    const client = await SocketClient.open(path)
    expect(codeOf(await client.exchange({ kind: 'authorized-keys' }))).toBe('authorized-keys')
    second.kill('SIGTERM')
    expect(await client.code()).toBe('shutting-down')
    expect(await second.exit).toBe(0)
  })

  it('ends when there is no such group, before there is a socket', async () => {
    const made = await seeded(`unix: { path: signer.sock, mode: '0660', group: nobodys-group }`)
    const daemon = made.start()
    expect(await daemon.exit).toBe(78)
    expect(daemon.stderr).toContain('server.unix.group: there is no group "nobodys-group" on this machine')
    expect(existsSync(join(made.folder, 'signer.sock'))).toBe(false)
  })

  it('ends when something else has the path, leaves it alone, and says which code a supervisor should see', async () => {
    const made = await seeded('unix: signer.sock')
    const path = join(made.folder, 'signer.sock')
    writeFileSync(path, 'precious')
    const refused = made.start()
    expect([await refused.exit, refused.stderr]).toEqual([78, expect.stringContaining('is no socket')])
    const other = await seeded(`unix: ${join(made.folder, 'other.sock')}`)
    const server = createServer().listen(join(made.folder, 'other.sock'))
    const busy = other.start()
    expect([await busy.exit, busy.stderr]).toEqual([
      74,
      expect.stringContaining('another program listens there'),
    ])
    server.close()
  })

  it('follows a reload on connections that are open, and keeps its addresses', async () => {
    const made = await seeded('unix: signer.sock, tcp: "127.0.0.1:0", known_keys: false')
    const daemon = await made.started()
    const clients = await Promise.all(
      ['unix.listening', 'tcp.listening'].map(async (event) =>
        SocketClient.open(await addressOf(daemon, event)),
      ),
    )
    const ask = () =>
      Promise.all(clients.map(async (one) => codeOf(await one.exchange({ kind: 'known-keys' }))))
    expect(await ask()).toEqual(['known-keys-not-allowed', 'known-keys-not-allowed'])
    const settings = 'unix: signer.sock, tcp: "127.0.0.1:0", known_keys: true'
    writeFileSync(made.config, BAKING_CONFIG.replace(SERVER, `${SERVER}, ${settings}`))
    daemon.kill('SIGHUP')
    expect(await daemon.line('config.reloaded')).toMatchObject({ changed: ['server.known_keys'] })
    expect(await ask()).toEqual(['known-keys', 'known-keys'])
  })
})
