import { RemoteSigner } from '@taquito/remote-signer'
import { describe, expect, it, vi } from 'vitest'
import { encodePublicKey, toHex } from '../../src/tezos/index.js'
import {
  AUTHENTICATION,
  authenticate,
  block,
  attestation,
  gate,
  isSignatureBy,
  octezBody,
  operation,
  outcome,
  pairOf,
  preattestation,
  testBridge,
  TZ1,
  TZ2,
  TZ3,
} from './fixture.js'
import { chunk, exchange, octezGet, octezHead, octezPost, plainPost, RawClient, serve } from './raw-client.js'

describe('Octez', () => {
  it.each([TZ1, TZ2, TZ3])('gets a signature by %s for its chunked request, byte for byte', async (key) => {
    const { app } = testBridge()
    const { port } = await serve(app)
    expect(await exchange(port, octezGet('/authorized_keys'))).toMatchObject({ status: 200, body: {} })
    for (const payload of [block({ level: 5 }), preattestation({ level: 5 }), attestation({ level: 5 })]) {
      const { status, body } = await exchange(port, octezPost(key, payload))
      expect(status).toBe(200)
      expect(Object.keys(body as object)).toEqual(['signature'])
      expect(isSignatureBy(key, payload, (body as { signature: string }).signature)).toBe(true)
    }
  })

  it('may send a body in any chunks, down to single bytes', async () => {
    const { app } = testBridge()
    const { port } = await serve(app)
    const client = await RawClient.open(port)
    await client.write(octezHead(TZ3))
    for (const byte of octezBody(block({ level: 5 }))) await client.write(chunk(byte))
    await client.write('0\r\n\r\n')
    expect(outcome(await client.answer())).toBe('200')
  })

  it('may authenticate its requests', async () => {
    const { app, device } = testBridge({
      rules: { requiresAuthentication: true },
      authorized: [AUTHENTICATION.hash],
    })
    const { port } = await serve(app)
    const payload = block({ level: 5 })
    expect((await exchange(port, octezGet('/authorized_keys'))).body).toEqual({
      authorized_keys: [AUTHENTICATION.hash],
    })
    expect(outcome(await exchange(port, octezPost(TZ3, payload)))).toBe('401 authentication-missing')
    expect(device.touches).toEqual([])
    const query = `?authentication=${authenticate(TZ3, payload)}&version=3`
    const request = octezPost(TZ3, payload).replace('?version=3', query)
    expect(outcome(await exchange(port, request))).toBe('200')
  })

  it('F42 may ask with two slashes in front', async () => {
    const { app } = testBridge()
    const { port } = await serve(app)
    expect(outcome(await exchange(port, octezGet('//authorized_keys')))).toBe('200')
    expect(outcome(await exchange(port, octezGet(`//keys/${TZ3}`)))).toBe('200')
    const request = octezPost(TZ3, block({ level: 5 })).replace('/keys/', '//keys/')
    expect(outcome(await exchange(port, request))).toBe('200')
  })
})

describe('Taquito', () => {
  it.each([TZ1, TZ2, TZ3])('reads the key and takes the signatures of %s', async (key) => {
    const { app } = testBridge()
    const { url } = await serve(app)
    const signer = new RemoteSigner(key, `${url}//`)
    expect(await signer.publicKey()).toBe(encodePublicKey(pairOf(key).publicKey))
    const { prefixSig, sbytes } = await signer.sign(toHex(operation().subarray(1)), Uint8Array.of(3))
    expect(isSignatureBy(key, operation(), prefixSig)).toBe(true)
    expect(sbytes).toContain(toHex(operation().subarray(1)))
  })

  it('keeps its connection for many requests', async () => {
    const { app } = testBridge()
    const { url, sockets } = await serve(app)
    const headers = { 'Content-Type': 'application/json' }
    for (let level = 1; level <= 5; level += 1) {
      const body = JSON.stringify(toHex(block({ level })))
      const response = await fetch(`${url}/keys/${TZ3}`, { method: 'POST', headers, body })
      expect([response.status, Object.keys((await response.json()) as object)]).toEqual([200, ['signature']])
      const key = await fetch(`${url}/keys/${TZ3}`, { headers })
      expect(await key.json()).toEqual({ public_key: encodePublicKey(pairOf(TZ3).publicKey) })
    }
    expect(sockets.size).toBeLessThan(3) // for ten requests
  })
})

