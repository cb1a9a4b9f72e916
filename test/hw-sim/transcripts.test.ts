import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SerialPort } from 'serialport'
import { describe, expect, it } from 'vitest'
import { createSimulatedTezio, openPseudoTerminal } from '../../hw-sim/index.js'
import { equalBytes } from '../../src/tezos/index.js'
import { bench, hex, TEST_KEYS } from './bench.js'
import { CASES, judgeReply } from './transcript.js'

describe('the recorded exchanges, in order', () => {
  it('are all there', () => {
    expect(CASES).toHaveLength(248)
  })

  it('are answered alike by the stock profile', () => {
    const { device, clock, replies } = bench()
    for (const recorded of CASES) {
      device.receive(hex(recorded.send))
      clock.advance(1000)
      const [reply = new Uint8Array(), ...more] = replies.splice(0)
      expect([recorded.name, judgeReply(recorded, reply), more]).toEqual([recorded.name, undefined, []])
    }
    expect(device.counters).toMatchObject({ exchanges: 248, noiseBytes: 4, droppedBytes: 0 })
  })

  it('are answered alike over a pseudo-terminal, to a real serial port', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'tezio-sim-'))
    const device = createSimulatedTezio({ keys: TEST_KEYS })
    const terminal = openPseudoTerminal({ device, link: join(directory, 'port') })
    try {
      const port = await openPort(terminal.path)
      for (const recorded of CASES) {
        const reply = await exchange(port, hex(recorded.send), hex(recorded.reply).length)
        expect([recorded.name, judgeReply(recorded, reply)]).toEqual([recorded.name, undefined])
      }
      await new Promise((resolve) => {
        port.close(resolve)
      })
    } finally {
      terminal.close()
      rmSync(directory, { recursive: true })
    }
    expect(device.counters.bytesOut).toBe(CASES.reduce((sum, { reply }) => sum + reply.length / 2, 0))
  })

  it('differ on the fixed profile only where a surprise was repaired', () => {
    const { device, clock, replies } = bench({ profile: 'fixed' })
    const differing: string[] = []
    for (const recorded of CASES) {
      device.receive(hex(recorded.send))
      clock.advance(1000)
      const [reply = new Uint8Array()] = replies.splice(0)
      if (!isAlike(recorded, reply)) differing.push(recorded.name)
    }
    const repaired =
      /mode [12]( prehashed| with 3[13] bytes)|magic 0x(14|20|35|80)$|level (1000000|999999|1000001|999995) round|same attestation again|other chain|prefix|declared longer/
    expect(differing.filter((name) => !repaired.test(name))).toEqual([])
    expect(differing.length).toBeGreaterThan(30)
  })
})

function isAlike(recorded: (typeof CASES)[number], reply: Uint8Array): boolean {
  try {
    return judgeReply(recorded, reply) === undefined
  } catch {
    return equalBytes(reply, hex(recorded.reply))
  }
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

async function exchange(port: SerialPort, command: Uint8Array, size: number): Promise<Uint8Array> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = []
    const onData = (chunk: Buffer) => {
      chunks.push(chunk)
      const whole = Buffer.concat(chunks)
      if (whole.length < size) return
      port.off('data', onData)
      resolve(whole)
    }
    port.on('data', onData)
    port.write(Buffer.from(command))
  })
}
