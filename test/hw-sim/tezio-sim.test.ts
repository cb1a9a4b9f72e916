import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { ReadlineParser } from '@serialport/parser-readline'
import type { SerialPort } from 'serialport'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { EXIT, simulate } from '../../hw-sim/cli/simulate.js'
import { encodeCommand, joinBody, MODE, OPCODE } from '../../src/device/tezio/index.js'
import { FAULTS } from '../../hw-sim/index.js'
import { parseTcpAddress } from '../../hw-sim/cli/device-plan.js'
import { openTcpLink } from '../../hw-sim/cli/replay-link.js'
import { GET_PK, GET_PK_REPLY, hex, vote } from './bench.js'
import { ask, closePort, openPort, runCommand, SECRETS, whileRunning } from './tezio-sim-support.js'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

const LATENCY = `get_pk: { median_ms: 1 }
get_pk_address: { median_ms: 1 }
sign:
  auth: { median_ms: 1 }
  ed25519: { median_ms: 1 }
  secp256k1: { median_ms: 1 }
  p256: { median_ms: 1 }
verify: { median_ms: 1 }
`

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
    expect(err[1]).toBe('SIMULATED Tezio HSM: trace, in = host to device, out = device to host')
    expect(err.slice(2).map((line) => line.replace(/\d+ us$/, 'N us'))).toEqual([
      '#1 in GET_PK ed25519 compressed -> out 32 B, N us',
      '#2 in SIGN p256 messageRaw 0x13 malformed read as level 5 round 0 80 B -> out 64 B, N us',
      '#3 in SIGN p256 messageRaw 0x13 malformed read as level 5 round 0 80 B -> out refused packet-parsed (0xd4), N us',
      '#4 in opcode 0x99 -> out refused opcode-unknown (0xa2), N us',
      '#5 in packet of 7 B -> out refused checksum-wrong (0xa7), N us',
    ])
  })

  it('adds the bytes with --hex', async () => {
    const { err } = await runUntilStopped(['--keys', keys, '--hex'], async (path) => {
      await ask(path)
    })
    expect(err[3]).toBe('  in  0000  03 07 00 11 01 02 33 86                          ......3.')
    expect(err).toHaveLength(7)
  })

  it('takes a latency from a file', async () => {
    const file = join(directory, 'latency.yaml')
    writeFileSync(file, LATENCY)
    const { out, code } = await runUntilStopped(['--latency', file], () => undefined)
    expect([out[0], code]).toEqual([`SIMULATED Tezio HSM, profile stock, latency ${file}`, EXIT.ok])
    writeFileSync(file, 'nothing: of the kind')
    expect((await runUntilStopped(['--latency', file], () => undefined)).code).toBe(EXIT.config)
  })

  it('plays a scenario, and refuses one that is none by its place', async () => {
    const file = join(directory, 'day.yaml')
    writeFileSync(file, 'nothing: of the kind\n')
    const { code, err } = await runUntilStopped(['--scenario', file], () => undefined)
    writeFileSync(file, 'teaches: What a TCP port cannot do.\nsteps:\n  - do: zero-read-storm\n')
    const onTcp = await runUntilStopped(['--scenario', file, '--tcp', '127.0.0.1:0'], () => undefined)
    expect([onTcp.code, onTcp.out]).toEqual([EXIT.config, []])
    const day = join(ROOT, 'hw-sim/scenarios/chatty-firmware.yaml')
    const argv = ['--scenario', day, '--keys', keys]
    await runUntilStopped(argv, async (path) => {
      expect(new TextDecoder().decode(await ask(path))).toMatch(/^debug: /)
    })
    expect([code, err.join()]).toEqual([EXIT.config, expect.stringContaining(`${file}:`)])
  })

  it.each([
    ['an unknown option', ['--what'], EXIT.usage, 'unknown option'],
    ['an argument', ['extra'], EXIT.usage, 'too many arguments'],
    ['an unknown profile', ['--profile', 'x'], EXIT.usage, 'Allowed choices are stock, fixed, eth'],
    ['an Ethereum policy for a stock device', ['--eth-policy', 'x'], EXIT.usage, 'needs profile eth'],
    ['the same by --device', ['--device', 'eth-policy=x,profile=fixed'], EXIT.usage, 'needs profile eth'],
    ['an Ethereum policy beside --device', ['--device', 'name=a', '--eth-policy', 'x'], EXIT.usage, 'with'],
    ['an unknown latency', ['--latency', 'x'], EXIT.usage, 'Allowed choices are zero, board'],
    ['two sources of keys', ['--keys', 'a', '--random'], EXIT.usage, 'cannot be used with'],
    ['two files of keys', ['--keys', 'a', '--mnemonic-file', 'b'], EXIT.usage, 'cannot be used with'],
    ['a file that is not there', ['--keys', '/nonexistent'], EXIT.io, 'ENOENT'],
    ['a TCP address that others reach', ['--tcp', '0.0.0.0:0'], EXIT.usage, '--tcp-any'],
    ['a link and a TCP port', ['--tcp', '127.0.0.1:0', '--link', 'x'], EXIT.usage, 'cannot be used with'],
    ['a device with plain options', ['--device', 'name=a', '--keys', 'x'], EXIT.usage, 'cannot be used with'],
    ['an unknown field', ['--device', 'nam=a'], EXIT.usage, 'KEY=VALUE expected'],
    ['a field given twice', ['--device', 'name=a,name=b'], EXIT.usage, 'given twice'],
    ['two devices of one name', ['--device', 'name=a', '--device', 'name=a'], EXIT.usage, 'the name a'],
    ['two devices on one link', ['--device', 'link=l', '--device', 'link=l'], EXIT.usage, 'the link l'],
    ['a bad name', ['--device', 'name=a/b'], EXIT.usage, 'letters'],
    ['two sources of one device', ['--device', 'keys=a,mnemonic-file=b'], EXIT.usage, 'cannot be used with'],
    ['two cables of one device', ['--device', 'link=a,tcp=127.0.0.1:0'], EXIT.usage, 'one cable'],
    ['keys for provisioning', ['--provision', '--keys', 'a'], EXIT.usage, 'cannot be used with'],
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

describe('several devices', () => {
  it('run side by side, each with its own keys, profile and port', async () => {
    const spec = `name=left,link=${link},keys=${keys},profile=fixed`
    const argv = ['--device', spec, '--device', 'name=right,tcp=127.0.0.1:0', '--trace']
    const { code, out, err } = await whileRunning(
      argv,
      async ([left, right]) => {
        expect(left).toBe(link)
        expect(await ask(link)).toEqual(GET_PK_REPLY)
        const { link: cable, close } = await openTcpLink(parseTcpAddress(right!.slice('tcp '.length), false))
        const heard = new Promise<Uint8Array>((resolve) => {
          cable.onBytes(resolve)
        })
        await cable.send(GET_PK)
        const reply = await heard
        expect(reply).toHaveLength(GET_PK_REPLY.length)
        expect(new Uint8Array(reply)).not.toEqual(GET_PK_REPLY)
        await close()
      },
      2,
    )
    expect(out.filter((line) => line.startsWith('SIMULATED'))).toEqual([
      'SIMULATED Tezio HSM left, profile fixed, latency zero',
      'SIMULATED Tezio HSM right, profile stock, latency zero',
    ])
    expect(err.filter((line) => line.includes('#')).map((line) => line.split(' ->')[0])).toEqual([
      'left #1 in GET_PK ed25519 compressed',
      'right #1 in GET_PK ed25519 compressed',
    ])
    expect([code, existsSync(link)]).toEqual([EXIT.ok, false])
  })

  it('are closed again when one of them cannot be opened', async () => {
    const argv = ['--device', `link=${link}`, '--device', 'link=/nonexistent/port']
    const { code, out } = await runUntilStopped(argv, () => undefined)
    expect([code, out, existsSync(link)]).toEqual([EXIT.io, [], false])
  })

  it('one on an address that others reach is warned of', async () => {
    const { err } = await runUntilStopped(['--tcp', '0.0.0.0:0', '--tcp-any'], () => undefined)
    expect(err).toEqual([expect.stringContaining('can be reached from other machines')])
  })
})

describe('--provision', () => {
  it('talks in lines first, and is a device with the keys of the words on the same link then', async () => {
    const { code, out } = await whileRunning(['--provision', '--link', link], async () => {
      const port = await openPort(link)
      const lost = new Promise((resolve) => {
        port.once('close', resolve)
      })
      enterWords(port, WORDS)
      await lost
      expect(await ask(link)).toHaveLength(GET_PK_REPLY.length)
    })
    expect(code).toBe(EXIT.ok)
    expect(out.filter((line) => line.startsWith('ready'))).toEqual([`ready ${link}`, `ready ${link}`])
    expect(out[0]).toBe('SIMULATED Tezio HSM, provisioning console')
    expect(out).toContain('ed25519   tz1RecHxwZJmZY4dypq2KmvxKYgUBGJceH1v')
  })

  it('begins anew when it is unplugged in the middle, or rebooted', async () => {
    const control = join(directory, 'control')
    const argv = ['--provision', '--link', link, '--control', control]
    const ctl = async (command: string) => {
      expect((await runCommand('ctl', '--control', control, command)).code).toBe(EXIT.ok)
    }
    await whileRunning(argv, async () => {
      /** What comes up to the next question. */
      const heard = async (port: SerialPort) =>
        new Promise<string>((resolve) => {
          let text = ''
          const onData = (bytes: Buffer) => {
            text += bytes.toString()
            if (!text.endsWith('Confirm (Y/n)\r\n')) return
            port.off('data', onData)
            resolve(text)
          }
          port.on('data', onData)
        })
      const secondQuestion = async (port: SerialPort) => {
        const text = heard(port)
        port.write('Y\n')
        expect(await text).toContain('lock the configuration data zone')
      }
      const first = await openPort(link)
      await secondQuestion(first)
      const lost = new Promise((resolve) => {
        first.once('close', resolve)
      })
      first.on('data', () => undefined)
      await ctl('unplug')
      await lost
      await ctl('replug')
      const second = await openPort(link)
      await secondQuestion(second)
      const opening = heard(second)
      await ctl('reboot')
      expect(await opening).toMatch(/^SIMULATED Tezio provisioning sketch/)
      await closePort(second)
      const refused = await runCommand('ctl', '--control', control, 'marks')
      expect([refused.code, refused.err.join()]).toEqual([
        EXIT.unavailable,
        expect.stringContaining('being provisioned'),
      ])
    })
  })
})

const WORDS =
  'mule wise online wear hair sign wife media calm arctic diet tip special quarter season swarm robust apart other whale broken pistol hunt egg'

/** Answers the dialogue on a port as a person does who has a mnemonic. */
function enterWords(port: SerialPort, words: string): void {
  const list = words.split(' ')
  let question = ''
  port.pipe(new ReadlineParser({ delimiter: '\r\n' })).on('data', (line: string) => {
    const word = /^Word (\d+):$/.exec(line)
    if (word !== null) port.write(`${list[Number(word[1]) - 1]}\n`)
    else if (line !== 'Confirm (Y/n)') question = line === '' ? question : line
    else port.write(question.includes('make a new mnemonic') ? 'n\n' : 'Y\n')
  })
}

describe('tezio-sim faults', () => {
  it('lists each with its parameters and what it does', async () => {
    const { code, out } = await runCommand('faults')
    expect(code).toBe(EXIT.ok)
    for (const { name, description, parameters } of FAULTS) {
      expect(out).toContain(`${name}: ${description}`)
      for (const parameter of parameters) {
        expect(out.join('\n')).toContain(`    ${parameter.name} (${parameter.kind}, default `)
      }
    }
    const { out: json } = await runCommand('faults', '--json')
    expect(JSON.parse(json.join('\n'))).toEqual(JSON.parse(JSON.stringify(FAULTS)))
    expect((await runCommand('faults', '--what')).code).toBe(EXIT.usage)
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
