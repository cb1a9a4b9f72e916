import { once } from 'node:events'
import { copyFileSync, writeFileSync } from 'node:fs'
import { Agent } from 'node:https'
import { connect as connectPlain } from 'node:net'
import { connect } from 'node:tls'
import { afterEach, describe, expect, test } from 'vitest'
import { fingerprint } from '../certificates.js'
import { whyMissing } from '../debian-package.js'
import { START_MS } from './abuse/target.js'
import { ADDRESS, cli, sign } from './daemon.js'
import { block, operation } from './payloads.js'
import { codeOf, TlsBench, type Parts } from './tls-bench.js'

const missing = whyMissing('openssl')

const FIRST = block(1)

const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

function bench(): TlsBench {
  const made = new TlsBench()
  closing.push(() => made.bench.close())
  return made
}

async function serving(parts: (made: TlsBench) => Parts = () => ({})) {
  const made = bench()
  made.configure(parts(made))
  return { made, ...(await made.started()) }
}

const withClients = (made: TlsBench): Parts => ({
  tls: made.tls(made.server, made.clients),
  policy: `  clients:\n    baker: { certificate: baker }\n    spare: { certificate: "${fingerprint(made.baker)}" }\n`,
})

describe.skipIf(missing !== '')('the listener with server.tls', { timeout: START_MS }, () => {
  test('signs for a client that trusts its certificate, and is seen by nobody who does not', async () => {
    const { made, daemon, port } = await serving()
    expect(await made.sign(port, FIRST)).toMatchObject({ status: 200 })
    await expect(made.ask(port, '/', {}, made.clients)).rejects.toThrow(/unable to|self.signed/)
    expect(await daemon.line('tls.handshake-failed')).toMatchObject({
      reason: expect.stringMatching(/^(?:ECONNRESET|ERR_SSL_\w+)$/) as string,
    })
    await expect(sign(`http://127.0.0.1:${port}`, ADDRESS.tz3, block(2))).rejects.toThrow()
    expect(await daemon.line('server.listening')).toMatchObject({ transport: 'tls' })
  })

  test('speaks TLS 1.2 and 1.3 and nothing older', async () => {
    const { made, port } = await serving()
    const version = async (of: 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3') => {
      const options = { minVersion: of, maxVersion: of, ciphers: 'DEFAULT@SECLEVEL=0' } as const
      const socket = connect({ ...options, port, host: '127.0.0.1', ca: made.authority.identity.cert })
      try {
        await once(socket, 'secureConnect')
        return socket.getProtocol()
      } finally {
        socket.destroy()
      }
    }
    expect(await version('TLSv1.2')).toBe('TLSv1.2')
    expect(await version('TLSv1.3')).toBe('TLSv1.3')
    await expect(version('TLSv1.1')).rejects.toThrow(/alert|version/i)
  })

  test('cuts off a client that says nothing, half a greeting, or its greeting byte by byte', async () => {
    const { made, daemon, port } = await serving()
    const startedAt = performance.now()
    const clients = [[], [0x16, 0x03, 0x01], [0x16]].map((bytes, index) => {
      const socket = connectPlain({ port, host: '127.0.0.1' })
      socket.on('error', () => undefined)
      socket.write(Uint8Array.from(bytes))
      const greeting = [0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xfc, 0x03, 0x03]
      const trickle = setInterval(
        () => index === 2 && socket.write(Uint8Array.of(greeting.shift() ?? 0)),
        700,
      )
      return once(socket, 'close').then(() => {
        clearInterval(trickle)
        return performance.now() - startedAt
      })
    })
    expect(await made.sign(port, FIRST)).toMatchObject({ status: 200 })
    for (const ms of await Promise.all(clients)) {
      expect(ms).toBeGreaterThan(4000)
      expect(ms).toBeLessThan(9000)
    }
    daemon.kill('SIGTERM') // its lines are all there once it has ended
    await daemon.exit
    const failed = daemon.lines.filter(({ event }) => event === 'tls.handshake-failed')
    expect(failed.map(({ reason }) => reason)).toEqual(['ETIMEDOUT', 'ETIMEDOUT', 'ETIMEDOUT'])
  })

  test('answers a broken request over TLS as it does without, and plain text with nothing', async () => {
    const { made, port } = await serving()
    const socket = await made.connection(port)
    let got = ''
    socket.on('data', (chunk: Buffer) => (got += chunk.toString()))
    socket.write('NONSENSE\r\n\r\n')
    await once(socket, 'close')
    expect(got).toMatch(/^HTTP\/1\.1 400 [\s\S]*malformed-body/)
    const plain = connectPlain({ port, host: '127.0.0.1' })
    let heard = ''
    plain.on('data', (chunk: Buffer) => (heard += chunk.toString('latin1')))
    plain.on('error', () => undefined)
    plain.write('GET / HTTP/1.1\r\nhost: localhost\r\n\r\n')
    await once(plain, 'close')
    expect(heard).not.toContain('HTTP/')
  })

  test('stops at once although a client hangs in its handshake', async () => {
    const { daemon, port } = await serving()
    const socket = connectPlain({ port, host: '127.0.0.1' })
    socket.on('error', () => undefined)
    await once(socket, 'connect')
    const startedAt = performance.now()
    daemon.kill('SIGTERM')
    expect(await daemon.exit).toBe(0)
    expect(performance.now() - startedAt).toBeLessThan(2500)
  })
})

