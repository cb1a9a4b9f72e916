import { SerialPort } from 'serialport'
import { concatBytes } from '../../src/tezos/index.js'
import { LinkLostError, type Exchanger } from './exchanger.js'

/** The device's nominal speed; 1200 would reset a board into its bootloader. */
const BAUD_RATE = 57600
/** A write is handed over at once or never: nothing else uses the port. */
const WRITE_LIMIT_MS = 5000
/** Closing must not hold the program up, whatever the driver of the port does. */
const CLOSE_LIMIT_MS = 2000
/** What is kept unread; a port that sends without end does not fill the memory. */
const MAX_UNREAD = 65_536

/** The port could not be opened; the message names it and says why. */
export class PortUnavailableError extends Error {
  override readonly name = 'PortUnavailableError'
}

/** A cable on a serial port, which it owns until it is closed. */
export type SerialExchanger = Exchanger & { readonly close: () => Promise<void> }

/** Opens the port at `path`. Rejects with a PortUnavailableError. */
export async function openSerialExchanger(path: string): Promise<SerialExchanger> {
  const port = new SerialPort({ path, baudRate: BAUD_RATE, autoOpen: false })
  const inbox = new Inbox()
  // Without a reader from the first moment an unplug goes unseen.
  port.on('data', (chunk: Buffer) => {
    inbox.push(new Uint8Array(chunk))
  })
  port.on('error', (error: Error) => {
    inbox.lose(error.message)
  })
  port.on('close', () => {
    inbox.lose('it was closed')
  })
  await opened(port)
  return {
    now: () => performance.now(),
    write: (bytes) => {
      inbox.checkLink()
      return written(port, bytes)
    },
    read: (waitMs) => inbox.take(waitMs),
    close: () => closed(port),
  }
}

/** Bytes that came and were not read yet, and whoever waits for them. */
class Inbox {
  #bytes: Uint8Array = new Uint8Array()
  #lost: string | undefined
  #wake: (() => void) | undefined

  push(bytes: Uint8Array): void {
    this.#bytes = concatBytes(this.#bytes, bytes.subarray(0, MAX_UNREAD - this.#bytes.length))
    this.#wake?.()
  }

  lose(reason: string): void {
    this.#lost ??= reason
    this.#wake?.()
  }

  checkLink(): void {
    if (this.#lost !== undefined) throw new LinkLostError(`the port was lost: ${this.#lost}`)
  }

  async take(waitMs: number): Promise<Uint8Array> {
    if (this.#bytes.length === 0 && this.#lost === undefined && waitMs > 0) await this.#woken(waitMs)
    if (this.#bytes.length === 0) this.checkLink()
    const bytes = this.#bytes
    this.#bytes = new Uint8Array()
    return bytes
  }

  #woken(waitMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, waitMs)
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }
}

function opened(port: SerialPort): Promise<void> {
  return new Promise((resolve, reject) => {
    port.open((error) => {
      if (error === null) resolve()
      else reject(new PortUnavailableError(`${port.path}: ${error.message}`, { cause: error }))
    })
  })
}

function written(port: SerialPort, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    // A write to a closed port would be queued and sent to whatever is plugged in next.
    if (!port.isOpen) {
      reject(new LinkLostError('the port is not open'))
      return
    }
    const timer = setTimeout(() => {
      reject(new LinkLostError(`the port took no bytes for ${WRITE_LIMIT_MS} ms`))
    }, WRITE_LIMIT_MS)
    port.write(Buffer.from(bytes), (error) => {
      clearTimeout(timer)
      if (error) reject(new LinkLostError(`the port was lost: ${error.message}`, { cause: error }))
      else resolve()
    })
  })
}

function closed(port: SerialPort): Promise<void> {
  return new Promise((resolve) => {
    if (!port.isOpen) {
      resolve()
      return
    }
    const timer = setTimeout(resolve, CLOSE_LIMIT_MS)
    port.close(() => {
      clearTimeout(timer)
      resolve()
    })
  })
}
