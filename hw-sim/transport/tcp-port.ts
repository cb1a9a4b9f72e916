import { createServer, isIP, type AddressInfo, type Server, type Socket } from 'node:net'
import type { SimulatedTezio } from '../simulated-tezio.js'

/** What can be plugged into a TCP port: a simulated device, or what has its face. */
export type TcpDevice = Pick<SimulatedTezio, 'connect' | 'receive' | 'reboot'>

/** What to open. */
export type TcpPortOptions = {
  readonly device: TcpDevice
  /** An address, not a name. Default 127.0.0.1. */
  readonly host?: string
  /** 0 lets the system choose. */
  readonly port: number
  /** Whether an address that other machines reach may be opened. Default false: anyone there could sign. */
  readonly anyHost?: boolean
}

/** A simulated device on a TCP port, whose one client has the cable. */
export type TcpPort = {
  /** `HOST:PORT`, with the port that was really opened. */
  readonly address: string
  readonly port: number
  /** Whether the device is plugged in. */
  readonly isPlugged: boolean
  /** Pulls the plug: the client is cut off, others are turned away, and the device loses its power. */
  unplug(): void
  /** Puts the plug back in: clients are taken again, at the same address. */
  replug(): void
  /** Unplugs for good and frees the address. */
  close(): Promise<void>
}

/** What waits for a client that does not read; beyond it bytes are lost, as on a terminal. */
const UNREAD_BYTES = 65_536

/**
 * Opens a TCP port before the device: bytes both ways, without delay and unchanged, for one client at a time; another
 * is cut off at once. While unplugged the address is kept, and whoever connects is cut off. Rejects with a RangeError
 * for an address that is not of the loopback unless `anyHost`, and with the system's error when it cannot be had.
 */
export async function openTcpPort(options: TcpPortOptions): Promise<TcpPort> {
  const { device, host = '127.0.0.1', port, anyHost = false } = options
  if (isIP(host) === 0) throw new RangeError(`${host} is not an IP address`)
  if (!isLoopback(host) && !anyHost) throw new RangeError(`${host} is not a loopback address`)
  const server = createServer({ noDelay: true })
  await bind(server, host, port)
  return new ListeningPort(device, server, host)
}

/** Whether only this machine reaches an address: 127.0.0.0/8 or ::1. */
export function isLoopback(host: string): boolean {
  return host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))
}

class ListeningPort implements TcpPort {
  readonly address: string
  readonly port: number
  readonly #device: TcpDevice
  readonly #server: Server
  #client: Socket | undefined
  #disconnect: (() => void) | undefined
  #isClosed = false

  constructor(device: TcpDevice, server: Server, host: string) {
    this.#device = device
    this.#server = server
    this.port = boundPort(server.address())
    this.address = isIP(host) === 6 ? `[${host}]:${this.port}` : `${host}:${this.port}`
    server.on('connection', (socket: Socket) => {
      this.#take(socket)
    })
    server.on('error', () => undefined) // a connection that could not be accepted: the client sees it
    this.replug()
  }

  get isPlugged(): boolean {
    return this.#disconnect !== undefined
  }

  replug(): void {
    if (this.#isClosed) throw new Error('the port was closed')
    this.#disconnect ??= this.#device.connect({
      send: (bytes) => {
        this.#send(bytes)
      },
      unplug: () => {
        this.unplug()
      },
    })
  }

  unplug(): void {
    if (this.#disconnect === undefined) return
    this.#disconnect()
    this.#disconnect = undefined
    this.#hangUp()
    this.#device.reboot()
  }

  async close(): Promise<void> {
    this.unplug()
    if (this.#isClosed) return
    this.#isClosed = true
    await new Promise((resolve) => {
      this.#server.close(resolve)
    })
  }

  /** What was sent before still arrives, unless the client does not read: it would hold the cable for ever. */
  #hangUp(): void {
    const client = this.#client
    this.#client = undefined
    if (client?.writableLength === 0) client.destroySoon()
    else client?.destroy()
  }

  #take(socket: Socket): void {
    socket.on('error', () => undefined) // 'close' follows it
    if (this.#client !== undefined || !this.isPlugged) {
      socket.resetAndDestroy()
      return
    }
    this.#client = socket
    socket.on('close', () => {
      if (this.#client === socket) this.#client = undefined
    })
    socket.on('data', (bytes: Buffer) => {
      if (this.#client === socket) this.#device.receive(new Uint8Array(bytes)) // no view: listeners keep it
    })
  }

  #send(bytes: Uint8Array): void {
    const client = this.#client
    if (client?.writable !== true || client.writableLength > UNREAD_BYTES) return
    client.write(bytes.slice())
  }
}

function bind(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host, port }, () => {
      server.off('error', reject)
      resolve()
    })
  })
}

function boundPort(address: AddressInfo | string | null): number {
  if (address === null || typeof address === 'string') throw new Error('the server has no TCP port')
  return address.port
}
