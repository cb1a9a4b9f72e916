import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, type TestContext } from 'vitest'
import { INSTALL_TIMEOUT_MS, whyMissing } from '../debian-package.js'
import { endProcess, ROOT, startSimulator } from './started-simulator.js'

const PYTHON = '/usr/bin/python3'

/** Why there is no Python with pyserial; empty when there is one. */
let missing = ''
let directory: string
let simulator: ChildProcess | undefined

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'tezio-python-'))
  missing = whyMissing('python3-serial')
}, INSTALL_TIMEOUT_MS)

afterAll(async () => {
  await endProcess(simulator)
  rmSync(directory, { recursive: true })
})

async function runClient(context: TestContext, profile: string) {
  context.skip(missing !== '', missing)
  const link = join(directory, profile)
  simulator = await startSimulator('--link', link, '--profile', profile)
  const client = spawn(PYTHON, [join(ROOT, 'hw-sim/examples/client.py'), link])
  let out = ''
  let err = ''
  client.stdout.on('data', (text: Buffer) => (out += text.toString()))
  client.stderr.on('data', (text: Buffer) => (err += text.toString()))
  const [code] = (await once(client, 'close')) as [number | null]
  await endProcess(simulator)
  return { code, lines: out.split('\n'), err }
}

describe('a program in another language, written from docs/protocol.md alone', () => {
  it('reads all keys, signs, verifies, and is refused as documented', async (context) => {
    const { code, lines, err } = await runClient(context, 'stock')
    expect([code, err]).toEqual([0, ''])
    expect(lines.filter((line) => line.startsWith('key '))).toHaveLength(4)
    expect(lines.filter((line) => line.startsWith('signed '))).toHaveLength(4)
    expect(lines.filter((line) => line.startsWith('refused '))).toEqual([
      expect.stringMatching(/: 0xB8$/),
      expect.stringMatching(/: 0xD4$/),
      expect.stringMatching(/: 0xD4$/),
      expect.stringMatching(/: 0xA7$/),
      expect.stringMatching(/: 0xA2$/),
    ])
  }, 60_000)

  it('notices a device that does not do what is documented', async (context) => {
    const { code, err } = await runClient(context, 'fixed')
    expect([code, err]).toEqual([1, expect.stringContaining('expected the refusal 0xD4, got a3')])
  }, 60_000)
})
