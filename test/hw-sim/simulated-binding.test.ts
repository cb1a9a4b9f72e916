import { SerialPortStream } from '@serialport/stream'
import { describe, expect, it } from 'vitest'
import { createSimulatedBinding, createSimulatedTezio, type SimulatedBinding } from '../../hw-sim/index.js'
import { GET_PK, GET_PK_REPLY, hex, TEST_KEYS } from './bench.js'

const PATH = '/dev/ttyACM7'

const bareDevice = () => createSimulatedTezio({ keys: TEST_KEYS })

function plugged() {
  const device = bareDevice()
  return { device, binding: createSimulatedBinding(device, PATH) }
}

async function opened(binding: SimulatedBinding, path = PATH) {
  const port = new SerialPortStream({ binding, path, baudRate: 57600, autoOpen: false })
  await new Promise<void>((resolve, reject) => {
    port.open((error) => {
      if (error === null) resolve()
      else reject(error)
    })
  })
  return port
}

type Port = Awaited<ReturnType<typeof opened>>

const once = <Value>(port: Port, event: string) =>
  new Promise<Value>((resolve) => {
    port.once(event, resolve)
  })

describe('a simulated device behind a binding', () => {
  it('answers a serial port stream', async () => {
    const { binding } = plugged()
    const port = await opened(binding)
    const data = once<Buffer>(port, 'data')
    port.write(Buffer.from(GET_PK))
    expect(new Uint8Array(await data)).toEqual(GET_PK_REPLY)
  })

  it('is listed with the ids of a supported board', async () => {
    const { binding } = plugged()
    expect(await binding.list()).toEqual([
      expect.objectContaining({
        path: PATH,
        vendorId: '2341',
        productId: '8054',
        manufacturer: 'Arduino LLC',
      }),
    ])
    const other = createSimulatedBinding(bareDevice(), PATH, { serialNumber: 'A', productId: '8057' })
    expect(await other.list()).toEqual([
      expect.objectContaining({ serialNumber: 'A', vendorId: '2341', productId: '8057' }),
    ])
  })

  it('can be opened once at a time, and again after it was closed', async () => {
    const { binding } = plugged()
    const port = await opened(binding)
    await expect(opened(binding)).rejects.toThrow('Cannot lock port')
    await new Promise((resolve) => {
      port.close(resolve)
    })
    const again = await opened(binding)
    const data = once<Buffer>(again, 'data')
    again.write(Buffer.from(GET_PK))
    expect(new Uint8Array(await data)).toEqual(GET_PK_REPLY)
  })

  it('is not found at another path', async () => {
    await expect(opened(plugged().binding, '/dev/ttyACM8')).rejects.toThrow('No such file')
  })

  it('shares nothing with another one at the same path', async () => {
    const first = plugged()
    const second = plugged()
    const ports = [await opened(first.binding), await opened(second.binding)]
    expect(ports.map((port) => port.isOpen)).toEqual([true, true])
    second.binding.unplug()
    expect(await first.binding.list()).toHaveLength(1)
  })

  it('drops what is sent while nobody has the port open', async () => {
    const { device, binding } = plugged()
    device.transmit(hex('414243'))
    const port = await opened(binding)
    const data = once<Buffer>(port, 'data')
    port.write(Buffer.from(GET_PK))
    expect(new Uint8Array(await data)).toEqual(GET_PK_REPLY)
  })
})

describe('an unplugged device', () => {
  it('closes the open port as lost, leaves the list, cannot be opened, and has no marks', async () => {
    const { device, binding } = plugged()
    const port = await opened(binding)
    port.on('data', () => undefined)
    const closed = once<Error>(port, 'close')
    binding.unplug()
    expect(await closed).toMatchObject({ disconnected: true })
    expect([port.isOpen, binding.isPlugged, await binding.list()]).toEqual([false, false, []])
    await expect(opened(binding)).rejects.toThrow('No such file')
    expect(device.counters.boots).toBe(2)
  })

  it('is noticed by a write as well', async () => {
    const { device, binding } = plugged()
    const port = await opened(binding)
    const failed = once<Error>(port, 'error')
    binding.unplug()
    port.write(Buffer.from(GET_PK))
    expect(await failed).toBeInstanceOf(Error)
    expect(device.counters.bytesIn).toBe(0)
  })

  it('can be unplugged in the middle of an answer', async () => {
    const { device, binding } = plugged()
    device.addBehaviour({
      name: 'cut',
      apply: (_, { exchange }) => [
        { kind: 'write', afterMs: 0, bytes: exchange.reply.slice(0, 3) },
        { kind: 'unplug', afterMs: 0 },
      ],
    })
    const port = await opened(binding)
    port.on('data', () => undefined)
    const closed = once(port, 'close')
    port.write(Buffer.from(GET_PK))
    await closed
    expect(binding.isPlugged).toBe(false)
  })

  it('works again once it is plugged in again, on a new port object', async () => {
    const { binding } = plugged()
    await opened(binding)
    binding.unplug()
    binding.unplug()
    binding.replug()
    binding.replug()
    const port = await opened(binding)
    const data = once<Buffer>(port, 'data')
    port.write(Buffer.from(GET_PK))
    expect(new Uint8Array(await data)).toEqual(GET_PK_REPLY)
  })

  it('leaves its device free for another port', () => {
    const { device, binding } = plugged()
    expect(() => createSimulatedBinding(device, PATH)).toThrow('connected already')
    binding.unplug()
    expect(createSimulatedBinding(device, PATH).isPlugged).toBe(true)
  })
})
