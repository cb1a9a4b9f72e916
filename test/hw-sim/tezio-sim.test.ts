import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { SerialPort } from 'serialport'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { EXIT, simulate } from '../../hw-sim/cli/simulate.js'
import { encodeCommand, joinBody, MODE, OPCODE } from '../../src/device/tezio/index.js'
import { GET_PK, GET_PK_REPLY, hex, vote } from './bench.js'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

const SECRETS = {
  auth: '6f1b0c1c2d3e4f5061728394a5b6c7d8e9fa0b1c2d3e4f506172839405162701',
  ed25519: '3c4b0c1c2d3e4f5061728394a5b6c7d8e9fa0b1c2d3e4f506172839405162704',
  secp256k1: '4d3b0c1c2d3e4f5061728394a5b6c7d8e9fa0b1c2d3e4f506172839405162703',
  p256: '5e2b0c1c2d3e4f5061728394a5b6c7d8e9fa0b1c2d3e4f506172839405162702',
}

let directory: string
let link: string
let keys: string

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tezio-sim-'))
  link = join(directory, 'port')
  keys = join(directory, 'keys.json')
  writeFileSync(keys, JSON.stringify(SECRETS))
})

afterEach(() => {
  rmSync(directory, { recursive: true })
})

/** Runs the command in this process until its port is ready, lets `use` work with it, and stops it. */
async function runUntilStopped(argv: readonly string[], use: (path: string) => Promise<void> | void) {
  const stop = new AbortController()
  const out: string[] = []
  const err: string[] = []
  let done: Promise<void> | undefined
  const print = (line: string) => {
    out.push(line)
    if (!line.startsWith('ready ')) return
    done = Promise.resolve(use(line.slice('ready '.length))).finally(() => {
      stop.abort()
    })
  }
  const code = await simulate(argv, { print, warn: (line) => err.push(line), stop: stop.signal })
  await done
  return { code, out, err }
}

async function ask(path: string, command = GET_PK): Promise<Uint8Array> {
  const port = new SerialPort({ path, baudRate: 57600, autoOpen: false })
  await new Promise<void>((resolve, reject) => {
    port.open((error) => {
      if (error === null) resolve()
      else reject(error)
    })
  })
  const data = new Promise<Buffer>((resolve) => {
    port.once('data', resolve)
  })
  port.write(Buffer.from(command))
  const reply = new Uint8Array(await data)
  await new Promise((resolve) => {
    port.close(resolve)
  })
  return reply
}

