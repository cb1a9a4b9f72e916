import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { runCli } from '../../src/cli/program.js'
import { DIST, endProcess, startSimulator } from '../hw-sim/started-simulator.js'

const WORDS =
  'mule wise online wear hair sign wife media calm arctic diet tip special quarter season swarm robust apart other whale broken pistol hunt egg'
const ADDRESSES = [
  'tz1RecHxwZJmZY4dypq2KmvxKYgUBGJceH1v',
  'tz2Dy8HhPZZqmxVK5hE8Unc66fiWvqY8wFXN',
  'tz3MyarJihHrejsze59J2Seita7jYWDCJDPe',
]
const CONFIRM = 'Confirm (Y/n)'

let directory: string
let link: string
let children: ChildProcess[]

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tezio-console-'))
  link = join(directory, 'port')
  children = []
})

afterEach(async () => {
  for (const child of children) await endProcess(child)
  rmSync(directory, { recursive: true })
})

/** The sketch on a simulated board. */
async function plugInSketch(): Promise<ChildProcess> {
  const child = await startSimulator('--provision', '--link', link)
  children.push(child)
  return child
}

/** The console in its own process, with every line it has printed. */
function openConsole(...options: readonly string[]) {
  const args = [join(DIST, 'src/cli/main.js'), 'console', '--port', link, ...options]
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'pipe'] })
  children.push(child)
  const lines: string[] = []
  const errors: string[] = []
  let wake: () => void = () => undefined
  createInterface({ input: child.stdout }).on('line', (line) => {
    lines.push(line)
    wake()
  })
  createInterface({ input: child.stderr }).on('line', (line) => errors.push(line))
  let read = 0
  /** Waits for a line that has not been waited for yet. */
  const until = async (wanted: string) => {
    for (;;) {
      const at = lines.indexOf(wanted, read)
      if (at !== -1) {
        read = at + 1
        return
      }
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    }
  }
  const answer = async (prompt: string, text: string) => {
    await until(prompt)
    child.stdin.write(`${text}\n`)
  }
  const exited = once(child, 'close').then(([code]) => code as number | null)
  return { child, lines, errors, until, answer, exited }
}

describe('a provisioning over a terminal', () => {
  it('is rehearsed from the first question to the addresses, with the words masked in the transcript', async () => {
    await plugInSketch()
    const transcript = join(directory, 'transcript')
    const { answer, until, lines, child, exited } = openConsole('--transcript', transcript)
    await answer(CONFIRM, 'n')
    await answer(CONFIRM, 'Y')
    await answer(CONFIRM, 'n')
    for (const [index, word] of WORDS.split(' ').entries()) {
      await answer(`Word ${index + 1}:`, word)
      await answer(CONFIRM, 'Y')
    }
    await answer(CONFIRM, 'Y')
    await answer(CONFIRM, 'Y')
    for (const address of ADDRESSES) await until(address)
    child.stdin.end()
    expect(await exited).toBe(0)
    expect(lines).toContain('Entered: arctic')

    const text = readFileSync(transcript, 'utf8')
    expect(statSync(transcript).mode & 0o777).toBe(0o600)
    for (const address of ADDRESSES) expect(text).toContain(`< ${address}\n`)
    for (const word of WORDS.split(' ').filter((word) => word !== 'sign')) {
      expect(text).not.toMatch(new RegExp(`\\b${word}\\b`))
    }
    expect(text.match(/^> \*\*\*$/gm)).toHaveLength(24)
    expect(text).not.toContain('p2sk')
    expect(lines.some((line) => line.startsWith('p2sk'))).toBe(true)
  }, 60_000)

  it('shows a new mnemonic on the screen, and in the transcript only when asked to', async () => {
    await plugInSketch()
    const transcript = join(directory, 'transcript')
    const { answer, until, lines, child, exited } = openConsole('--transcript', transcript, '--show-secrets')
    await answer(CONFIRM, 'n')
    await answer(CONFIRM, 'Y')
    await answer(CONFIRM, 'Y')
    await until('Ready to continue?')
    child.stdin.end()
    expect(await exited).toBe(0)
    const words = lines.find((line) => /^(?:[a-z]+ ){23}[a-z]+$/.test(line))
    expect(readFileSync(transcript, 'utf8')).toContain(`< ${words}\n`)
  }, 60_000)
})

describe('the end', () => {
  it('is 69 when the port goes away, and says so', async () => {
    const sketch = await plugInSketch()
    const { until, errors, exited } = openConsole()
    await until(CONFIRM)
    sketch.kill('SIGTERM')
    expect(await exited).toBe(69)
    expect(errors.at(-1)).toContain(`${link} is gone`)
  }, 60_000)

  it('is 0 at once when nothing is typed (Ctrl-D)', async () => {
    await plugInSketch()
    const { child, exited } = openConsole()
    child.stdin.end()
    expect(await exited).toBe(0)
  }, 60_000)
})

describe('tezio-bridge console', () => {
  const run = async (...args: readonly string[]) => {
    const said: string[] = []
    const say = (text: string) => {
      said.push(text)
    }
    return { code: await runCli(['console', ...args], { out: say, err: say }), said: said.join('') }
  }

  it.each([
    ['no port', [], 64, '--port'],
    [
      '1200 baud, which resets a board into its bootloader',
      ['--port', 'x', '--baud', '1200'],
      64,
      '57600 or 9600',
    ],
    ['a port that is not there', ['--port', '/nonexistent/port'], 69, 'no such port'],
  ] as const)('refuses %s', async (_, args, code, message) => {
    const result = await run(...args)
    expect([result.code, result.said]).toEqual([code, expect.stringContaining(message)])
  })

  it('never writes to a transcript that exists, whoever may read it', async () => {
    const file = join(directory, 'transcript')
    writeFileSync(file, 'kept', { mode: 0o644 })
    const { code, said } = await run('--port', '/nonexistent/port', '--transcript', file)
    expect([code, said]).toEqual([74, expect.stringContaining('EEXIST')])
    expect(readFileSync(file, 'utf8')).toBe('kept')
  })
})
