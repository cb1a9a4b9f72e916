import { closeSync, openSync, writeSync } from 'node:fs'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { DeviceError, type BaudRate } from '../device/index.js'
import { openLineConsole } from '../device/line-console.js'
import { createSecretMask } from './console-mask.js'
import { EXIT, type ExitCode } from './exit-code.js'
import type { Output } from './output.js'

export type ConsoleOptions = {
  readonly port: string
  readonly baud: BaudRate
  readonly transcript?: string | undefined
  readonly showSecrets?: boolean | undefined
}

/** What was said, line by line: `<` the board, `>` the person. */
type Transcript = {
  readonly received: (line: string) => void
  readonly sent: (line: string) => void
  readonly close: () => void
}

/**
 * Line mode to a provisioning or debug sketch: prints its lines, sends what the person types, until the end of
 * `input` (Ctrl-D). The screen shows everything, for words have to be written down; the transcript file (mode 0600,
 * never an existing one) hides secrets unless told otherwise. Rejects with a DeviceError when the port cannot be
 * opened or is lost.
 */
export async function runConsole(
  options: ConsoleOptions,
  { out, err }: Output,
  input: Readable = process.stdin,
): Promise<ExitCode> {
  const transcript = openTranscript(options)
  try {
    const over = new AbortController()
    const onLine = (line: string) => {
      const text = printable(line)
      transcript.received(text)
      out(`${text}\n`)
    }
    const onLost = (reason: string) => {
      over.abort(new DeviceError('device-lost', `${options.port} is gone: ${reason}`))
    }
    const port = await openLineConsole(options.port, { onLine, onLost }, { baudRate: options.baud })
    err(`${options.port} is open at ${options.baud} baud. Answer when you are asked; Ctrl-D ends.\n`)
    try {
      await sendLines(input, over.signal, async (line) => {
        transcript.sent(line)
        await port.sendLine(line)
      })
    } finally {
      await port.close()
    }
    return EXIT.ok
  } finally {
    transcript.close()
  }
}

/** Sends line by line until the input ends; rejects with the reason of `over`, or with what `send` rejects with. */
async function sendLines(
  input: Readable,
  over: AbortSignal,
  send: (line: string) => Promise<void>,
): Promise<void> {
  const lines = createInterface({ input, terminal: false })
  const stop = () => {
    lines.close()
    input.destroy() // or an open pipe would keep the process alive
  }
  over.addEventListener('abort', stop)
  try {
    for await (const line of lines) {
      if (over.aborted) break
      await send(line)
    }
    over.throwIfAborted()
  } finally {
    over.removeEventListener('abort', stop)
    stop()
  }
}

function openTranscript({ transcript: file, showSecrets }: ConsoleOptions): Transcript {
  if (file === undefined) {
    const nothing = () => undefined
    return { received: nothing, sent: nothing, close: nothing }
  }
  const descriptor = openSync(file, 'wx', 0o600)
  const plain = (line: string) => line
  const mask = showSecrets === true ? { received: plain, sent: plain } : createSecretMask()
  return {
    received: (line) => writeSync(descriptor, `< ${mask.received(line)}\n`),
    sent: (line) => writeSync(descriptor, `> ${mask.sent(line)}\n`),
    close: () => {
      closeSync(descriptor)
    },
  }
}

/** The line with control characters shown as `\xNN`: what a board sends must not steer the person's terminal. */
function printable(line: string): string {
  return line.replace(/[\u0000-\u0008\u000a-\u001f\u007f-\u009f]/g, (character) => {
    return `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`
  })
}
