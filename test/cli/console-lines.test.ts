import { PassThrough } from 'node:stream'
import { readFileSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import {
  createSimulatedBinding,
  createSimulatedTezio,
  openPseudoTerminal,
  randomKeys,
} from '../../hw-sim/index.js'
import { runConsole } from '../../src/cli/console.js'
import { openLineConsole } from '../../src/device/line-console.js'

const PATH = '/dev/ttyACM0'
const bytes = (text: string) => new TextEncoder().encode(text)

/** A line console on a simulated binding, with waits for the next line and for the loss of the port. */
async function openLines() {
  const device = createSimulatedTezio({ keys: randomKeys() })
  const binding = createSimulatedBinding(device, PATH)
  const lines: string[] = []
  let wake: () => void = () => undefined
  let lose: (reason: string) => void = () => undefined
  const lost = new Promise<string>((resolve) => {
    lose = resolve
  })
  const onLine = (line: string) => {
    lines.push(line)
    wake()
  }
  const handlers = { onLine, onLost: lose }
  const console = await openLineConsole(PATH, handlers, { binding, baudRate: 9600 })
  const until = async (count: number) => {
    while (lines.length < count) await new Promise<void>((resolve) => (wake = resolve))
  }
  return { device, binding, console, lines, lost, until }
}

describe('a line console', () => {
  it('gives lines without their ends, however they are cut, and keeps empty ones', async () => {
    const { device, console, lines, until } = await openLines()
    const text = bytes('Wörter\r\n\r\nConfirm (Y/n)\r\nplain\n')
    for (const byte of text) device.transmit(Uint8Array.of(byte))
    await until(4)
    expect(lines).toEqual(['Wörter', '', 'Confirm (Y/n)', 'plain'])
    await console.close()
  })

  it('sends a line feed alone: a carriage return would be a part of the answer', async () => {
    const { device, console } = await openLines()
    const arrived = new Promise<Uint8Array>((resolve) => {
      device.onBytes((_, sent) => {
        resolve(sent)
      })
    })
    await console.sendLine('Y')
    expect([...(await arrived)]).toEqual([...bytes('Y\n')])
    await console.close()
  })

  it('gives the last words without a line end before it tells that the port is lost', async () => {
    const { device, binding, console, lines, lost, until } = await openLines()
    device.transmit(bytes('one\r\nER'))
    await until(1)
    binding.unplug()
    await lost
    expect(lines).toEqual(['one', 'ER'])
    await expect(console.sendLine('Y')).rejects.toMatchObject({ code: 'device-lost' })
  })

  it('gives a port up that sends no lines, instead of remembering all of it', async () => {
    const { device, console, lost } = await openLines()
    for (let count = 0; count < 66; count += 1) device.transmit(new Uint8Array(1000).fill(0x41))
    expect(await lost).toContain('65536 bytes without a line end')
    await console.close()
  })
})

describe('what a board sends', () => {
  it('cannot steer the terminal, on the screen or in a transcript of mode 0600', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'tezio-console-'))
    const device = createSimulatedTezio({ keys: randomKeys() })
    const port = openPseudoTerminal({ device })
    const input = new PassThrough()
    const before = process.umask(0)
    try {
      const transcript = join(folder, 'transcript')
      let printed = ''
      const out = (text: string) => {
        printed += text
        input.end()
      }
      const err = () => {
        device.transmit(bytes('\u001b[2Jgone\u0007\r\n'))
      }
      const options = { port: port.path, baud: 57600, transcript } as const
      expect(await runConsole(options, { out, err }, input)).toBe(0)
      expect(printed).toBe('\\x1b[2Jgone\\x07\n')
      expect(readFileSync(transcript, 'utf8')).toBe('< \\x1b[2Jgone\\x07\n')
      expect(statSync(transcript).mode & 0o777).toBe(0o600)
    } finally {
      process.umask(before)
      port.close()
      rmSync(folder, { recursive: true })
    }
  })
})
