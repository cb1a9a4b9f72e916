import { createConnection, type Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  createSimulatedTezio,
  isLoopback,
  openTcpPort,
  type SimulatedTezio,
  type TcpPort,
} from '../../hw-sim/index.js'
import { parseTcpAddress } from '../../hw-sim/cli/device-plan.js'
import { openTcpLink } from '../../hw-sim/cli/replay-link.js'
import { GET_PK, GET_PK_REPLY, TEST_KEYS } from './bench.js'
import { CASES, judgeReply } from './transcript.js'
import { fromHex } from '../../src/tezos/index.js'

let device: SimulatedTezio
let tcp: TcpPort
const sockets: Socket[] = []

beforeEach(async () => {
  device = createSimulatedTezio({ keys: TEST_KEYS })
  tcp = await openTcpPort({ device, port: 0 })
})

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy()
  await tcp.close()
})

const once = (socket: Socket, event: string) =>
  new Promise<unknown>((resolve) => {
    socket.once(event, resolve)
  })

async function connect(): Promise<Socket> {
  const socket = createConnection({ host: '127.0.0.1', port: tcp.port, noDelay: true })
  sockets.push(socket)
  socket.on('error', () => undefined)
  await once(socket, 'connect')
  return socket
}

async function read(socket: Socket, size: number): Promise<Uint8Array> {
  return new Promise((resolve) => {
    let whole = Buffer.alloc(0)
    const onData = (chunk: Buffer) => {
      whole = Buffer.concat([whole, chunk])
      if (whole.length < size) return
      socket.off('data', onData)
      resolve(new Uint8Array(whole))
    }
    socket.on('data', onData)
  })
}

async function asked(socket: Socket): Promise<Uint8Array> {
  const reply = read(socket, GET_PK_REPLY.length)
  socket.write(GET_PK)
  return reply
}

describe('a TCP port', () => {
  it('carries all recorded exchanges, in order', async () => {
    const socket = await connect()
    for (const recorded of CASES) {
      const reply = read(socket, recorded.reply.length / 2)
      socket.write(fromHex(recorded.send)!)
      expect([recorded.name, judgeReply(recorded, await reply)]).toEqual([recorded.name, undefined])
    }
    expect(device.counters.bytesOut).toBe(CASES.reduce((sum, { reply }) => sum + reply.length / 2, 0))
  })

  it('carries every byte unchanged both ways, and echoes nothing', async () => {
    const socket = await connect()
    const every = Uint8Array.from(Array(256).keys())
    const arrived = new Promise<Uint8Array>((resolve) => {
      device.onBytes((direction, bytes) => {
        if (direction === 'in') resolve(bytes)
      })
    })
    socket.write(every.subarray(4))
    expect(await arrived).toEqual(every.subarray(4))
    const heard = read(socket, every.length)
    device.transmit(every)
    expect(await heard).toEqual(every)
  })

  it('says which port the system chose', () => {
    expect(tcp.address).toBe(`127.0.0.1:${tcp.port}`)
    expect(tcp.port).toBeGreaterThan(0)
  })

  it('has one client at a time, as a cable has: another is cut off and does not disturb it', async () => {
    const first = await connect()
    expect(await asked(first)).toEqual(GET_PK_REPLY)
    const second = createConnection(tcp.port, '127.0.0.1')
    sockets.push(second)
    second.on('error', () => undefined)
    second.write(GET_PK)
    await once(second, 'close')
    expect(await asked(first)).toEqual(GET_PK_REPLY)
    expect(device.counters.exchanges).toBe(2)
  })

  it('takes the next client when one has gone', async () => {
    for (let round = 0; round < 3; round += 1) {
      const socket = await connect()
      expect(await asked(socket)).toEqual(GET_PK_REPLY)
      const gone = once(socket, 'close')
      socket.end()
      await gone
    }
    expect(device.counters.boots).toBe(1)
  })

  it('does not grow when its client never reads', async () => {
    const socket = await connect()
    socket.pause()
    const arrived = new Promise((resolve) => {
      device.onExchange(resolve)
    })
    socket.write(GET_PK)
    await arrived
    const chunk = new Uint8Array(1024)
    for (let round = 0; round < 50_000; round += 1) device.transmit(chunk)
    let size = 0
    const answered = new Promise<void>((resolve) => {
      socket.on('data', (bytes: Buffer) => {
        size += bytes.length
        if (bytes.subarray(-GET_PK_REPLY.length).equals(GET_PK_REPLY)) resolve()
        else socket.write(GET_PK)
      })
    })
    socket.resume()
    await answered
    expect([device.counters.bytesOut > 50_000_000, size < 20_000_000]).toEqual([true, true])
  })

  it('does not wait, when it is closed, for a client that never reads', async () => {
    const socket = await connect()
    socket.pause()
    const arrived = new Promise((resolve) => {
      device.onExchange(resolve)
    })
    socket.write(GET_PK)
    await arrived
    const chunk = new Uint8Array(1024)
    for (let round = 0; round < 50_000; round += 1) device.transmit(chunk)
    await tcp.close()
    expect(tcp.isPlugged).toBe(false)
  })

  it('is not opened where other machines could reach it, unless that was said', async () => {
    const other = createSimulatedTezio({ keys: TEST_KEYS })
    await expect(openTcpPort({ device: other, host: '0.0.0.0', port: 0 })).rejects.toThrow('not a loopback')
    await expect(openTcpPort({ device: other, host: 'localhost', port: 0 })).rejects.toThrow('not an IP')
    const open = await openTcpPort({ device: other, host: '0.0.0.0', port: 0, anyHost: true })
    await open.close()
    expect(['127.0.0.1', '127.9.9.9', '::1', '10.0.0.1', '0.0.0.0', '::', 'x'].map(isLoopback)).toEqual([
      true,
      true,
      true,
      false,
      false,
      false,
      false,
    ])
  })

  it('that is taken is refused with the reason of the system', async () => {
    const other = createSimulatedTezio({ keys: TEST_KEYS })
    await expect(openTcpPort({ device: other, port: tcp.port })).rejects.toMatchObject({ code: 'EADDRINUSE' })
    expect(() => other.connect({ send: () => undefined, unplug: () => undefined })).not.toThrow()
  })
})

