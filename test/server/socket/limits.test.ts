import { existsSync, readdirSync } from 'node:fs'
import { describe, expect, it, vi } from 'vitest'
import { encodeFrame } from '../../../src/server/socket/frame.js'
import { encodeRequest } from '../../../src/server/socket/request.js'
import { block, gate, TZ1, TZ3 } from '../fixture.js'
import { socketBench, TRANSPORTS, type SocketBench } from './socket-bench.js'
import { codeOf, SocketClient } from './socket-client.js'

const AUTHORIZED_KEYS = encodeFrame(Uint8Array.of(2))
const signFrame = (level: number, seed = 0) =>
  encodeFrame(
    encodeRequest({
      ...{
        kind: 'sign',
        version: undefined,
        key: TZ3,
        data: block({ level, seed }),
        authentication: undefined,
      },
    }),
  )
/** A request of so many bytes, whatever it says. */
const frameOf = (size: number) => encodeFrame(new Uint8Array(size).fill(0xee))

/** Resolves when the server waits for a read, and for nothing else. */
const readsAgain = ({ clock }: SocketBench) => vi.waitUntil(() => clock.pending === 1)

/** Of so many bytes a connection leaves so many with the system's stream, while it waits for more. */
const UNREAD: Readonly<Record<number, number>> = { 0: 0, 1: 1, 2: 0, 100: 98 }

