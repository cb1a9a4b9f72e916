import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseLatencyFile } from '../../hw-sim/index.js'
import { DIST, ROOT } from './started-simulator.js'

const README = join(ROOT, 'hw-sim/README.md')
const PROVISIONING = join(ROOT, 'docs/provisioning.md')
const hasPythonSerial = spawnSync('/usr/bin/python3', ['-c', 'import serial']).status === 0

/** The fenced blocks of a page whose info string begins so, in their order. */
function blocks(file: string, info: string): readonly { readonly info: string; readonly text: string }[] {
  const fenced = readFileSync(file, 'utf8').matchAll(/^```([^\n]+)\n([\s\S]*?)^```$/gm)
  return [...fenced]
    .map(([, found = '', text = '']) => ({ info: found, text }))
    .filter((block) => block.info === info || block.info.startsWith(`${info} `))
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // all of it has ended already
  }
}

let folder: string

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tezio-readme-'))
  symlinkSync(join(ROOT, 'hw-sim'), join(folder, 'hw-sim'))
  for (const name of ['bin', 'node_modules']) mkdirSync(join(folder, name))
  const programs = { 'tezio-sim': 'hw-sim/cli/main.js', 'tezio-bridge': 'src/cli/main.js' }
  for (const [name, file] of Object.entries(programs)) {
    writeFileSync(
      join(folder, 'bin', name),
      `#!/bin/sh\nexec '${process.execPath}' '${join(DIST, file)}' "$@"\n`,
    )
    chmodSync(join(folder, 'bin', name), 0o755)
  }
  symlinkSync(ROOT, join(folder, 'node_modules/tezio-bridge'))
  symlinkSync(join(ROOT, 'node_modules/@serialport'), join(folder, 'node_modules/@serialport'))
})

afterAll(() => {
  rmSync(folder, { recursive: true })
})

describe('the commands of hw-sim/README.md', () => {
  it('do what the page says, in their order', async () => {
    const found = blocks(README, 'sh runs')
    const run = found.filter(({ info }) => hasPythonSerial || !info.endsWith('python'))
    expect(found.length).toBeGreaterThan(6)
    const script = ['set -eu', ...run.map(({ text }, index) => `echo "## block ${index + 1}"\n${text}`)].join(
      '\n',
    )
    const env = { ...process.env, PATH: `${join(folder, 'bin')}:${process.env['PATH'] ?? ''}` }
    const shell = spawn('sh', ['-c', script], { cwd: folder, env, detached: true })
    const end = setTimeout(() => {
      killGroup(shell.pid!)
    }, 60_000)
    let said = ''
    for (const stream of [shell.stdout, shell.stderr])
      stream.on('data', (text: Buffer) => (said += text.toString()))
    shell.once('exit', (code) => {
      if (code !== 0) killGroup(shell.pid!) // the simulator as well: it holds the pipes
    })
    const [code] = (await once(shell, 'close')) as [number | null]
    clearTimeout(end)
    expect([code, said]).toEqual([0, expect.stringContaining(`## block ${run.length}`)])
    for (const line of ['SIMULATED', 'ready ./tezio', 'late-reply', 'teaches:', '\nCONFORMING: ']) {
      expect(said).toContain(line)
    }
    expect(existsSync(join(folder, 'report.json'))).toBe(true)
  }, 120_000)

  it('leave out the client in Python only where there is no pyserial', (context) => {
    context.skip(!hasPythonSerial, 'python3-serial is not installed')
    expect(blocks(README, 'sh runs python')).toHaveLength(1)
  })
})

describe('the code of hw-sim/README.md', () => {
  it('runs against the package as it is imported', () => {
    for (const { text } of blocks(README, 'ts runs')) {
      const file = join(folder, 'example.mjs')
      writeFileSync(file, text)
      const { status, stdout, stderr } = spawnSync(process.execPath, [file], { encoding: 'utf8' })
      expect([status, stderr]).toEqual([0, ''])
      expect(stdout).toContain('drop-reply')
    }
    expect(blocks(README, 'ts runs').length).toBeGreaterThan(0)
  })

  it('is a latency file that is accepted', () => {
    const [file] = blocks(README, 'yaml')
    expect(parseLatencyFile(file?.text ?? '', 'README.md').name).toBe('README')
  })
})

describe.each([README, PROVISIONING])('the paths in %s', (file) => {
  it('are there', () => {
    const text = readFileSync(file, 'utf8')
    const linked = [...text.matchAll(/\]\(([^)#:]+)\)/g)].map(([, path = '']) => join(dirname(file), path))
    const named = [...text.matchAll(/`((?:docs|hw-sim|src|test)\/[\w./-]+)`/g)].map(([, path = '']) =>
      join(ROOT, path),
    )
    // the protocol's page belongs to the project, and may come later than this one
    const wanted = [...linked, ...named].filter((path) => !path.endsWith('docs/protocol.md'))
    expect(wanted.filter((path) => !existsSync(path))).toEqual([])
  })
})

describe('docs/provisioning.md', () => {
  it('names the questions, headings and errors that the dialogue has', () => {
    const dialogue = readFileSync(join(ROOT, 'hw-sim/provision/dialogue.ts'), 'utf8')
    const quoted = [
      ...readFileSync(PROVISIONING, 'utf8').matchAll(
        /`((?:--|ERROR:|SIMULATED:|Confirm|Ready|Ignoring)[^`]+)`/g,
      ),
    ]
    const lines = quoted.map(([, line = '']) => line).filter((line) => !/^--[a-z]/.test(line))
    expect(lines.length).toBeGreaterThan(10)
    expect(lines.filter((line) => !dialogue.includes(line.replaceAll("'", "\\'")))).toEqual([])
  })
})