describe('unplugging a TCP port', () => {
  it('cuts its client off, reboots the device, and turns others away until it is plugged in again', async () => {
    const socket = await connect()
    await asked(socket)
    const cut = once(socket, 'close')
    tcp.unplug()
    tcp.unplug()
    await cut
    expect([tcp.isPlugged, device.counters.boots]).toEqual([false, 2])
    const turnedAway = createConnection(tcp.port, '127.0.0.1')
    turnedAway.on('error', () => undefined)
    await once(turnedAway, 'close')
    tcp.replug()
    tcp.replug()
    expect(await asked(await connect())).toEqual(GET_PK_REPLY)
  })

  it('can be asked for by a behaviour; what was sent before still arrives', async () => {
    device.addBehaviour({ name: 'pull', apply: (actions) => [...actions, { kind: 'unplug', afterMs: 0 }] })
    const socket = await connect()
    const cut = once(socket, 'close')
    expect(await asked(socket)).toEqual(GET_PK_REPLY)
    await cut
    expect(tcp.isPlugged).toBe(false)
  })

  it('for good frees the address and cannot be undone', async () => {
    await tcp.close()
    await tcp.close()
    expect(() => {
      tcp.replug()
    }).toThrow('closed')
    await expect(openTcpLink({ host: '127.0.0.1', port: tcp.port })).rejects.toThrow('ECONNREFUSED')
  })
})

it.each(['127.0.0.1', 'localhost:1', '127.0.0.1:65536', '10.0.0.1:1', '[::]:1', '127.0.0.1:x', ''])(
  'the address %j is refused on the command line',
  (text) => {
    expect(() => parseTcpAddress(text, false)).toThrow()
  },
)

it('addresses of the loopback are taken, others only with --tcp-any', () => {
  expect(parseTcpAddress('[::1]:0', false)).toEqual({ host: '::1', port: 0 })
  expect(parseTcpAddress('10.0.0.1:7', true)).toEqual({ host: '10.0.0.1', port: 7 })
})
