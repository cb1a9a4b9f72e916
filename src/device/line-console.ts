import { ReadlineParser } from '@serialport/parser-readline'
import { DeviceError } from './device-error.js'
import { openSerialLink, type BaudRate, type LinkBinding } from './serial-link.js'

/** A port on which a board speaks lines of text, as its provisioning and debug sketches do. */
export type LineConsole = {
  readonly path: string
  /**
   * Sends one line, ended by a line feed alone: the sketches take a carriage return for a part of the answer.
   * Rejects with a DeviceError (`device-lost`).
   */
  readonly sendLine: (text: string) => Promise<void>
  readonly close: () => Promise<void>
}

export type LineHandlers = {
  /** One line without its end (LF or CRLF). */
  readonly onLine: (line: string) => void
  /** Called once, after the last line, when the port went away without `close` having been called. */
  readonly onLost: (reason: string) => void
}

export type LineConsoleOptions = { readonly baudRate?: BaudRate; readonly binding?: LinkBinding }

/** The longest line that is waited for; a sketch's longest is about 250 bytes. */
const MAX_LINE_BYTES = 65_536
const LINE_FEED = 0x0a

/**
 * Opens `path` in line mode until it is closed or lost. Bytes without a line end for 64 KiB are no text: the port is
 * given up. Rejects with a DeviceError of a `port-*` code.
 */
export async function openLineConsole(
  path: string,
  handlers: LineHandlers,
  { baudRate, binding }: LineConsoleOptions = {},
): Promise<LineConsole> {
  const parser = new ReadlineParser({ delimiter: '\n' })
  let isOver = false
  let pendingBytes = 0
  const end = (reason: string) => {
    if (isOver) return
    isOver = true
    parser.once('end', () => {
      handlers.onLost(reason)
    })
    parser.end()
  }
  parser.on('data', (line: string) => {
    handlers.onLine(line.endsWith('\r') ? line.slice(0, -1) : line)
  })
  const onData = (bytes: Uint8Array) => {
    if (isOver) return
    const lastEnd = bytes.lastIndexOf(LINE_FEED)
    pendingBytes = lastEnd === -1 ? pendingBytes + bytes.length : bytes.length - lastEnd - 1
    if (pendingBytes <= MAX_LINE_BYTES) parser.write(Buffer.from(bytes))
    else end(`${path} sends no lines: ${MAX_LINE_BYTES} bytes without a line end`)
  }
  const link = await openSerialLink(path, { onData, onLost: end }, binding, baudRate)
  const sendLine = async (text: string) => {
    if (isOver) throw new DeviceError('device-lost', `${path} is not open`)
    await link.write(new TextEncoder().encode(`${text}\n`))
  }
  const close = async () => {
    isOver = true
    parser.destroy()
    await link.close()
  }
  return { path, sendLine, close }
}
