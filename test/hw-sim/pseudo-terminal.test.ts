import {
  existsSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { closeSync, constants, openSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SerialPort } from 'serialport'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  createSimulatedTezio,
  openPseudoTerminal,
  PseudoTerminalError,
  type PseudoTerminal,
  type SimulatedTezio,
} from '../../hw-sim/index.js'
import { GET_PK, GET_PK_REPLY, hex, TEST_KEYS } from './bench.js'

let directory: string
let link: string
let device: SimulatedTezio
const terminals: PseudoTerminal[] = []

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tezio-sim-'))
  link = join(directory, 'port')
  device = createSimulatedTezio({ keys: TEST_KEYS })
})

afterEach(() => {
  for (const terminal of terminals.splice(0)) terminal.close()
  rmSync(directory, { recursive: true })
})

function plugIn(withLink = true): PseudoTerminal {
  const terminal = openPseudoTerminal({ device, ...(withLink ? { link } : {}) })
  terminals.push(terminal)
  return terminal
}

async function openPort(path: string): Promise<SerialPort> {
  const port = new SerialPort({ path, baudRate: 57600, autoOpen: false })
  await new Promise<void>((resolve, reject) => {
    port.open((error) => {
      if (error === null) resolve()
      else reject(error)
    })
  })
  return port
}

const once = <Value>(port: SerialPort, event: string) =>
  new Promise<Value>((resolve) => {
    port.once(event, resolve)
  })

/** Resolves when the device has received `size` bytes, with them. */
async function received(size: number): Promise<Uint8Array> {
  return new Promise((resolve) => {
    const bytes: number[] = []
    const stop = device.onBytes((direction, chunk) => {
      if (direction === 'in') bytes.push(...chunk)
      if (bytes.length < size) return
      stop()
      resolve(Uint8Array.from(bytes))
    })
  })
}

async function asked(port: SerialPort): Promise<Uint8Array> {
  const data = once<Buffer>(port, 'data')
  port.write(Buffer.from(GET_PK))
  return new Uint8Array(await data)
}

/** Every byte value, those a terminal would act on included: 0x03, 0x04, 0x0a, 0x0d, 0x11, 0x13, 0x1a, 0x7f. */
const EVERY_BYTE = Uint8Array.from(Array(256).keys())