describe.each(TRANSPORTS)('over %s a client', (transport) => {
  it.each([
    ['nothing', new Uint8Array()],
    ['half a length', AUTHORIZED_KEYS.subarray(0, 1)],
    ['a length alone', AUTHORIZED_KEYS.subarray(0, 2)],
    ['half a frame', signFrame(5).subarray(0, 100)],
  ])('that sends %s and then no more hears of the timeout after 8 s, and is closed', async (_name, bytes) => {
    const bench = await socketBench(transport)
    const client = await SocketClient.open(bench.address)
    await client.write(bytes)
    await vi.waitUntil(() => {
      const [server] = bench.serverSockets()
      return server?.bytesRead === bytes.length && server.readableLength === UNREAD[bytes.length]
    })
    bench.clock.advance(7_999)
    const watcher = await SocketClient.open(bench.address)
    expect(codeOf(await watcher.exchange({ kind: 'authorized-keys' }))).toBe('authorized-keys')
    expect(client.socket.destroyed).toBe(false)
    bench.clock.advance(1)
    expect(await client.code()).toBe('read-timeout')
    expect(await client.message()).toBeUndefined()
    expect(await client.closed).toBeUndefined()
    expect(bench.device.touches).toEqual([])
  })

  it('has 8 s anew after each answer, and the time of the answer itself does not count', async () => {
    const bench = await socketBench(transport)
    const client = await SocketClient.open(bench.address)
    for (const level of [1, 2, 3]) {
      const held = gate()
      bench.device.gate = held.passed
      await readsAgain(bench)
      bench.clock.advance(6_000)
      await client.write(signFrame(level))
      await vi.waitUntil(() => bench.device.signatures === level)
      expect(bench.clock.pending).toBe(0) // no read is waited for
      bench.clock.advance(60_000)
      held.open()
      expect(codeOf(await client.reply())).toBe('sign')
    }
  })

  it('has 8 s for the length and 8 s for what follows it', async () => {
    const bench = await socketBench(transport)
    const client = await SocketClient.open(bench.address)
    const frame = signFrame(5)
    await readsAgain(bench)
    bench.clock.advance(7_000)
    await client.write(frame.subarray(0, 2))
    const [server] = bench.serverSockets()
    await vi.waitUntil(() => server!.bytesRead === 2 && server!.readableLength === 0)
    bench.clock.advance(7_000)
    await client.write(frame.subarray(2))
    expect(codeOf(await client.reply())).toBe('sign')
  })

  it('that ends within a frame hears so before the connection is closed', async () => {
    const { address, device } = await socketBench(transport)
    const frame = signFrame(5)
    for (const [size, words] of [
      [1, '1 of 2 bytes'],
      [2, `0 of ${frame.length - 2} bytes`],
      [frame.length - 1, `${frame.length - 3} of ${frame.length - 2} bytes`],
    ] as const) {
      const client = await SocketClient.open(address, true)
      await client.write(frame.subarray(0, size))
      client.socket.end()
      const reply = await client.reply()
      expect(reply).toMatchObject({ errors: [{ msg: expect.stringContaining(words) as string }] })
      expect(codeOf(reply)).toBe('malformed-frame')
      expect(await client.message()).toBeUndefined()
    }
    expect(device.touches).toEqual([])
  })

  it('that ends between two frames is closed without another word', async () => {
    const { address, refusals } = await socketBench(transport)
    const client = await SocketClient.open(address, true)
    expect(codeOf(await client.exchange({ kind: 'authorized-keys' }))).toBe('authorized-keys')
    client.socket.end()
    expect(await client.message()).toBeUndefined()
    expect(await client.closed).toBeUndefined()
    expect(refusals).toEqual([])
  })

  it('may send a frame of 4096 bytes and no longer one, which is not read', async () => {
    const { address, refusals } = await socketBench(transport)
    const client = await SocketClient.open(address)
    await client.write(frameOf(4096))
    expect(await client.code()).toBe('malformed-frame')
    await client.write(frameOf(4097))
    expect(await client.code()).toBe('body-too-large')
    expect(await client.message()).toBeUndefined()
    const longest = await SocketClient.open(address)
    await longest.write(frameOf(65_535))
    expect(await longest.code()).toBe('body-too-large')
    expect(await longest.closed).toBeUndefined() // not reset, although it had sent what nobody read
    expect(refusals.map(({ code }) => code)).toEqual(['malformed-frame', 'body-too-large', 'body-too-large'])
  })

  it('beyond the limit of connections hears so, and the next one finds room when somebody left', async () => {
    const { address } = await socketBench(transport, { limits: { maxConnections: 3 } })
    const clients: SocketClient[] = []
    for (let index = 0; index < 3; index += 1) {
      const client = await SocketClient.open(address)
      expect(codeOf(await client.exchange({ kind: 'authorized-keys' }))).toBe('authorized-keys')
      clients.push(client)
    }
    const fourth = await SocketClient.open(address)
    await fourth.write(AUTHORIZED_KEYS)
    expect(await fourth.code()).toBe('too-many-connections')
    expect(await fourth.message()).toBeUndefined()
    await fourth.closed
    clients[0]!.socket.end()
    await clients[0]!.closed
    const answered = async () => {
      const next = await SocketClient.open(address)
      return codeOf(await next.exchange({ kind: 'authorized-keys' }))
    }
    await vi.waitUntil(async () => (await answered()) === 'authorized-keys')
  })

  it('that reads no answers is cut off after 8 s, and has kept nothing in memory but one answer', async () => {
    const bench = await socketBench(transport)
    const client = await SocketClient.open(bench.address)
    client.socket.pause()
    const [server] = bench.serverSockets()
    const many = Buffer.concat(Array.from({ length: 1000 }, () => frameOf(1))) // each has an error for its answer
    let isOpen = true
    const flood = (async () => {
      while (isOpen) isOpen = await client.write(many)
    })()
    await vi.waitUntil(() => server!.writableLength > 0 && bench.clock.pending === 1, { timeout: 10_000 })
    expect(server!.writableLength).toBeLessThan(1_000)
    expect(server!.readableLength).toBeLessThan(70_000)
    bench.clock.advance(8_000)
    expect(server!.destroyed).toBe(true)
    await flood
  })

  it('that sends ahead is held back by the system: the bridge keeps one buffer of it', async () => {
    const bench = await socketBench(transport)
    const client = await SocketClient.open(bench.address)
    const held = gate()
    bench.device.gate = held.passed
    await client.write(signFrame(1))
    await vi.waitUntil(() => bench.device.signatures === 1)
    const [server] = bench.serverSockets()
    let sent = 0
    const piece = Buffer.concat(Array.from({ length: 16_384 }, () => AUTHORIZED_KEYS))
    for (let index = 0; index < 200; index += 1) {
      client.socket.write(piece, () => (sent += piece.length))
    }
    await vi.waitUntil(() => sent > 0 || server!.readableLength > 0)
    await expect.poll(() => server!.readableLength).toBeGreaterThan(0)
    expect(server!.readableLength).toBeLessThan(70_000)
    expect(server!.bytesRead).toBeLessThan(140_000)
    client.socket.destroy()
    held.open()
  })

  it('that leaves while its request waits gives up its place, and nothing is marked for it', async () => {
    const { address, device, marks, events } = await socketBench(transport)
    const held = gate()
    device.gate = held.passed
    const first = await SocketClient.open(address)
    await first.write(signFrame(5))
    await vi.waitUntil(() => device.signatures === 1)
    const before = marks()
    const second = await SocketClient.open(address)
    await second.write(signFrame(6))
    const third = await SocketClient.open(address)
    await third.write(signFrame(7))
    second.socket.destroy()
    const decided = () => events.filter(({ event }) => event === 'signature.decided')
    await vi.waitUntil(() => decided().length === 1)
    expect(decided()).toMatchObject([{ outcome: 'refused', code: 'client-gone', level: 6 }])
    expect(marks()).toEqual(before)
    held.open()
    expect(codeOf(await first.reply())).toBe('sign')
    expect(codeOf(await third.reply())).toBe('sign')
    expect(device.signatures).toBe(2)
  })

  it('that ends its side while its request waits hears that it gave up', async () => {
    const { address, device } = await socketBench(transport)
    const held = gate()
    device.gate = held.passed
    const first = await SocketClient.open(address)
    await first.write(signFrame(5))
    await vi.waitUntil(() => device.signatures === 1)
    const second = await SocketClient.open(address, true)
    await second.write(signFrame(6))
    second.socket.end()
    expect(await second.code()).toBe('client-gone')
    held.open()
    expect(codeOf(await first.reply())).toBe('sign')
  })

  it('whose connection broke gets the very signature that was made for it, on the next one', async () => {
    const { address, device } = await socketBench(transport)
    const held = gate()
    device.gate = held.passed
    const first = await SocketClient.open(address)
    await first.write(signFrame(5))
    await vi.waitUntil(() => device.signatures === 1)
    first.socket.destroy()
    const second = await SocketClient.open(address)
    await second.write(signFrame(5))
    held.open()
    const reply = await second.reply()
    expect(reply).toMatchObject({ kind: 'sign' })
    expect(await second.exchange({ kind: 'public-key', key: TZ1 })).toMatchObject({ kind: 'public-key' })
    await second.write(signFrame(5))
    expect(await second.reply()).toEqual(reply)
    expect(device.signatures).toBe(1)
  })
})