describe.skipIf(missing !== '')('with client_ca', { timeout: START_MS }, () => {
  test('nobody without a certificate of that authority gets as far as a request', async () => {
    const { made, daemon, port } = await serving(withClients)
    await expect(made.sign(port, FIRST)).rejects.toThrow(/certificate required|handshake failure|ECONNRESET/i)
    const stranger = made.authority.issue({ name: 'baker' })
    await expect(made.sign(port, FIRST, { identity: stranger })).rejects.toThrow()
    expect(await made.sign(port, FIRST, { identity: made.baker })).toMatchObject({ status: 200 })
    expect(await daemon.line('signature.decided')).toMatchObject({
      outcome: 'signed',
      client: 'baker, spare',
    })
    const reasons = daemon.lines
      .filter(({ event }) => event === 'tls.handshake-failed')
      .map(({ reason }) => reason)
    expect(reasons).toContain('ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE')
  })

  test('a certificate that is no client’s may ask nothing of a key, and one that is not listed neither', async () => {
    const { made, daemon, port } = await serving((one) => ({
      tls: one.tls(one.server, one.clients),
      policy: '  clients:\n    baker: { certificate: baker }\n    spare: { certificate: spare }\n',
      key: ', clients: [baker]',
    }))
    const [spare, other] = ['spare', 'other'].map((name) => made.clients.issue({ name }))
    expect(codeOf(await made.sign(port, FIRST, { identity: other }))).toBe('authentication-missing')
    const refused = await made.sign(port, FIRST, { identity: spare })
    expect([refused.status, codeOf(refused)]).toEqual([403, 'client-not-allowed'])
    expect(JSON.stringify(refused.body)).toContain(
      `spare may not ask for ${ADDRESS.tz3}: its clients are baker`,
    )
    expect(made.bench.signCommands).toBe(0)
    expect(await made.sign(port, FIRST, { identity: made.baker })).toMatchObject({ status: 200 })
    expect(await made.ask(port, '/authorized_keys', { identity: made.baker })).toEqual({
      status: 200,
      body: {},
    })
    expect(await made.ask(port, '/authorized_keys', { identity: other })).toEqual({
      ...{ status: 200, body: { authorized_keys: [] } },
    })
    expect((await daemon.line('signature.decided'))['client']).toBeUndefined()
  })
})

