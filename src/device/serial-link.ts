import { readSync, writeSync } from 'node:fs'
import { autoDetect, LinuxPortBinding, type BindingInterface, type PortInfo } from '@serialport/bindings-cpp'
import { unixRead } from '@serialport/bindings-cpp/dist/unix-read.js'
import { unixWrite } from '@serialport/bindings-cpp/dist/unix-write.js'
import { SerialPortStream } from '@serialport/stream'
import { DeviceError, type DeviceErrorCode } from './device-error.js'

/** One opened serial port. When it is lost it stays lost: a new one is opened, never this one again. */
export type SerialLink = {
  readonly path: string
  /** Hands the bytes to the operating system in one piece; rejects when the port is not open. */
  readonly write: (bytes: Uint8Array) => Promise<void>
  readonly close: () => Promise<void>
}

export type LinkHandlers = {
  readonly onData: (bytes: Uint8Array) => void
  /** Called once, when the port went away without `close` having been called. */
  readonly onLost: (reason: string) => void
}

/** What is known of a port that could be opened. */
export type PortDescription = Pick<
  PortInfo,
  'path' | 'vendorId' | 'productId' | 'serialNumber' | 'manufacturer'
>

/** The hardware below: `serialport`'s own binding, or a simulated one in tests. */
export type LinkBinding = BindingInterface

/** Speeds a board speaks at, in baud: the first is the device's. 1200 is none: it resets a board into its bootloader. */
export const BAUD_RATES = [57600, 9600] as const

export type BaudRate = (typeof BAUD_RATES)[number]

/** Opens `path` and reads from it until it is closed or lost. Rejects with a DeviceError of a `port-*` code. */
export async function openSerialLink(
  path: string,
  handlers: LinkHandlers,
  binding: LinkBinding = hardware,
  baudRate: BaudRate = BAUD_RATES[0],
): Promise<SerialLink> {
  const port = new SerialPortStream({ binding, path, baudRate, autoOpen: false })
  let ended = false
  const lost = (reason: string) => {
    if (ended) return
    ended = true
    handlers.onLost(reason)
  }
  // Without a reader from the first moment an unplug goes unseen.
  port.on('data', (bytes: Buffer) => {
    if (!ended) handlers.onData(new Uint8Array(bytes))
  })
  await new Promise<void>((resolve, reject) => {
    port.open((error) => {
      if (error) reject(openError(path, error))
      else resolve()
    })
  })
  port.on('error', (error: Error) => {
    lost(error.message)
  })
  port.on('close', (error?: Error | null) => {
    lost(closeReason(error))
  })
  const close = async () => {
    ended = true
    await closePort(port)
  }
  return { path, write: (bytes) => writePort(port, bytes), close }
}

/** The serial ports of this machine. Rejects with `port-failed` where they cannot be listed: that takes udevadm. */
export async function listPorts(binding: LinkBinding = hardware): Promise<readonly PortDescription[]> {
  try {
    return await binding.list()
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    const text = `the serial ports of this machine cannot be listed (${reason}): install udev, or name the port`
    throw new DeviceError('port-failed', text, { cause })
  }
}

/** The poller tells a hang-up as a bad descriptor, which says nothing to the person who pulled the cable. */
function closeReason(error: Error | null | undefined): string {
  if (error === null || error === undefined) return 'the port was closed'
  return /bad file descriptor/i.test(error.message)
    ? 'the port hung up: was the board unplugged?'
    : error.message
}

function writePort(port: SerialPortStream, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    // A write to a closed port would be queued and sent to whatever is plugged in next.
    if (!port.isOpen) {
      reject(new DeviceError('device-lost', `${port.path} is not open`))
      return
    }
    port.write(Buffer.from(bytes), (error) => {
      if (error)
        reject(new DeviceError('device-lost', `writing to ${port.path} failed`, { sent: true, cause: error }))
      else resolve()
    })
  })
}

function closePort(port: SerialPortStream): Promise<void> {
  return new Promise((resolve) => {
    if (!port.isOpen) {
      resolve()
      return
    }
    port.close(() => {
      resolve()
    })
  })
}

function openError(path: string, error: Error): DeviceError {
  const [code, remedy] = openFailure(error.message)
  return new DeviceError(code, `${path}: ${remedy}`, { cause: error })
}

function openFailure(message: string): readonly [DeviceErrorCode, string] {
  if (/no such file|ENOENT|no such device|does not exist/i.test(message)) {
    return ['port-not-found', 'no such port: is the board plugged in?']
  }
  if (/permission denied|EACCES/i.test(message)) {
    return ['port-permission', 'permission denied: let this user join the group that owns the port (dialout)']
  }
  if (/lock|busy|EBUSY|temporarily unavailable/i.test(message)) {
    return ['port-busy', 'another program holds the port: stop it (ModemManager, a serial monitor)']
  }
  return ['port-failed', message]
}

/** What `serialport` itself has below it. Without that package around it a dozen parsers and a mock are not loaded. */
const detected = autoDetect()

/**
 * `serialport`'s Linux binding with its reads and writes done at once instead of in the I/O thread pool:
 * the descriptor is non-blocking and reads happen only after the poller saw bytes, so nothing waits, and
 * a busy pool delays no signature. A read of no bytes is a hang-up; the stock binding reads again for ever.
 */
const hardware: LinkBinding = {
  list: () => detected.list(),
  open: async ({ path, baudRate }) => {
    const port = await detected.open({ path, baudRate })
    return port instanceof LinuxPortBinding ? withoutThreadPool(port) : port
  },
}

function withoutThreadPool(port: LinuxPortBinding): LinuxPortBinding {
  port.read = (buffer, offset, length) =>
    unixRead({ binding: port, buffer, offset, length, fsReadAsync: readNow as never })
  port.write = (buffer) => unixWrite({ binding: port, buffer, fsWriteAsync: writeNow as never })
  return port
}

function readNow(fd: number, buffer: Buffer, offset: number, length: number) {
  const bytesRead = readSync(fd, buffer, offset, length, null)
  if (bytesRead === 0) throw new Error('the port hung up')
  return Promise.resolve({ bytesRead, buffer })
}

function writeNow(fd: number, buffer: Buffer, offset: number, length: number) {
  return Promise.resolve({ bytesWritten: writeSync(fd, buffer, offset, length), buffer })
}
