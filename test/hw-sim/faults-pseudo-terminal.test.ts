import {
  closeSync,
  constants,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readSync,
  rmSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SerialPort } from 'serialport'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  createSimulatedTezio,
  FaultRack,
  openPseudoTerminal,
  type PseudoTerminal,
  type SimulatedTezio,
} from '../../hw-sim/index.js'
import { createSimulatedBinding } from '../../hw-sim/index.js'
import { GET_PK, GET_PK_REPLY, TEST_KEYS } from './bench.js'

let directory: string
let device: SimulatedTezio
let port: PseudoTerminal
let rack: FaultRack

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tezio-faults-'))
  device = createSimulatedTezio({ keys: TEST_KEYS })
  port = openPseudoTerminal({ device, link: join(directory, 'port') })
  rack = new FaultRack({ device, port })
})

afterEach(() => {
  rack.disarmAll()
  port.close()
  rmSync(directory, { recursive: true })
})

/** Resolves when the device has answered a packet, or its plug was pulled instead. */
const answered = () =>
  new Promise<void>((resolve) => {
    const stop = device.onBytes((direction) => {
      if (direction !== 'out') return
      stop()
      setImmediate(resolve)
    })
  })

async function openPort(path: string): Promise<SerialPort> {
  const opened = new SerialPort({ path, baudRate: 57600, autoOpen: false })
  await new Promise<void>((resolve, reject) => {
    opened.open((error) => {
      if (error === null) resolve()
      else reject(error)
    })
  })
  return opened
}

const once = <Value>(emitter: SerialPort, event: string) =>
  new Promise<Value>((resolve) => {
    emitter.once(event, resolve)
  })

describe('on a pseudo-terminal', () => {
  it('zero-read-storm makes reads return no bytes, without error and without end', async () => {
    rack.arm('zero-read-storm')
    const descriptor = openSync(port.path, constants.O_RDWR | constants.O_NOCTTY | constants.O_NONBLOCK)
    const done = answered()
    writeSync(descriptor, GET_PK)
    await done
    const reads = Array.from({ length: 1000 }, () => readSync(descriptor, Buffer.alloc(64)))
    closeSync(descriptor)
    expect(new Set(reads)).toEqual(new Set([0]))
    expect([port.isPlugged, existsSync(join(directory, 'port'))]).toEqual([false, false])
  })

  it('a plug that was merely pulled is no storm: the bytes that were sent can still be read', async () => {
    rack.arm('unplug', { after: 1024 })
    const descriptor = openSync(port.path, constants.O_RDWR | constants.O_NOCTTY | constants.O_NONBLOCK)
    const done = answered()
    writeSync(descriptor, GET_PK)
    await done
    const buffer = Buffer.alloc(64)
    const size = readSync(descriptor, buffer)
    closeSync(descriptor)
    expect(new Uint8Array(buffer.subarray(0, size))).toEqual(GET_PK_REPLY)
  })

  it('replug under another name closes the client, and is found there; the old name is gone', async () => {
    const other = join(directory, 'other')
    rack.arm('replug', { ms: 1, link: other }, { times: 1 })
    const client = await openPort(port.path)
    client.on('data', () => undefined)
    const closed = once(client, 'close')
    client.write(Buffer.from(GET_PK))
    await closed
    rack.disarmAll()
    expect([readdirSync(directory), port.path]).toEqual([['other'], other])
    const again = await openPort(other)
    const data = once<Buffer>(again, 'data')
    again.write(Buffer.from(GET_PK))
    expect(new Uint8Array(await data)).toEqual(GET_PK_REPLY)
  })

  it('byte-by-byte reaches a serial port whole', async () => {
    rack.arm('byte-by-byte', { ms: 1 })
    const client = await openPort(port.path)
    const chunks: Buffer[] = []
    const whole = new Promise<void>((resolve) => {
      client.on('data', (chunk: Buffer) => {
        chunks.push(chunk)
        if (Buffer.concat(chunks).length === GET_PK_REPLY.length) resolve()
      })
    })
    client.write(Buffer.from(GET_PK))
    await whole
    expect(new Uint8Array(Buffer.concat(chunks))).toEqual(GET_PK_REPLY)
    expect(chunks.length).toBeGreaterThan(1)
  })
})

describe('on a binding', () => {
  it('replug under another name is listed and opened there alone', async () => {
    const made = createSimulatedTezio({ keys: TEST_KEYS })
    const binding = createSimulatedBinding(made, '/dev/ttyACM0')
    const own = new FaultRack({ device: made, port: binding })
    const { id } = own.arm('replug', { ms: 1, link: '/dev/ttyACM1' }, { times: 1 })
    expect(own.strikeNow(id)).toBe(true)
    own.disarmAll()
    expect((await binding.list()).map(({ path }) => path)).toEqual(['/dev/ttyACM1'])
    const options = { path: '/dev/ttyACM0', baudRate: 57600 }
    await expect(binding.open(options)).rejects.toThrow('No such file')
    await expect(binding.open({ ...options, path: '/dev/ttyACM1' })).resolves.toBeDefined()
  })

  it('there is no storm of zero reads', () => {
    const made = createSimulatedTezio({ keys: TEST_KEYS })
    const own = new FaultRack({ device: made, port: createSimulatedBinding(made, '/dev/ttyACM0') })
    expect(() => own.arm('zero-read-storm')).toThrow(expect.objectContaining({ code: 'not-possible-here' }))
  })
})
