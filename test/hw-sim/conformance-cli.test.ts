import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  connectInProcess,
  createSimulatedTezio,
  judgeDevice,
  ManualClock,
  openPseudoTerminal,
  openSerialExchanger,
  PortUnavailableError,
  type PseudoTerminal,
  type SimulatedTezio,
} from '../../hw-sim/index.js'
import { encodeCommand, encodeFrame, joinBody, MODE, OPCODE } from '../../src/device/tezio/index.js'
import { runCli } from '../../src/cli/program.js'
import { bodyOf, TEST_KEYS, vote } from './bench.js'

const PROGRAM = fileURLToPath(new URL('../../dist/src/cli/main.js', import.meta.url))
const RUN_MS = 60_000

let folder: string
let device: SimulatedTezio
let terminal: PseudoTerminal

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tezio-conformance-'))
  device = createSimulatedTezio({ keys: TEST_KEYS })
  terminal = openPseudoTerminal({ device, link: join(folder, 'port') })
})

afterEach(() => {
  terminal.close()
  rmSync(folder, { recursive: true })
})

/** Runs the compiled program; the device it judges is in this process. */
async function program(...args: readonly string[]) {
  const child = spawn(process.execPath, [PROGRAM, 'conformance', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let out = ''
  let err = ''
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()))
  const code = await new Promise<number | null>((resolve) => {
    child.once('close', resolve)
  })
  return { code, out, err }
}

async function inProcess(...args: readonly string[]) {
  let err = ''
  const output = { out: () => undefined, err: (text: string) => void (err += text) }
  return { code: await runCli(['conformance', ...args], output), err }
}

describe('tezio-bridge conformance', () => {
  it(
    'finds that the simulated device conforms, and leaves its marks alone',
    async () => {
      const data = vote(0x13, 7, 1)
      device.receive(
        encodeCommand(joinBody({ opcode: OPCODE.sign, param1: 3, param2: MODE.messageRaw, param3: 0, data })),
      )
      const before = device.marks()
      const [json, junit] = [join(folder, 'report.json'), join(folder, 'report.xml')]
      const { code, out, err } = await program(
        '--port',
        terminal.path,
        '--samples',
        '2',
        '--json',
        json,
        '--junit',
        junit,
      )
      expect([code, err]).toEqual([0, ''])
      expect(out).toMatch(/^Judging the device on .*\n\nok {8}link\.quiet/)
      expect(out).toMatch(
        /Left out\n {2}raises watermarks: run with --destructive\n {4}watermarks\.separate\n/,
      )
      expect(out).toMatch(/\nCONFORMING: 81 of 99 checks passed, none failed\n$/)
      expect([before.length, device.marks()]).toEqual([1, before])
      const report: unknown = JSON.parse(readFileSync(json, 'utf8'))
      expect(report).toMatchObject({ port: terminal.path, format: 'tezio-conformance-1', conforming: true })
      expect(readFileSync(junit, 'utf8')).toMatch(
        /^<\?xml[^]*<testsuites [^>]*failures="0"[^]*<\/testsuites>\n$/,
      )
    },
    RUN_MS,
  )

  it(
    'finds that another does not, and tells by which checks',
    async () => {
      device.addBehaviour({
        name: 'VERIFY is always content',
        apply: (actions, { exchange }) =>
          actions.map((action) =>
            action.kind === 'write' && exchange.name === 'VERIFY' && bodyOf(action.bytes)[0] === 0
              ? { ...action, bytes: encodeFrame(Uint8Array.of(1)) }
              : action,
          ),
      })
      const { code, out } = await program(
        '--port',
        terminal.path,
        '--samples',
        '1',
        '--destructive',
        '--from-level',
        '40',
      )
      expect(code).toBe(1)
      expect(out).toContain('FAILED    verify.bad.auth: ')
      expect(out).toMatch(
        /\nNOT CONFORMING: 4 of 99 checks failed: verify\.bad\.auth, verify\.bad\.ed25519, verify\.bad\.secp256k1, verify\.bad\.p256\n$/,
      )
      expect(device.marks().map(({ level }) => level)).toContain(42)
    },
    RUN_MS,
  )

  it('exits with 69 when the port is not available', async () => {
    const { code, err } = await inProcess('--port', join(folder, 'nothing'))
    expect(code).toBe(69)
    expect(err).toContain(join(folder, 'nothing'))
  })

  it.each([
    ['no port', [], "required option '--port <path>'"],
    ['no samples', ['--port', 'x', '--samples', '0'], 'a whole number from 1 to 1000 expected'],
    ['too many samples', ['--port', 'x', '--samples', '1001'], 'a whole number from 1 to 1000 expected'],
    ['a level that is none', ['--port', 'x', '--destructive', '--from-level', '1e3'], 'whole number'],
    ['a level without need', ['--port', 'x', '--from-level', '5'], '--from-level needs --destructive'],
    ['an unknown option', ['--port', 'x', '--harmless'], 'unknown option'],
  ])('exits with 64 for %s', async (_, args, message) => {
    const { code, err } = await inProcess(...args)
    expect([code, err]).toEqual([64, expect.stringContaining(message)])
  })

  it('exits with 74 when a report cannot be written, before anything is asked', async () => {
    const json = join(folder, 'nowhere', 'report.json')
    const { code, err } = await inProcess('--port', terminal.path, '--json', json)
    expect([code, err]).toEqual([74, expect.stringContaining('ENOENT')])
    expect(device.counters.bytesIn).toBe(0)
  })
})

it('docs/conformance.md names every option and every group of checks', async () => {
  const page = readFileSync(fileURLToPath(new URL('../../docs/conformance.md', import.meta.url)), 'utf8')
  let help = ''
  await runCli(['conformance', '--help'], { out: (text) => void (help += text), err: () => undefined })
  const own = help.split('Global Options:')[0] ?? ''
  const options = [...own.matchAll(/^ {2}(--[a-z-]+)/gm)].map(([, option = '']) => option)
  expect(options).toHaveLength(7)
  expect(options.filter((option) => !page.includes(`\`${option}`))).toEqual([])
  const clock = new ManualClock()
  const standing = createSimulatedTezio({ keys: TEST_KEYS, clock })
  const { checks } = await judgeDevice(connectInProcess(standing, clock), { totalLimitMs: 1 })
  const groups = new Set(checks.map(({ id }) => id.split('.')[0]!))
  expect([...groups].filter((group) => !page.includes(`\`${group}.`))).toEqual([])
})

describe('the port', () => {
  it('that is unplugged ends the run, in which that check has failed', async () => {
    const cable = await openSerialExchanger(terminal.path)
    const report = await judgeDevice(cable, {
      onCheck: ({ id }) => {
        if (id === 'keys.raw.auth') terminal.unplug()
      },
    })
    await cable.close()
    expect(report.conforming).toBe(false)
    expect(report.stopped).toMatch(/lost|not open|unanswered/)
    expect(report.checks.filter(({ verdict }) => verdict === 'failed').map(({ id }) => id)).toContain(
      'keys.raw.ed25519',
    )
  })

  it('that another has open is not available', async () => {
    const cable = await openSerialExchanger(terminal.path)
    await expect(openSerialExchanger(terminal.path)).rejects.toThrow(PortUnavailableError)
    await cable.close()
  })
})
