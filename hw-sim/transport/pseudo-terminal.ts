import type { SimulatedTezio } from '../simulated-tezio.js'
import { makePortLink, removePortLink } from './port-link.js'
import { HANG_UP_DELAY_MS, openRawTerminal, type RawTerminal } from './raw-terminal.js'

/** What can be plugged into a pseudo-terminal: a simulated device, or what has its face. */
export type TerminalDevice = Pick<SimulatedTezio, 'connect' | 'receive' | 'reboot'>

/** What to open. */
export type PseudoTerminalOptions = {
  readonly device: TerminalDevice
  /** Where a symbolic link to the port is made, so that clients find it under one name. */
  readonly link?: string
}

/** A simulated device on a pseudo-terminal, which any program opens as a serial port. */
export type PseudoTerminal = {
  /** The path to open: the link if there is one, else the terminal of the moment; kept while unplugged. */
  readonly path: string
  /** Whether the port exists. */
  readonly isPlugged: boolean
  /** Pulls the plug: clients lose the port, the link goes, and the device loses its power (and so its marks). */
  unplug(): void
  /** The same without giving a client time to return from its read: its reads return no bytes then, without end. */
  hangUp(): void
  /** Puts the plug back in: a new terminal under the same link, or under `link` from now on. Throws a PseudoTerminalError. */
  replug(options?: { readonly link?: string }): void
  /** Unplugs for good. */
  close(): void
}

/**
 * Opens a pseudo-terminal before the device: raw and without echo from the moment this returns. Throws a
 * PseudoTerminalError. The caller owns the port and closes it.
 */
export function openPseudoTerminal({ device, link }: PseudoTerminalOptions): PseudoTerminal {
  const port = new PluggedPort(device, link)
  port.replug()
  return port
}

class PluggedPort implements PseudoTerminal {
  readonly #device: TerminalDevice
  #link: string | undefined
  #terminal: RawTerminal | undefined
  #disconnect: (() => void) | undefined
  #path = ''
  #isClosed = false

  constructor(device: TerminalDevice, link: string | undefined) {
    this.#device = device
    this.#link = link
  }

  get path(): string {
    return this.#path
  }

  get isPlugged(): boolean {
    return this.#terminal !== undefined
  }

  replug({ link = this.#link }: { readonly link?: string } = {}): void {
    if (this.#isClosed) throw new Error('the port was closed')
    if (this.#terminal !== undefined) return
    const unplug = () => {
      this.unplug()
    }
    const terminal = openRawTerminal((bytes) => {
      this.#device.receive(bytes)
    }, unplug)
    try {
      this.#disconnect = this.#device.connect({ send: terminal.write, unplug })
      if (link !== undefined) makePortLink(link, terminal.path)
    } catch (error) {
      this.#disconnect?.()
      terminal.destroy()
      throw error
    }
    this.#terminal = terminal
    this.#link = link
    this.#path = link ?? terminal.path
  }

  unplug(): void {
    this.#pull(HANG_UP_DELAY_MS)
  }

  hangUp(): void {
    this.#pull(0)
  }

  #pull(delayMs: number): void {
    const terminal = this.#terminal
    if (terminal === undefined) return
    this.#terminal = undefined
    this.#disconnect?.()
    if (this.#link !== undefined) removePortLink(this.#link, terminal.path)
    terminal.destroy(delayMs)
    this.#device.reboot()
  }

  close(): void {
    this.unplug()
    this.#isClosed = true
  }
}