describe.skipIf(missing !== '')('a reload', { timeout: START_MS }, () => {
  test('shows the new certificate to new connections, also when the configuration is the same, and keeps the open ones', async () => {
    const { made, daemon, port } = await serving()
    const open = await made.connection(port)
    const other = made.authority.issue({ name: 'renewed' })
    copyFileSync(other.certFile, made.server.certFile)
    copyFileSync(other.keyFile, made.server.keyFile)
    expect(await made.reload(daemon)).toMatchObject({
      event: 'config.reloaded',
      changed: ['server.tls (files)'],
    })
    const renewed = await made.connection(port)
    expect(renewed.getPeerCertificate().subject.CN).toBe('renewed')
    renewed.destroy()
    open.write('GET /authorized_keys HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n')
    let got = ''
    open.on('data', (chunk: Buffer) => (got += chunk.toString()))
    await once(open, 'close')
    expect(got).toMatch(/^HTTP\/1\.1 200/)
    expect(await made.sign(port, FIRST)).toMatchObject({ status: 200 })
  })

  test('with a pair that is none changes nothing at all, and says why', async () => {
    const { made, daemon, port } = await serving()
    const other = made.authority.issue({ name: 'other' })
    made.configure({
      top: 'allowed_ips: [10.0.0.1]',
      tls: `{ cert: "${other.certFile}", key: "${made.server.keyFile}" }`,
    })
    expect(await made.reload(daemon)).toMatchObject({
      event: 'config.reload-refused',
      reason: expect.stringContaining('is not the key of the first certificate in') as string,
    })
    expect(await made.sign(port, FIRST)).toMatchObject({ status: 200 })
    const socket = await made.connection(port)
    expect(socket.getPeerCertificate().subject.CN).toBe('signer')
    socket.destroy()
    // Whether there is TLS at all is not changed while the listener listens.
    made.configure({ tls: '' })
    expect(await made.reload(daemon)).toMatchObject({ needsRestart: ['server.tls'] })
    made.configure({ tls: made.tls(made.server, made.clients) })
    expect(await made.reload(daemon)).toMatchObject({ needsRestart: ['server.tls'] })
  })

  test('with another client_ca shuts the clients of the old one out, on open connections too', async () => {
    const { made, daemon, port } = await serving(withClients)
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    closing.push(async () => {
      agent.destroy()
      await Promise.resolve()
    })
    const before = { identity: made.baker, agent }
    expect(codeOf(await made.sign(port, FIRST, before))).toBe('signed')
    copyFileSync(made.authority.identity.certFile, made.clients.identity.certFile)
    expect(await made.reload(daemon)).toMatchObject({
      event: 'config.reloaded',
      changed: ['server.tls (files)'],
    })
    expect(codeOf(await made.sign(port, FIRST, before))).toBe('authentication-missing')
    await expect(made.sign(port, block(2), { identity: made.baker })).rejects.toThrow()
    const baker = made.authority.issue({ name: 'baker' })
    expect(codeOf(await made.sign(port, FIRST, { identity: baker }))).toBe('signed')
  })

  test('reads the token files again, and a token stands nowhere', async () => {
    const token = 'correct-horse-battery-staple'
    const made = bench()
    const file = made.file('token', `${token}\n`)
    made.configure({
      policy: `  clients:\n    baker: { token_file: "${file}" }\n`,
      key: ', clients: [baker]',
    })
    const { daemon, port } = await made.started()
    const by = (given: string) => made.sign(port, FIRST, { headers: { 'x-tezio-token': given } })
    expect(codeOf(await made.sign(port, FIRST))).toBe('authentication-missing')
    expect(codeOf(await by('wrong-horse-battery-staple'))).toBe('authentication-invalid')
    expect(codeOf(await by(token))).toBe('signed')
    writeFileSync(file, 'another-horse-battery-staple')
    expect(await made.reload(daemon)).toMatchObject({ changed: ['policy.clients (token files)'] })
    expect(codeOf(await by(token))).toBe('authentication-invalid')
    expect(codeOf(await by('another-horse-battery-staple'))).toBe('signed')
    const admin = await daemon.adminUrl()
    const status = await (await fetch(`${admin}/api/status`)).text()
    expect(await (await fetch(`${admin}/metrics`)).text()).toContain('tezio_auth_failures_total 3')
    const shown = await cli('config', 'show', ...made.bench.options)
    const everything = [JSON.stringify(daemon.lines), daemon.stderr, status, shown.stdout].join('\n')
    expect(shown.stdout).toContain(file)
    expect(everything).not.toContain('horse-battery')
    // A token that got too short is refused, and the old one stays.
    writeFileSync(file, 'short')
    expect(await made.reload(daemon)).toMatchObject({
      reason: expect.stringMatching(/token_file: .*holds 5 bytes, and a token has 16 to 1024/) as string,
    })
    expect(codeOf(await by('another-horse-battery-staple'))).toBe('signed')
  })
})

describe.skipIf(missing !== '')('a certificate near its end', { timeout: START_MS }, () => {
  test('is warned of in the log, in the status and by a metric, and one past its end stops the start', async () => {
    const made = bench()
    const soon = made.authority.issue({ name: 'signer', to: 13.5 })
    made.configure({ tls: made.tls(soon) })
    const { daemon, port } = await made.started()
    expect(await daemon.line('tls.certificate-expiring')).toMatchObject({
      ...{ severity: 'warn', reason: expect.stringContaining('expires in 13 days, on 20') as string },
    })
    const admin = await daemon.adminUrl()
    const { warnings } = (await (await fetch(`${admin}/api/status`)).json()) as {
      warnings: { code: string }[]
    }
    expect(warnings.map(({ code }) => code)).toContain('certificate-expiring')
    const metrics = await (await fetch(`${admin}/metrics`)).text()
    const [, seconds] = /^tezio_tls_certificate_expiry_timestamp_seconds (\d+)$/m.exec(metrics) ?? []
    expect(Math.abs(Number(seconds) - Date.now() / 1000 - 13.5 * 86_400)).toBeLessThan(120)
    expect(await made.sign(port, operation())).toMatchObject({ status: 200 })

    const past = made.authority.issue({ name: 'signer', from: -3, to: -1 })
    made.configure({ tls: made.tls(past) })
    expect(await made.reload(daemon)).toMatchObject({
      reason: expect.stringContaining('has expired on') as string,
    })
    expect(await made.sign(port, operation())).toMatchObject({ status: 200 })
    const refused = made.bench.start()
    expect(await refused.exit).toBe(78)
    expect(refused.stderr).toMatch(/config\.yaml: server\.tls\.cert: .*has expired on .*renew it/)
  })
})
