import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { toHex } from '../../src/tezos/index.js'
import { INSTALL_TIMEOUT_MS, whyMissing } from '../debian-package.js'
import { ADDRESS, BAKING_CONFIG, Bench } from '../e2e/daemon.js'
import { block } from '../e2e/payloads.js'
import { makeIdentity, Nginx, SERVER_NAME } from './nginx.js'

/** The baker that may ask, and another one; both are addresses of this machine. */
const BAKER = '127.0.0.2'
const STRANGER = '127.0.0.3'

// several programs start in each test, and other tests run beside them
vi.setConfig({ testTimeout: 60_000 })

let missing = ''
beforeAll(() => {
  missing = whyMissing('nginx-light')
}, INSTALL_TIMEOUT_MS)

const closing: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

/** As the comments of the example say. */
const BEHIND_PROXY = BAKING_CONFIG.replace(
  'server: { listen: "127.0.0.1:0" }',
  `allowed_ips: ["${BAKER}"]\nserver: { listen: "127.0.0.1:0", allowed_hosts: [${SERVER_NAME}], trusted_proxies: ["127.0.0.1"] }`,
)

async function before(upstreams: readonly string[]): Promise<Nginx> {
  const folder = mkdtempSync(join(tmpdir(), 'tezio-bridge-nginx-'))
  closing.unshift(() => {
    rmSync(folder, { recursive: true, force: true })
  })
  const nginx = await Nginx.start(folder, upstreams)
  closing.unshift(() => nginx.close())
  return nginx
}

const signing = (payload: Uint8Array) =>
  ({ method: 'POST', body: `"${toHex(payload)}"`, from: BAKER }) as const

describe('the nginx example', () => {
  it('lets a baker with a certificate sign, and tells the bridge who asks', async (context) => {
    context.skip(missing !== '', missing)
    const bench = new Bench(BEHIND_PROXY)
    closing.unshift(() => bench.close())
    await bench.init()
    const daemon = await bench.started()
    const nginx = await before([new URL(await daemon.url()).host])
    const { client: identity } = nginx
    const path = `/keys/${ADDRESS.tz3}?version=3`
    const payload = block(100)
    const signed = await nginx.ask(path, { ...signing(payload), identity })
    expect(signed.status).toBe(200)
    expect(JSON.parse(signed.body)).toEqual({ signature: expect.stringMatching(/^(p2)?sig/) as string })
    expect(await nginx.ask(path, { ...signing(payload), identity })).toEqual(signed)
    // the bridge's own refusals come through as they are
    const conflict = await nginx.ask(path, { ...signing(block(100)), identity })
    expect([conflict.status, conflict.body]).toEqual([409, expect.stringContaining('conflicts-with-mark')])
    expect((await nginx.ask('/', { identity, from: BAKER })).status).toBe(200)

    // an address that may not ask, whatever it writes into its own headers
    const headers = { 'x-forwarded-for': BAKER, forwarded: `for=${BAKER}` }
    const strange = await nginx.ask(path, { ...signing(block(101)), identity, from: STRANGER, headers })
    expect([strange.status, strange.body]).toEqual([
      403,
      expect.stringContaining(`peer-not-allowed: ${STRANGER}`),
    ])
    // a name that the bridge does not know
    const renamed = await nginx.ask(path, {
      ...signing(block(101)),
      identity,
      headers: { host: 'evil.example' },
    })
    expect([renamed.status, renamed.body]).toEqual([403, expect.stringContaining('host-not-allowed')])

    // nobody without a certificate, or with one of another authority, gets as far as the bridge
    await daemon.until((lines) => lines.some(({ code }) => code === 'host-not-allowed'))
    const asked = daemon.lines.length
    const another = makeIdentity(bench.folder, 'another-baker')
    for (const who of [undefined, another]) {
      const refused = await nginx.ask(path, {
        ...signing(block(102)),
        ...(who === undefined ? {} : { identity: who }),
      })
      expect(refused.status).toBe(400)
      expect(refused.body).toMatch(/certificate/)
    }
    const large = await nginx.ask(path, {
      method: 'POST',
      body: `"${'0'.repeat(4096)}"`,
      identity,
      from: BAKER,
    })
    expect(large.status).toBe(413)
    expect(daemon.lines).toHaveLength(asked)
    expect(bench.signCommands).toBe(1)
  })

  it('asks the bridge once for each request, on a connection of its own, and never again when it failed', async (context) => {
    context.skip(missing !== '', missing)
    const dying = await askedAndGone()
    // two names for the same: where there is another way, a proxy may take it
    const nginx = await before([dying.address, dying.address])
    for (const method of ['POST', 'GET', 'POST', 'GET']) {
      const body = method === 'POST' ? { body: '"03"' } : {}
      const headers = { 'x-forwarded-for': STRANGER }
      const failed = await nginx.ask('/keys/tz3', {
        method,
        ...body,
        headers,
        identity: nginx.client,
        from: BAKER,
      })
      expect(failed.status).toBe(502)
    }
    expect(dying.requests.map((head) => head.split(' ')[0])).toEqual(['POST', 'GET', 'POST', 'GET'])
    for (const head of dying.requests) {
      expect(head).toMatch(/^connection: close$/im)
      expect(head).toMatch(new RegExp(`^x-forwarded-for: ${BAKER.replaceAll('.', '\\.')}$`, 'im'))
      expect(head).toMatch(/^host: signer\.example\.org$/im)
    }
  })
})

/** A bridge that dies of each request once it has read it. */
async function askedAndGone() {
  const requests: string[] = []
  const server = createServer((socket) => {
    socket.once('data', (chunk) => {
      requests.push(chunk.toString('latin1').replaceAll('\r', ''))
      socket.destroy()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closing.push(() => void server.close())
  return { requests, address: `127.0.0.1:${(server.address() as AddressInfo).port}` }
}