describe.each(TRANSPORTS)('a listener on %s that is closed', (transport) => {
  it('lets the answer in hand be sent, tells the others that it stops, and takes no new connection', async () => {
    const bench = await socketBench(transport)
    const { address, device, listener } = bench
    const held = gate()
    device.gate = held.passed
    const busy = await SocketClient.open(address)
    await busy.write(signFrame(5))
    await vi.waitUntil(() => device.signatures === 1)
    const idle = await SocketClient.open(address)
    await idle.write(AUTHORIZED_KEYS)
    expect(codeOf(await idle.reply('authorized-keys'))).toBe('authorized-keys')
    const half = await SocketClient.open(address)
    await half.write(AUTHORIZED_KEYS.subarray(0, 1))
    await vi.waitUntil(() => bench.serverSockets().some(({ bytesRead }) => bytesRead === 1))
    const closed = listener.close(1_000)
    expect(await idle.code()).toBe('shutting-down')
    expect(await idle.message()).toBeUndefined()
    expect(await half.code()).toBe('shutting-down')
    await expect(SocketClient.open(address)).rejects.toMatchObject({
      code: expect.stringMatching(/^(ECONNREFUSED|ENOENT)$/) as string,
    })
    held.open()
    expect(codeOf(await busy.reply())).toBe('sign')
    expect(await busy.message()).toBeUndefined()
    await closed
    if (transport === 'unix') expect(existsSync(address)).toBe(false)
  })

  it('closes after its grace what does not end by itself', async () => {
    const { address, device, listener, clock } = await socketBench(transport)
    device.gate = gate().passed
    const client = await SocketClient.open(address)
    await client.write(signFrame(5))
    await vi.waitUntil(() => device.signatures === 1)
    const closed = listener.close(300)
    clock.advance(300)
    await closed
    await client.closed
  })
})

it('no descriptor is left of connections that ended in any way', async () => {
  const bench = await socketBench('tcp')
  const descriptors = () => readdirSync('/proc/self/fd').length
  const before = descriptors()
  for (let turn = 0; turn < 50; turn += 1) {
    const client = await SocketClient.open(bench.address)
    if (turn % 3 === 0) await client.write(frameOf(5000))
    else if (turn % 3 === 1) await client.exchange({ kind: 'authorized-keys' })
    client.socket.destroy()
    await client.closed
  }
  await vi.waitUntil(() => descriptors() <= before)
  await vi.waitUntil(() => bench.clock.pending === 0)
})
