import {
  MockPortBinding,
  type MockBindingInterface,
  type MockPortInternal,
  type OpenMockPort,
} from './binding-mock.js'
import type { SimulatedTezio } from '../simulated-tezio.js'

type Binding = Pick<MockBindingInterface, 'list' | 'open'>
type OpenOptions = Parameters<Binding['open']>[0]
type PortInfo = Awaited<ReturnType<Binding['list']>>[number]

/** How the port is listed; the ids are those of an Arduino MKR WiFi 1010 unless given. */
export type PortIdentity = {
  readonly vendorId?: string
  readonly productId?: string
  readonly serialNumber?: string
}

/** A binding for `@serialport/stream` with one port, behind which a simulated device answers. */
export type SimulatedBinding = Binding & {
  /** Whether the port exists. */
  readonly isPlugged: boolean
  /** Pulls the plug: the port is gone from the list, an open one fails, and the device loses its power. */
  unplug(): void
  /** Puts the plug back in: the port can be listed and opened again, under the path `link` if one is given. */
  replug(options?: { readonly link?: string }): void
}

/**
 * A binding whose only port is `path`. It shares nothing with other bindings: `MockBinding`'s table of ports is not
 * used. Opening fails while unplugged and, as the real one does, while the port is open.
 */
export function createSimulatedBinding(
  device: SimulatedTezio,
  path: string,
  identity: PortIdentity = {},
): SimulatedBinding {
  return new SinglePortBinding(device, path, identity)
}

class SinglePortBinding implements SimulatedBinding {
  readonly #device: SimulatedTezio
  #info: PortInfo
  #port: SimulatedPort | undefined
  #disconnect: (() => void) | undefined

  constructor(device: SimulatedTezio, path: string, identity: PortIdentity) {
    this.#device = device
    this.#info = {
      path,
      manufacturer: 'Arduino LLC',
      serialNumber: identity.serialNumber ?? '5E2B0C1C50304D48502E3120FF0A1B2C',
      pnpId: undefined,
      locationId: undefined,
      vendorId: identity.vendorId ?? '2341',
      productId: identity.productId ?? '8054',
    }
    this.replug()
  }

  get isPlugged(): boolean {
    return this.#disconnect !== undefined
  }

  list(): Promise<PortInfo[]> {
    return Promise.resolve(this.isPlugged ? [{ ...this.#info }] : [])
  }

  open(options: OpenOptions): Promise<OpenMockPort> {
    if (!this.isPlugged || options.path !== this.#info.path) {
      return Promise.reject(new Error(`Error: No such file or directory, cannot open ${options.path}`))
    }
    if (this.#port?.isOpen === true) {
      return Promise.reject(new Error('Error Resource temporarily unavailable Cannot lock port'))
    }
    this.#port = new SimulatedPort(this.#device, { ...this.#info }, options)
    return Promise.resolve(this.#port)
  }

  unplug(): void {
    if (this.#disconnect === undefined) return
    this.#disconnect()
    this.#disconnect = undefined
    this.#device.reboot()
    this.#port?.fail()
    this.#port = undefined
  }

  replug({ link = this.#info.path }: { readonly link?: string } = {}): void {
    if (this.#disconnect !== undefined) return
    this.#info = { ...this.#info, path: link }
    this.#disconnect = this.#device.connect({
      send: (bytes) => {
        if (this.#port?.isOpen === true) this.#port.emitData(Buffer.from(bytes))
      },
      unplug: () => {
        this.unplug()
      },
    })
  }
}

const DEFAULTS = {
  dataBits: 8,
  lock: true,
  stopBits: 1,
  parity: 'none',
  rtscts: false,
  xon: false,
  xoff: false,
  xany: false,
  hupcl: true,
} as const

/** An open port. What is written reaches the device; after `fail` reads and writes fail as those of a lost port. */
class SimulatedPort extends MockPortBinding {
  #device: SimulatedTezio | undefined
  #rejectRead: ((cause: Error) => void) | undefined

  constructor(device: SimulatedTezio, info: PortInfo, options: OpenOptions) {
    const openOpt = { ...DEFAULTS, ...options }
    super(portInternal(info, openOpt), openOpt)
    this.#device = device
  }

  fail(): void {
    this.#device = undefined
    this.#rejectRead?.(lost())
  }

  override async read(buffer: Buffer, offset: number, length: number) {
    if (this.#device === undefined) throw lost()
    return new Promise<{ buffer: Buffer; bytesRead: number }>((resolve, reject) => {
      this.#rejectRead = reject
      super.read(buffer, offset, length).then(resolve, reject)
    })
  }

  override async write(buffer: Buffer): Promise<void> {
    if (this.#device === undefined) throw lost()
    await super.write(buffer)
    this.#device.receive(buffer)
  }
}

function portInternal(info: PortInfo, openOpt: OpenOptions): MockPortInternal {
  return { data: Buffer.alloc(0), echo: false, record: false, info, maxReadSize: 1024, openOpt }
}

/** What a read or write of a port reports when its device is gone; without `canceled` it ends the stream. */
const lost = () => new Error('Error: Input/output error, the device is gone')