describe('tezio-sim', () => {
  it('says that the device is simulated and which addresses it has, then that the port is ready', async () => {
    const { code, out, err } = await runUntilStopped(['--link', link, '--keys', keys], async (path) => {
      expect(await ask(path)).toEqual(GET_PK_REPLY)
    })
    expect(out).toEqual([
      'SIMULATED Tezio HSM, profile stock, latency zero',
      'auth      tz3QaGkVCH9iVy4Rh7fQJobiQnc4yJpQKoMJ',
      'ed25519   tz1it3gNAe5nLjY6iqMNrmqFyWEL9p6GwSrv',
      'secp256k1 tz2F8DfsecohZ6QuBk2tPc2svRRgpN3hg9Vx',
      'p256      tz3g4AnLYCcGY5sQvk6m2bxfBGFfXx4c1HfJ',
      `ready ${link}`,
    ])
    expect(err).toEqual([expect.stringMatching(/^warning: .*nothing protects the secrets here$/)])
    expect([code, existsSync(link)]).toEqual([EXIT.ok, false])
  })

  it('has new keys at each start, no warning and a terminal of its own without options', async () => {
    const first = await runUntilStopped([], async (path) => {
      expect(path).toMatch(/^\/dev\//)
      expect(await ask(path)).toHaveLength(GET_PK_REPLY.length)
    })
    const second = await runUntilStopped(
      ['--random', '--profile', 'fixed', '--latency', 'board'],
      () => undefined,
    )
    expect(second.out[0]).toBe('SIMULATED Tezio HSM, profile fixed, latency board')
    expect(first.out.slice(1, 5)).not.toEqual(second.out.slice(1, 5))
    expect([first.err, second.err, first.code, second.code]).toEqual([[], [], 0, 0])
  })

  it('takes its keys from a mnemonic', async () => {
    const file = join(directory, 'words')
    writeFileSync(
      file,
      'mule wise online wear hair sign wife media calm arctic diet tip special quarter season swarm robust apart other whale broken pistol hunt egg\n',
    )
    const { out } = await runUntilStopped(['--mnemonic-file', file], () => undefined)
    expect(out[2]).toBe('ed25519   tz1RecHxwZJmZY4dypq2KmvxKYgUBGJceH1v')
  })

  it('traces each exchange, without payloads', async () => {
    const { err } = await runUntilStopped(['--link', link, '--keys', keys, '--trace'], async (path) => {
      await ask(path)
      await ask(path, encodeCommand(joinBody(signing(3, vote(0x13, 5, 0)))))
      await ask(path, encodeCommand(joinBody(signing(3, vote(0x13, 5, 0)))))
      await ask(path, encodeCommand(joinBody({ opcode: 0x99 })))
      await ask(path, hex('0307001101023387'))
    })
    expect(err.slice(1).map((line) => line.replace(/\d+ us$/, 'N us'))).toEqual([
      '#1 GET_PK ed25519 compressed -> 32 B, N us',
      '#2 SIGN p256 messageRaw 0x13 attestation 80 B -> 64 B, N us',
      '#3 SIGN p256 messageRaw 0x13 attestation 80 B -> refused packet-parsed (0xd4), N us',
      '#4 opcode 0x99 -> refused opcode-unknown (0xa2), N us',
      '#5 packet of 7 B -> refused checksum-wrong (0xa7), N us',
    ])
  })

  it.each([
    ['an unknown option', ['--what'], EXIT.usage, 'unknown option'],
    ['an argument', ['extra'], EXIT.usage, 'too many arguments'],
    ['an unknown profile', ['--profile', 'x'], EXIT.usage, 'Allowed choices are stock, fixed'],
    ['an unknown latency', ['--latency', 'x'], EXIT.usage, 'Allowed choices are zero, board'],
    ['two sources of keys', ['--keys', 'a', '--random'], EXIT.usage, 'cannot be used with'],
    ['two files of keys', ['--keys', 'a', '--mnemonic-file', 'b'], EXIT.usage, 'cannot be used with'],
    ['a file that is not there', ['--keys', '/nonexistent'], EXIT.io, 'ENOENT'],
    ['a link that cannot be made', ['--link', '/nonexistent/port'], EXIT.io, 'cannot make the link'],
  ])('refuses %s', async (_, argv, expected, message) => {
    const { code, out, err } = await runUntilStopped(argv, () => undefined)
    expect([code, out]).toEqual([expected, []])
    expect(err.join()).toContain(message)
  })

  it('refuses bad keys, naming the file and not the secret', async () => {
    writeFileSync(keys, JSON.stringify({ ...SECRETS, p256: `${SECRETS.p256}00` }))
    const { code, err } = await runUntilStopped(['--keys', keys], () => undefined)
    expect([code, err]).toEqual([EXIT.config, [`error: ${keys}: p256: expected 32 bytes as 64 hex digits`]])
  })

  it('helps', async () => {
    const { code, out } = await runUntilStopped(['--help'], () => undefined)
    expect(code).toBe(EXIT.ok)
    expect(out.join()).toContain('--link <path>')
  })
})

const signing = (alias: number, data: Uint8Array) => ({
  opcode: OPCODE.sign,
  param1: alias,
  param2: MODE.messageRaw,
  param3: 0,
  data,
})

describe('the tezio-sim program', () => {
  let built: string

  beforeAll(() => {
    built = mkdtempSync(join(tmpdir(), 'tezio-sim-build-'))
    symlinkSync(join(ROOT, 'node_modules'), join(built, 'node_modules'))
    writeFileSync(join(built, 'package.json'), '{ "type": "module" }')
    const project = {
      extends: join(ROOT, 'tsconfig.json'),
      compilerOptions: { rootDir: ROOT, outDir: join(built, 'dist'), noCheck: true },
      files: [join(ROOT, 'hw-sim/cli/main.ts')],
      include: [],
    }
    writeFileSync(join(built, 'tsconfig.json'), JSON.stringify(project))
    const tsc = join(ROOT, 'node_modules/typescript/bin/tsc')
    const { status, stdout } = spawnSync(process.execPath, [tsc, '-p', built], { encoding: 'utf8' })
    expect([status, stdout]).toEqual([0, ''])
  }, 60_000)

  afterAll(() => {
    rmSync(built, { recursive: true })
  })

  it.each(['SIGTERM', 'SIGINT'] as const)('removes its link and exits 0 on %s', async (signal) => {
    const main = join(built, 'dist/hw-sim/cli/main.js')
    const child = spawn(process.execPath, [main, '--link', link], { stdio: ['ignore', 'pipe', 'inherit'] })
    const exited = new Promise<number | null>((resolve) => {
      child.once('exit', resolve)
    })
    for await (const line of createInterface(child.stdout)) {
      if (!line.startsWith('ready ')) continue
      expect(line).toBe(`ready ${link}`)
      expect(await ask(link)).toHaveLength(GET_PK_REPLY.length)
      child.kill(signal)
    }
    expect(await exited).toBe(0)
    expect(existsSync(link)).toBe(false)
  })
})