describe('HTTP', () => {
  it('needs no content type', async () => {
    const { app } = testBridge()
    const { port } = await serve(app)
    expect(outcome(await exchange(port, plainPost(TZ3, octezBody(operation()))))).toBe('200')
  })

  it('F31 without a body is 400', async () => {
    const { app, faults } = testBridge()
    const { port } = await serve(app)
    const head = `POST /keys/${TZ3} HTTP/1.1\r\nHost: localhost\r\n`
    expect(outcome(await exchange(port, `${head}\r\n`))).toBe('400 malformed-body')
    expect(outcome(await exchange(port, plainPost(TZ3, '')))).toBe('400 malformed-body')
    expect(outcome(await exchange(port, octezHead(TZ3) + chunk('')))).toBe('400 malformed-body')
    expect(faults).toEqual([])
  })

  it('answers pipelined requests in their order', async () => {
    const { app } = testBridge()
    const { port } = await serve(app)
    const client = await RawClient.open(port)
    const payloads = [1, 2, 3].map((level) => block({ level }))
    await client.write(payloads.map((payload) => plainPost(TZ3, octezBody(payload))).join(''))
    const answers = await client.answers(3)
    const isRight = answers.map(({ body }, index) =>
      isSignatureBy(TZ3, payloads[index]!, (body as { signature: string }).signature),
    )
    expect(isRight).toEqual([true, true, true])
  })

  it('1.0 is spoken, and the connection closed after the answer', async () => {
    const { app } = testBridge()
    const { port } = await serve(app)
    const client = await RawClient.open(port)
    await client.write(plainPost(TZ3, octezBody(operation())).replace('HTTP/1.1', 'HTTP/1.0'))
    expect(outcome(await client.answer())).toBe('200')
    await client.closed
  })

  it('F39 with another Host, or none, is refused', async () => {
    const { app, device } = testBridge()
    const { port } = await serve(app)
    const requests = {
      'POST KEY HTTP/1.1\r\nHost: evil.example\r\n': '403 host-not-allowed',
      'POST KEY HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n': '403 host-not-allowed',
      'POST KEY HTTP/1.1\r\nHost: evil.example\r\nHost: localhost\r\n': '403 host-not-allowed',
      'POST KEY HTTP/1.1\r\nHost: evil.example@localhost\r\n': '400 malformed-body',
      'POST KEY HTTP/1.1\r\nHost: localhost/evil.example\r\n': '400 malformed-body',
      'POST KEY HTTP/1.1\r\n': '400 malformed-body',
      'POST KEY HTTP/1.0\r\n': '400 malformed-body',
      'POST http://localhostKEY HTTP/1.1\r\nHost: evil.example\r\n': '403 host-not-allowed',
      'POST KEY HTTP/1.1\r\nHost: localhost\r\nOrigin: null\r\n': '403 origin-not-allowed',
    }
    const body = octezBody(operation())
    for (const [head, expected] of Object.entries(requests)) {
      const bytes = `${head.replace('KEY', `/keys/${TZ3}`)}Content-Length: ${body.length}\r\n\r\n${body}`
      expect([head, outcome(await exchange(port, bytes))]).toEqual([head, expected])
    }
    expect(device.touches).toEqual([])
  })

  it('F39 may name the port, [::1] and any case', async () => {
    const { app } = testBridge()
    const { port } = await serve(app)
    for (const host of [`127.0.0.1:${port}`, `[::1]:${port}`, `LOCALHOST:${port}`, 'localhost']) {
      expect(outcome(await exchange(port, `GET /keys/${TZ3} HTTP/1.1\r\nHost: ${host}\r\n\r\n`))).toBe('200')
    }
  })

  it('F42 with a path that is none is 400 or 404', async () => {
    const { app, device } = testBridge()
    const { port } = await serve(app)
    const targets = {
      '/keys/..': '400 malformed-key',
      '/keys/../': '404 not-found',
      '/keys/%2e%2e': '400 malformed-key',
      '/keys/.': '400 malformed-key',
      '/..': '404 not-found',
      [`/keys/../keys/${TZ3}`]: '404 not-found',
      [`/./keys/${TZ3}`]: '404 not-found',
      [`/keys/.%2E/keys/${TZ3}?version=3`]: '404 not-found',
      '/keys/%00': '400 malformed-key',
      '/keys/%zz': '400 malformed-key',
      [`/keys/${'t'.repeat(10_240)}`]: '400 malformed-key',
      [`\\keys\\${TZ3}`]: '400 malformed-body',
      [`/x\\..\\keys/${TZ3}`]: '400 malformed-body',
      [`keys/${TZ3}`]: '400 malformed-body',
      '*': '400 malformed-body',
      '/keys/\u00e9': '400 malformed-body',
    }
    for (const [target, expected] of Object.entries(targets)) {
      for (const request of [`GET ${target} HTTP/1.1\r\nHost: localhost\r\n\r\n`, post(target)]) {
        expect([target, outcome(await exchange(port, request))]).toEqual([target, expected])
      }
    }
    expect(device.touches).toEqual([])
  })

  it('F42 may have dots in its query, and in names', async () => {
    const { app } = testBridge()
    const { port } = await serve(app)
    expect(outcome(await exchange(port, octezGet(`/keys/${TZ3}?x=/../&y=/.`)))).toBe('200')
    expect(outcome(await exchange(port, octezGet('/...')))).toBe('404 not-found')
  })

  it('answers an Expect itself, with the statuses of this bridge', async () => {
    const { app } = testBridge()
    const { port } = await serve(app)
    const request = plainPost(TZ3, octezBody(operation())).replace('\r\n', '\r\nExpect: a-miracle\r\n')
    expect(outcome(await exchange(port, request))).toBe('200')
    const client = await RawClient.open(port)
    await client.write(request.replace('a-miracle', '100-continue'))
    await vi.waitUntil(() => client.received.startsWith('HTTP/1.1 100 Continue\r\n\r\n'))
    client.received = client.received.slice('HTTP/1.1 100 Continue\r\n\r\n'.length)
    expect(outcome(await client.answer())).toBe('200')
  })

  it('with a method of every kind is 404, and nothing is switched to another protocol', async () => {
    const { app, device } = testBridge()
    const { port } = await serve(app)
    for (const method of ['PUT', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND', 'M-SEARCH']) {
      const bytes = `${method} /keys/${TZ3} HTTP/1.1\r\nHost: localhost\r\n\r\n`
      expect([method, outcome(await exchange(port, bytes))]).toEqual([method, '404 not-found'])
    }
    const upgrade = 'GET /x HTTP/1.1\r\nHost: localhost\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n'
    expect(outcome(await exchange(port, upgrade))).toBe('404 not-found')
    const connect = await RawClient.open(port)
    await connect.write('CONNECT evil.example:443 HTTP/1.1\r\nHost: localhost\r\n\r\n')
    await connect.closed
    expect(connect.received).toBe('')
    expect(device.touches).toEqual([])
  })

  it.each([
    ['no HTTP', 'hello\r\n\r\n'],
    ['TLS', Uint8Array.from([0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xfc, 0x03, 0x03])],
    ['another version', 'GET / HTTP/9.9\r\nHost: localhost\r\n\r\n'],
    ['HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['a header without a colon', 'GET / HTTP/1.1\r\nHost localhost\r\n\r\n'],
    ['headers of 20 kB', `GET / HTTP/1.1\r\nHost: localhost\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`],
    ['a target of 20 kB', `GET /${'x'.repeat(20_000)} HTTP/1.1\r\nHost: localhost\r\n\r\n`],
    ['two lengths', plainPost(TZ3, '"03"').replace('\r\n', '\r\nContent-Length: 5\r\n')],
    [
      'a length and chunks',
      plainPost(TZ3, '0\r\n\r\n').replace('\r\n', '\r\nTransfer-Encoding: chunked\r\n'),
    ],
    ['a length that is no number', plainPost(TZ3, '').replace('Content-Length: 0', 'Content-Length: -1')],
    ['a chunk size that is no number', `${octezHead(TZ3)}zz\r\n`],
    ['a broken second chunk', `${octezHead(TZ3)}${chunk('"0')}zz\r\n`],
    ['chunk extensions of 20 kB', `${octezHead(TZ3)}4;${'x'.repeat(20_000)}\r\n"03"\r\n0\r\n\r\n`],
  ])('broken by %s is 400 with the body of every error, and the connection closed', async (_name, bytes) => {
    const { app, device, faults } = testBridge()
    const { port } = await serve(app)
    const client = await RawClient.open(port)
    await client.write(bytes)
    const answer = await client.answer()
    expect(outcome(answer)).toBe('400 malformed-body')
    expect(answer.headers.get('connection')).toBe('close')
    await client.closed
    expect([device.touches, faults]).toEqual([[], []])
  })

  it('closes the connection after a refusal, and keeps it after an answer', async () => {
    const { app } = testBridge()
    const { port } = await serve(app)
    const client = await RawClient.open(port)
    await client.write(octezGet('/'))
    await client.answer()
    await client.write(octezGet('/nothing'))
    expect(outcome(await client.answer())).toBe('404 not-found')
    await client.closed
  })

  it('F31 refuses a body that ends before its end, and no fault is logged', async () => {
    const { app, device, faults, journal } = testBridge()
    const before = journal()
    const { port, sockets } = await serve(app)
    const body = octezBody(block({ level: 5 }))
    for (const bytes of [plainPost(TZ3, body, body.length + 10), octezHead(TZ3) + chunk(body)]) {
      const client = await RawClient.open(port)
      const known = sockets.size
      await client.write(bytes)
      await vi.waitUntil(() => sockets.size > known) // the request was begun
      client.socket.destroy()
      await client.closed
      await vi.waitUntil(() => [...sockets].every((socket) => socket.destroyed))
    }
    expect([device.touches, faults, journal()]).toEqual([[], [], before])
  })

  it('F41 a client that leaves before its turn burns nothing', async () => {
    const bridge = testBridge()
    const { port } = await serve(bridge.app)
    const { passed, open } = gate()
    bridge.device.gate = passed
    const first = exchange(port, octezPost(TZ3, block({ level: 5 })))
    await vi.waitUntil(() => bridge.device.signatures === 1)
    const journal = bridge.journal()
    const marks = bridge.marks()
    const requests = [
      octezPost(TZ3, attestation({ level: 5 })),
      plainPost(TZ3, octezBody(preattestation({ level: 5 }))),
    ]
    for (const [index, request] of requests.entries()) {
      const leaving = await RawClient.open(port)
      await leaving.write(request)
      await vi.waitUntil(() => bridge.signer.waiting === 1)
      leaving.socket.destroy()
      await vi.waitUntil(() => bridge.signer.waiting === 0)
      await vi.waitUntil(() => bridge.events.length === index + 1)
      expect(bridge.events[index]).toMatchObject({ outcome: 'refused', code: 'client-gone' })
    }
    expect([bridge.journal(), bridge.marks()]).toEqual([journal, marks])
    open()
    expect(outcome(await first)).toBe('200')
    expect(bridge.device.signatures).toBe(1)
    expect(outcome(await exchange(port, octezPost(TZ3, attestation({ level: 5, seed: 1 }))))).toBe('200')
    expect(bridge.faults).toEqual([])
  })

  it('F41 a client that leaves while the device signs finds its signature when it asks again', async () => {
    const bridge = testBridge()
    const { port } = await serve(bridge.app)
    const { passed, open } = gate()
    bridge.device.gate = passed
    const leaving = await RawClient.open(port)
    await leaving.write(octezPost(TZ3, block({ level: 5 })))
    await vi.waitUntil(() => bridge.device.signatures === 1)
    leaving.socket.destroy()
    await leaving.closed
    open()
    await vi.waitUntil(() => bridge.events.length === 1)
    expect(bridge.events[0]).toMatchObject({ outcome: 'signed' })
    expect(outcome(await exchange(port, octezPost(TZ3, block({ level: 5 }))))).toBe('200')
    expect(bridge.device.signatures).toBe(1)
  })

  it('an app that throws what is no error is 500 with the body of every error', async () => {
    const { port } = await serve({
      fetch: () => {
        // eslint-disable-next-line @typescript-eslint/only-throw-error -- what must not come, and is answered all the same
        throw 'words'
      },
    })
    expect(outcome(await exchange(port, octezGet('/')))).toBe('500 internal-error')
  })
})

function post(target: string): string {
  const body = octezBody(operation())
  return `POST ${target} HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${body.length}\r\n\r\n${body}`
}
