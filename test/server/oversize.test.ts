import { gzipSync } from 'node:zlib'
import { describe, expect, it, vi } from 'vitest'
import { octezBody, operation, outcome, testBridge, TZ3, type TestBridge } from './fixture.js'
import {
  chunk,
  exchange,
  flood,
  HUGE,
  MiB,
  octezHead,
  octezPost,
  plainPost,
  RawClient,
  serve,
  type TestServer,
} from './raw-client.js'

/** What the server read from every connection; what it did not read cannot be in its memory. */
function bytesRead({ sockets }: TestServer): number {
  return [...sockets].reduce((sum, socket) => sum + socket.bytesRead, 0)
}

async function expectHonestSignature({ app, device }: TestBridge): Promise<void> {
  const { port } = await serve(app)
  const before = device.signatures
  expect(outcome(await exchange(port, octezPost(TZ3, operation())))).toBe('200')
  expect(device.signatures).toBe(before + 1)
}

const PIECE = 'x'.repeat(64 * 1024)

describe('F36 a body of 100 MB', () => {
  it.each([
    ['in chunks', octezHead(TZ3), chunk(PIECE)],
    ['in one chunk', `${octezHead(TZ3)}${HUGE.toString(16)}\r\n`, PIECE],
    [
      'in chunks of white space after a good payload',
      octezHead(TZ3) + chunk(octezBody(operation())),
      chunk(' '.repeat(64 * 1024)),
    ],
    ['in tiny chunks', octezHead(TZ3), chunk(' ').repeat(8 * 1024)],
    ['as announced', plainPost(TZ3, '', HUGE), PIECE],
    ['to a path that is not there', plainPost('x', '', HUGE).replace('/keys/', '/nothing/'), PIECE],
    ['to a path that is not there, in chunks', octezHead(TZ3).replace('/keys/', '/nothing/'), chunk(PIECE)],
    ['to a GET', plainPost(TZ3, '', HUGE).replace('POST', 'GET'), PIECE],
    ['from a web page', octezHead(TZ3).replace('\r\n', '\r\nOrigin: http://evil.example\r\n'), chunk(PIECE)],
    ['that is packed', octezHead(TZ3).replace('\r\n', '\r\nContent-Encoding: gzip\r\n'), chunk(PIECE)],
    ['behind a shorter length', plainPost(TZ3, '', 4), PIECE],
  ])('%s is cut off after less than 1 MB, and the connection closed', async (_name, head, piece) => {
    const bridge = testBridge()
    const server = await serve(bridge.app)
    const client = await RawClient.open(server.port)
    // What the system's buffers took on both ends left the client, too.
    expect(await flood(client, head, piece)).toBeLessThan(HUGE / 4)
    expect(bytesRead(server)).toBeLessThan(MiB)
    expect(bridge.device.touches).toEqual([])
    expect(bridge.faults).toEqual([])
    await expectHonestSignature(bridge)
  })

  it('is answered before it is read, to a client that waits for the answer', async () => {
    const { app } = testBridge()
    const server = await serve(app)
    const bodies = [plainPost(TZ3, '', HUGE), octezHead(TZ3) + chunk('x'.repeat(4097))]
    for (const bytes of bodies) expect(outcome(await exchange(server.port, bytes))).toBe('400 body-too-large')
    expect(bytesRead(server)).toBeLessThan(16 * 1024)
  })
})

describe('F36 a body of 5 kB, which is just too much,', () => {
  it('is refused by name to an ordinary client', async () => {
    const { app, device } = testBridge()
    const { url } = await serve(app)
    const response = await fetch(`${url}/keys/${TZ3}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: octezBody(new Uint8Array(2500)),
    })
    expect(response.status).toBe(400)
    expect(await response.text()).toContain('body-too-large')
    expect(device.touches).toEqual([])
  })
})

describe('F36 a length that lies', () => {
  const body = octezBody(operation())

  it('about a shorter body: what is left over is no request, and the connection is closed', async () => {
    const { app, device } = testBridge()
    const { port } = await serve(app)
    const client = await RawClient.open(port)
    await client.write(plainPost(TZ3, body, 10))
    expect(outcome(await client.answer())).toBe('400 malformed-body')
    await client.closed
    expect(device.touches).toEqual([])
  })

  it('about a longer body: it is waited for, and an end in its place is refused', async () => {
    const { app, device } = testBridge()
    const { port } = await serve(app)
    const client = await RawClient.open(port)
    await client.write(plainPost(TZ3, body, body.length + 100))
    client.socket.end()
    expect(outcome(await client.answer())).toBe('400 malformed-body')
    await client.closed
    expect(device.touches).toEqual([])
  })

  it.each(['5000', '99999999999999999999', '4097'])(
    'and says %s is refused before anything is read',
    async (length) => {
      const { app } = testBridge()
      const { port } = await serve(app)
      const bytes = plainPost(TZ3, body).replace(
        `Content-Length: ${body.length}`,
        `Content-Length: ${length}`,
      )
      const answer = outcome(await exchange(port, bytes))
      expect(['400 body-too-large', '400 malformed-body']).toContain(answer)
    },
  )
})

describe('F36 a packed body', () => {
  it.each(['gzip', 'x-gzip', 'br', 'zstd'])(
    'is refused by its name (%s), and never unpacked',
    async (encoding) => {
      const { app, device } = testBridge()
      const { port } = await serve(app)
      const packed = gzipSync(Buffer.alloc(4 * MiB, ' '))
      const head = `POST /keys/${TZ3} HTTP/1.1\r\nHost: localhost\r\nContent-Encoding: ${encoding}\r\n`
      const client = await RawClient.open(port)
      await client.write(`${head}Content-Length: ${Math.min(packed.length, 4000)}\r\n\r\n`)
      await client.write(packed.subarray(0, 4000))
      expect(outcome(await client.answer())).toBe('400 content-type-not-supported')
      expect(device.touches).toEqual([])
    },
  )

  it('in a packed transfer is not taken for JSON', async () => {
    const { app, device } = testBridge()
    const { port } = await serve(app)
    const bytes = octezHead(TZ3).replace('transfer-encoding: chunked', 'transfer-encoding: gzip, chunked')
    const client = await RawClient.open(port)
    const packed = gzipSync(octezBody(operation()))
    await client.write(Buffer.concat([Buffer.from(`${bytes}${packed.length.toString(16)}\r\n`), packed]))
    await client.write('\r\n0\r\n\r\n')
    expect(outcome(await client.answer())).toBe('400 malformed-body')
    await vi.waitUntil(() => client.socket.destroyed)
    expect(device.touches).toEqual([])
  })
})
