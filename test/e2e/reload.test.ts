import { readFileSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { afterEach, describe, expect, it } from 'vitest'
import type { Behaviour } from '../../hw-sim/index.js'
import { FakeNode } from '../octez/fake-node.js'
import { ADDRESS, BAKING_CONFIG, Bench, sign, type Daemon } from './daemon.js'
import { attestation, block, operation } from './payloads.js'

const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

async function seeded(): Promise<Bench> {
  const made = new Bench()
  closing.unshift(() => made.close())
  expect(await made.init()).toMatchObject({ code: 0, stderr: '' })
  return made
}

/** A daemon that has found its board. */
async function serving() {
  const made = await seeded()
  const daemon = await made.started()
  return { made, daemon, url: await daemon.url() }
}

/** Exchanges text of the configuration, tells the daemon, and waits for what it says. */
function reload(made: Bench, daemon: Daemon, was: string, is: string, event = 'config.reloaded') {
  expect(BAKING_CONFIG).toContain(was)
  writeFileSync(made.config, BAKING_CONFIG.replace(was, is))
  const from = daemon.lines.length
  daemon.kill('SIGHUP')
  return daemon.line(event, from)
}

const count = (daemon: Daemon, event: string) => daemon.lines.filter((line) => line.event === event).length
/** How often a session asked the board for its keys: each new one does. */
const readKeys = ({ simulated }: Bench) => simulated.log.filter(({ name }) => name === 'GET_PK').length
const BAKER_OPS = 'allowed_ops: [0x03, 0x11, 0x12, 0x13]'
const SERVER = 'server: { listen: "127.0.0.1:0" }'

/** Every signature takes this long at the board. */
const slow = (ms: number): Behaviour => ({
  name: 'slow',
  apply: (actions, { exchange }) =>
    exchange.name === 'SIGN' ? actions.map((action) => ({ ...action, afterMs: ms })) : actions,
})

describe('SIGHUP', () => {
  it('F44 with a broken file leaves the old one in force, says which line, and the daemon goes on signing', async () => {
    const { made, daemon, url } = await serving()
    for (const [was, is, words] of [
      [
        BAKER_OPS,
        'allowed_ops: [0x03], alow: [block]',
        /config\.yaml:10: policy\.signing_keys\..*alow: is not/,
      ],
      [SERVER, 'server: { listen: "127.0.0.1:70000" }', /config\.yaml:2: server\.listen: port 70000/],
      [BAKING_CONFIG, 'policy: [', /config\.yaml:1: is not valid YAML here/],
    ] as const) {
      const line = await reload(made, daemon, was, is, 'config.reload-refused')
      expect(line).toMatchObject({ severity: 'error', reason: expect.stringMatching(words) as string })
      expect((await sign(url, ADDRESS.tz3, operation())).status).toBe(200)
    }
    expect((await sign(url, ADDRESS.tz3, block(100))).status).toBe(200)
    expect(count(daemon, 'config.reload-refused')).toBe(3)
    expect(count(daemon, 'config.reloaded')).toBe(0)
  })

  it('with a good file changes the rules for the next request, and the board’s session goes on', async () => {
    const { made, daemon, url } = await serving()
    expect((await sign(url, ADDRESS.tz3, block(100))).status).toBe(200)
    const keysRead = readKeys(made)
    const line = await reload(made, daemon, BAKER_OPS, 'allowed_ops: [0x11]')
    expect(line['changed']).toEqual([`policy.signing_keys.${ADDRESS.tz3}.allowed_ops`])
    expect(await sign(url, ADDRESS.tz3, operation())).toMatchObject({ code: 'magic-byte-not-allowed' })
    expect((await sign(url, ADDRESS.tz3, block(101))).status).toBe(200)

    expect((await fetch(`${url}/known_keys`)).status).toBe(403)
    await reload(made, daemon, SERVER, 'verbose: true\nserver: { listen: "127.0.0.1:0", known_keys: true }')
    expect((await fetch(`${url}/known_keys`)).status).toBe(200)
    expect(count(daemon, 'device.command-finished')).toBe(0)
    expect((await sign(url, ADDRESS.tz3, operation())).status).toBe(200)
    await daemon.line('device.command-finished')

    await reload(made, daemon, SERVER, `allowed_ips: [10.0.0.1]\nmarks: { max_level_gap: 5 }\n${SERVER}`)
    expect((await fetch(`${url}/`)).status).toBe(403)
    await reload(made, daemon, SERVER, `marks: { max_level_gap: 5 }\n${SERVER}`)
    expect(await sign(url, ADDRESS.tz3, block(107))).toMatchObject({ status: 409, code: 'level-gap' })
    expect((await sign(url, ADDRESS.tz3, block(106))).status).toBe(200)
    expect(count(daemon, 'device.ready')).toBe(1)
    expect(readKeys(made)).toBe(keysRead)
    expect(count(daemon, 'device.lost')).toBe(0)
  })

  it('changes who may speak to the admin listener as well', async () => {
    const { made, daemon } = await serving()
    const { port } = new URL(await daemon.adminUrl())
    const asked = () => statusWithHost(Number(port), 'signer.example.org')
    expect(await asked()).toBe(403)
    await reload(
      made,
      daemon,
      SERVER,
      'server: { listen: "127.0.0.1:0", allowed_hosts: [signer.example.org] }',
    )
    expect(await asked()).toBe(200)
  })

  it('warns of a kind or chain that a key may sign now and has no mark for', async () => {
    const { made, daemon, url } = await serving()
    await reload(made, daemon, `${BAKER_OPS} }`, `${BAKER_OPS}, chains: [mainnet, ghostnet] }`)
    const missing = daemon.lines.filter(({ event }) => event === 'marks.missing')
    expect(missing.map(({ kind, chain }) => [kind, chain])).toEqual(
      ['block', 'preattestation', 'attestation'].map((kind) => [kind, 'NetXnHfVqm9iesp']),
    )
    expect(missing[0]).toMatchObject({ severity: 'warn', remedy: 'tezio-bridge marks seed' })
    expect((await sign(url, ADDRESS.tz3, block(100))).status).toBe(200)
  })

  it('begins and ends the comparison with the chain’s head', async () => {
    const node = await FakeNode.start(100)
    closing.push(() => node.close())
    const { made, daemon, url } = await serving()
    expect((await sign(url, ADDRESS.tz3, attestation(99))).status).toBe(200)
    const line = await reload(made, daemon, SERVER, `head_check: { rpc: "${node.rpc}/secret" }\n${SERVER}`)
    expect(line['changed']).toEqual(['head_check'])
    node.answer = (request, response) => {
      if (request.url === '/secret/chains/main/blocks/head/header') node.tellHead(response)
      else response.writeHead(404).end()
    }
    expect(await sign(url, ADDRESS.tz3, attestation(103))).toMatchObject({ code: 'level-gap' })
    expect((await sign(url, ADDRESS.tz3, attestation(102))).status).toBe(200)
    await reload(made, daemon, SERVER, SERVER)
    expect((await sign(url, ADDRESS.tz3, attestation(103))).status).toBe(200)
    expect(JSON.stringify(daemon.lines)).not.toContain('secret')
  })

  it('keeps what the head check knows where the head check stays as it is', async () => {
    const node = await FakeNode.start(160)
    closing.push(() => node.close())
    const { made, daemon, url } = await serving()
    expect((await sign(url, ADDRESS.tz3, attestation(100))).status).toBe(200)
    const checked = `head_check: { rpc: "${node.rpc}" }\n${SERVER}`
    await reload(made, daemon, SERVER, checked)
    expect(await sign(url, ADDRESS.tz3, attestation(161))).toMatchObject({ code: 'level-gap' })
    node.level = 165
    await reload(made, daemon, SERVER, `verbose: true\n${checked}`)
    // Judged anew it would be suspect up to 167.
    expect((await sign(url, ADDRESS.tz3, attestation(163))).status).toBe(200)
    expect(count(daemon, 'mark.suspected')).toBe(1)
  })

  it('with a file that needs a restart changes nothing at all, and names what', async () => {
    const { made, daemon, url } = await serving()
    const moved = `${SERVER.replace(':0', ':1')}\nallowed_ips: [10.0.0.1]`
    const line = await reload(made, daemon, SERVER, moved, 'config.reload-refused')
    expect(line).toMatchObject({
      ...{ severity: 'error', needsRestart: ['server.listen'] },
      reason: 'server.listen: needs a restart; nothing was changed',
    })
    expect((await sign(url, ADDRESS.tz3, block(100))).status).toBe(200)
    const without = await reload(
      made,
      daemon,
      `    ${ADDRESS.tz1}: { allowed_ops: [0x03] }\n`,
      '',
      'config.reload-refused',
    )
    expect(without['needsRestart']).toEqual(['policy.signing_keys'])
    expect((await sign(url, ADDRESS.tz1, operation())).status).toBe(200)
    expect(count(daemon, 'config.reloaded')).toBe(0)
  })

  it('leaves the port and the state directory of the command line in force', async () => {
    const { made, daemon, url } = await serving()
    const elsewhere = `device: { port: /dev/elsewhere }\nstate_dir: elsewhere\n${SERVER}`
    expect((await reload(made, daemon, SERVER, elsewhere))['changed']).toEqual([])
    expect((await sign(url, ADDRESS.tz3, block(100))).status).toBe(200)
    expect(readFileSync(`${made.stateDir}/marks.journal`, 'utf8')).toContain('"level":100')
  })

  it('twice at once does it once or twice, in order, and nothing else', async () => {
    const { made, daemon, url } = await serving()
    writeFileSync(made.config, BAKING_CONFIG.replace(BAKER_OPS, 'allowed_ops: [0x11]'))
    for (let index = 0; index < 5; index += 1) daemon.kill('SIGHUP')
    await daemon.line('config.reloaded')
    await reload(made, daemon, BAKER_OPS, 'allowed_ops: [0x03]')
    const changes = (lines: Readonly<typeof daemon.lines>) =>
      lines
        .filter(({ event }) => event === 'config.reloaded')
        .map((line) => line['changed'] as string[])
        .filter((changed) => changed.length > 0)
    await daemon.until((lines) => changes(lines).length === 2) // `reload` may have met the line of one before
    const change = [`policy.signing_keys.${ADDRESS.tz3}.allowed_ops`]
    expect(changes(daemon.lines)).toEqual([change, change])
    expect(await sign(url, ADDRESS.tz3, block(100))).toMatchObject({ code: 'magic-byte-not-allowed' })
    expect((await sign(url, ADDRESS.tz3, operation())).status).toBe(200)
    expect(count(daemon, 'device.ready')).toBe(1)
  })

  it('lets the signature in the device and the one that waits end under the rules they met', async () => {
    const { made, daemon, url } = await serving()
    made.simulated.addBehaviour(slow(400))
    const sent = new Promise<void>((resolve) => {
      made.simulated.onBytes(() => {
        resolve()
      })
    })
    const inDevice = sign(url, ADDRESS.tz3, block(100))
    await sent
    const waiting = post(`${url}/keys/${ADDRESS.tz3}`, block(101))
    await waiting.sent
    // What is answered now came later, so the one that waits was read.
    for (let index = 0; index < 3; index += 1) expect((await fetch(`${url}/`)).status).toBe(200)
    await reload(made, daemon, BAKER_OPS, 'allowed_ops: [0x03]')
    expect(await sign(url, ADDRESS.tz3, block(102))).toMatchObject({ code: 'magic-byte-not-allowed' })
    expect([(await inDevice).status, await waiting.status]).toEqual([200, 200])
    expect(count(daemon, 'device.lost') + count(daemon, 'device.sync-lost')).toBe(0)
    expect(made.signCommands).toBe(2)
  })

  it('does not end a daemon that is still starting; its file is read once more when it serves', async () => {
    const made = await seeded()
    const daemon = made.start()
    await handlesHangup(daemon.pid)
    writeFileSync(made.config, BAKING_CONFIG.replace(BAKER_OPS, 'allowed_ops: [0x03]'))
    for (let index = 0; index < 5; index += 1) daemon.kill('SIGHUP')
    await daemon.line('device.ready')
    daemon.kill('SIGHUP')
    await daemon.line('config.reloaded')
    expect(await sign(await daemon.url(), ADDRESS.tz3, block(100))).toMatchObject({ status: 403 })
    daemon.kill('SIGTERM')
    expect(await daemon.exit).toBe(0)
  })

  it('does not disturb a daemon that is stopping', async () => {
    const { made, daemon, url } = await serving()
    made.simulated.addBehaviour(slow(400))
    const sent = new Promise<void>((resolve) => {
      made.simulated.onBytes(() => {
        resolve()
      })
    })
    const answer = sign(url, ADDRESS.tz3, block(100))
    await sent
    daemon.kill('SIGTERM')
    await daemon.line('server.stopping')
    for (let index = 0; index < 5; index += 1) daemon.kill('SIGHUP')
    expect((await answer).status).toBe(200)
    expect(await daemon.exit).toBe(0)
    expect(count(daemon, 'config.reloaded')).toBe(0)
  })
})

/** Resolves when a process has a handler for SIGHUP, the lowest bit of its mask of caught signals. */
async function handlesHangup(pid: number): Promise<void> {
  for (;;) {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8')
    const name = /^Name:\s*(\S+)/m.exec(status)?.[1]
    const caught = BigInt(`0x${/^SigCgt:\s*(\S+)/m.exec(status)?.[1] ?? '0'}`)
    if (name !== 'bash' && (caught & 1n) === 1n) return
    await new Promise<void>((resolve) => setImmediate(resolve))
  }
}

/** What `/healthz` answers to a request that names another host. */
function statusWithHost(port: number, host: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const asked = request({ port, path: '/healthz', headers: { host } }, (response) => {
      response.resume()
      resolve(response.statusCode)
    })
    asked.on('error', reject)
    asked.end()
  })
}

/** A sign request; `sent` tells when all of it has left. */
function post(url: string, payload: Uint8Array) {
  const asked = request(url, { method: 'POST', headers: { 'content-type': 'application/json' } })
  const status = new Promise<number | undefined>((resolve, reject) => {
    asked.on('error', reject)
    asked.on('response', (response) => {
      response.resume()
      resolve(response.statusCode)
    })
  })
  const sent = new Promise<void>((resolve) => asked.once('finish', resolve))
  asked.end(JSON.stringify(Buffer.from(payload).toString('hex')))
  return { sent, status }
}
