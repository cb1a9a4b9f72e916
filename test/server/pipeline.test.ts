import { describe, expect, it, vi } from 'vitest'
import { block, gate, octezBody, operation, outcome, testBridge, TZ3, UNKNOWN_KEY } from './fixture.js'
import { chunk, octezGet, octezHead, octezPost, plainPost, RawClient, serve } from './raw-client.js'

const sentAhead = octezPost(TZ3, block({ level: 5 }))

describe('F42 a sign request that was sent ahead', () => {
  it.each([
    ['is malformed', plainPost(TZ3, '"zz"')],
    ['is malformed, in chunks', octezHead(TZ3) + chunk('"zz"') + chunk('')],
    ['has a shorter length than its body', plainPost(TZ3, octezBody(operation()), 4)],
    ['names no key of this bridge', octezPost(UNKNOWN_KEY, operation())],
    ['asks for nothing that is there', octezGet('/nothing')],
    ['has another Host', octezGet('/').replace('localhost', 'evil.example')],
    ['asks for the connection to be closed', octezGet('/').replace('\r\n', '\r\nconnection: close\r\n')],
    ['speaks HTTP/1.0', octezGet('/').replace('HTTP/1.1', 'HTTP/1.0')],
  ])('is not served when the one before it %s: that answer closes the connection', async (_name, first) => {
    const bridge = testBridge()
    const { port } = await serve(bridge.app)
    const before = bridge.journal()
    const client = await RawClient.open(port)
    await client.write(first + sentAhead + sentAhead)
    await client.answer()
    await client.closed
    expect([client.received, bridge.device.touches, bridge.journal()]).toEqual(['', [], before])
    expect(bridge.faults).toEqual([])
  })

  it('waits for the answer before it', async () => {
    const { app, device, signer } = testBridge()
    const { port } = await serve(app)
    const { passed, open } = gate()
    device.gate = passed
    const client = await RawClient.open(port)
    await client.write(octezPost(TZ3, block({ level: 4 })) + sentAhead)
    await vi.waitUntil(() => device.signatures === 1)
    const other = await RawClient.open(port)
    await other.write(octezGet('/'))
    await other.answer() // by now the second would stand in the queue
    expect(signer.waiting).toBe(0)
    open()
    expect((await client.answers(2)).map(outcome)).toEqual(['200', '200'])
    expect(device.signatures).toBe(2)
  })

  it('is not served when its client leaves before its turn', async () => {
    const bridge = testBridge()
    const { port, sockets } = await serve(bridge.app)
    const { passed, open } = gate()
    bridge.device.gate = passed
    const client = await RawClient.open(port)
    await client.write(octezPost(TZ3, block({ level: 4 })) + sentAhead)
    await vi.waitUntil(() => bridge.device.signatures === 1)
    client.socket.destroy()
    await vi.waitUntil(() => [...sockets].every((socket) => socket.destroyed))
    open()
    await vi.waitUntil(() => bridge.events.length === 1)
    const after = await RawClient.open(port)
    await after.write(octezPost(TZ3, operation()))
    await after.answer()
    expect(bridge.marks().map(({ level }) => level)).not.toContain(5)
    expect(bridge.device.signatures).toBe(2)
  })
})

describe('F42 behind a request in hand', () => {
  it('what is no request is answered after it, and closes the connection', async () => {
    const { app, device } = testBridge()
    const { port } = await serve(app)
    const { passed, open } = gate()
    device.gate = passed
    const client = await RawClient.open(port)
    await client.write(`${octezPost(TZ3, block({ level: 5 }))}hello\r\n\r\n`)
    await vi.waitUntil(() => device.signatures === 1)
    const other = await RawClient.open(port)
    await other.write(octezGet('/'))
    await other.answer()
    expect(client.received).toBe('')
    open()
    expect((await client.answers(2)).map(outcome)).toEqual(['200', '400 malformed-body'])
    await client.closed
  })

  it('a crowd of requests ends the connection, and nobody else’s', async () => {
    const { app, device } = testBridge()
    const { port } = await serve(app)
    const { passed, open } = gate()
    device.gate = passed
    const client = await RawClient.open(port)
    await client.write(octezPost(TZ3, operation()) + octezGet('/').repeat(10_000))
    await client.closed
    open()
    const other = await RawClient.open(port)
    await other.write(octezGet('/') + octezGet('/').repeat(15))
    expect((await other.answers(16)).map(outcome)).toEqual(Array.from({ length: 16 }, () => '200'))
  })
})