describe('a pseudo-terminal', () => {
  it('carries every byte unchanged to the device, from a program that sets no terminal mode', async () => {
    const terminal = plugIn()
    const descriptor = openSync(terminal.path, constants.O_RDWR | constants.O_NOCTTY)
    const bytes = received(EVERY_BYTE.length)
    writeSync(descriptor, EVERY_BYTE)
    expect(await bytes).toEqual(EVERY_BYTE)
    closeSync(descriptor)
  })

  it('carries every byte unchanged from the device, in one piece, and echoes nothing', async () => {
    const port = await openPort(plugIn().path)
    const heard: ('in' | 'out')[] = []
    device.onBytes((direction) => heard.push(direction))
    const chunks = once<Buffer>(port, 'data')
    device.transmit(EVERY_BYTE)
    expect(new Uint8Array(await chunks)).toEqual(EVERY_BYTE)
    expect(await asked(port)).toEqual(GET_PK_REPLY)
    expect(heard).toEqual(['out', 'in', 'out'])
  })

  it('can be closed and opened again by its clients', async () => {
    const terminal = plugIn()
    for (let round = 0; round < 5; round += 1) {
      const port = await openPort(terminal.path)
      expect(await asked(port)).toEqual(GET_PK_REPLY)
      await new Promise((resolve) => {
        port.close(resolve)
      })
    }
    expect(terminal.isPlugged).toBe(true)
  })

  it('without a link is named by its terminal', async () => {
    const terminal = plugIn(false)
    expect(terminal.path).toMatch(/^\/dev\//)
    expect(await asked(await openPort(terminal.path))).toEqual(GET_PK_REPLY)
  })
})

describe('unplugging', () => {
  it('closes the port of the client, removes the link and reboots the device', async () => {
    const terminal = plugIn()
    const port = await openPort(link)
    await asked(port)
    port.on('data', () => undefined)
    const closed = once(port, 'close')
    terminal.unplug()
    await closed
    expect([terminal.isPlugged, existsSync(link), device.counters.boots]).toEqual([false, false, 2])
  })

  it('in the same tick as a reply closes it as well', async () => {
    const terminal = plugIn()
    const port = await openPort(link)
    device.onExchange(() => {
      terminal.unplug()
    })
    port.on('data', () => undefined)
    const closed = once(port, 'close')
    port.write(Buffer.from(GET_PK))
    await closed
    expect(device.counters.bytesOut).toBe(GET_PK_REPLY.length)
  })

  it('can be asked for by a behaviour', async () => {
    plugIn()
    device.addBehaviour({ name: 'pull', apply: () => [{ kind: 'unplug', afterMs: 0 }] })
    const port = await openPort(link)
    port.on('data', () => undefined)
    const closed = once(port, 'close')
    port.write(Buffer.from(GET_PK))
    await closed
    expect(device.counters.bytesOut).toBe(0)
  })

  it('and plugging in again gives the same link to a new terminal', async () => {
    const terminal = plugIn()
    const before = readlinkSync(link)
    terminal.unplug()
    terminal.unplug()
    terminal.replug()
    terminal.replug()
    expect(lstatSync(link).isSymbolicLink()).toBe(true)
    expect(before).toMatch(/^\/dev\//)
    expect(await asked(await openPort(link))).toEqual(GET_PK_REPLY)
  })

  it('right after a reply was read, or after the port was opened, is never missed', async () => {
    const terminal = plugIn()
    for (let round = 0; round < 20; round += 1) {
      const port = await openPort(link)
      port.on('data', () => undefined)
      const closed = once(port, 'close')
      if (round % 2 === 0) await asked(port)
      terminal.unplug()
      await closed
      terminal.replug()
    }
    expect(device.counters.boots).toBe(21)
  })

  it('leaves no descriptor behind', async () => {
    const counts: number[] = []
    for (let round = 0; round < 20; round += 1) {
      const terminal = plugIn()
      const port = await openPort(link)
      port.on('data', () => undefined)
      const closed = once(port, 'close')
      terminal.close()
      await closed
      counts.push(readdirSync('/dev/fd').length)
    }
    expect(counts[19]! - counts[4]!).toBeLessThan(5)
  })

  it('for good cannot be undone', () => {
    const terminal = plugIn()
    terminal.close()
    terminal.close()
    expect(() => {
      terminal.replug()
    }).toThrow('closed')
  })
})

describe('the link', () => {
  const codeOf = (open: () => unknown) => {
    try {
      open()
      return undefined
    } catch (error) {
      return error instanceof PseudoTerminalError ? error.code : error
    }
  }

  it('is never put in place of something else', () => {
    writeFileSync(link, 'precious')
    expect(codeOf(plugIn)).toBe('link-occupied')
    rmSync(link)
    writeFileSync(join(directory, 'file'), 'precious')
    symlinkSync(join(directory, 'file'), link)
    expect(codeOf(plugIn)).toBe('link-occupied')
    expect(readdirSync(directory).sort()).toEqual(['file', 'port'])
  })

  it('replaces one that was left behind', async () => {
    symlinkSync('/dev/pts/99999', link)
    plugIn()
    expect(await asked(await openPort(link))).toEqual(GET_PK_REPLY)
    expect(readdirSync(directory)).toEqual(['port'])
  })

  it('is left alone on closing when it leads elsewhere by then', () => {
    const terminal = plugIn()
    rmSync(link)
    symlinkSync('/dev/null', link)
    terminal.close()
    expect(readlinkSync(link)).toBe('/dev/null')
  })

  it('that cannot be made is refused, and leaves the device free', () => {
    link = join(directory, 'missing', 'port')
    expect(codeOf(plugIn)).toBe('link-failed')
    link = join(directory, 'port')
    expect(codeOf(plugIn)).toBeUndefined()
  })
})

it('a client that never reads does not make the device grow without bound', () => {
  const terminal = plugIn()
  const descriptor = openSync(terminal.path, constants.O_RDWR | constants.O_NOCTTY)
  for (let round = 0; round < 20_000; round += 1) device.receive(hex('0307001101023386'))
  expect(device.counters.exchanges).toBe(20_000)
  closeSync(descriptor)
})
