import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  createSimulatedTezio,
  FaultRack,
  openControlSocket,
  openPseudoTerminal,
  type ControlledDevice,
  type ControlSocket,
  type PseudoTerminal,
} from '../../hw-sim/index.js'
import { controlApp } from '../../hw-sim/control/control-app.js'
import { MAX_BODY_BYTES } from '../../hw-sim/control/read-json.js'
import { EXIT } from '../../hw-sim/cli/exit.js'
import { encodeCommand, joinBody, MODE, OPCODE } from '../../src/device/tezio/index.js'
import { GET_PK, GET_PK_REPLY, TEST_KEYS, vote } from './bench.js'
import {
  ask,
  exchange,
  openPort,
  runCommand,
  SECRETS,
  spawnCommand,
  spawnSimulator,
} from './tezio-sim-support.js'

let directory: string
let socket: string
const terminals: PseudoTerminal[] = []
const sockets: ControlSocket[] = []

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tezio-sim-'))
  socket = join(directory, 'control')
})

afterEach(async () => {
  for (const each of sockets.splice(0)) await each.close()
  for (const terminal of terminals.splice(0)) terminal.close()
  rmSync(directory, { recursive: true })
})

function controlled(name = 'tezio'): ControlledDevice {
  const device = createSimulatedTezio({ keys: TEST_KEYS })
  const port = openPseudoTerminal({ device })
  terminals.push(port)
  const reboot = () => {
    device.reboot()
  }
  const rack = new FaultRack({ device, port })
  return { name, address: port.path, latency: 'zero', port, running: { device, rack }, reboot }
}

async function serve(...devices: readonly ControlledDevice[]): Promise<void> {
  sockets.push(await openControlSocket(socket, devices))
}

const SIGN_VOTE = encodeCommand(
  joinBody({
    opcode: OPCODE.sign,
    param1: 3,
    param2: MODE.messageRaw,
    param3: 0,
    data: vote(0x13, 7, 1),
  }),
)

const badParameters = JSON.stringify({ name: 'late-reply', parameters: { ms: 'soon' } })

describe('the control interface', () => {
  const json = async (response: Response | Promise<Response>): Promise<unknown> => (await response).json()

  it('says that all is simulated', async () => {
    const app = controlApp([controlled()])
    expect(await (await app.request('/')).text()).toMatch(/^SIMULATED/)
    expect(await json(app.request('/status'))).toMatchObject({
      simulated: expect.stringMatching(/^SIMULATED/) as string,
      devices: [{ name: 'tezio', isPlugged: true, state: 'idle', profile: 'stock', latency: 'zero' }],
    })
  })

  it.each([
    ['an unknown device', 'GET', '/devices/other/marks', undefined, 404, 'unknown-device'],
    ['an unknown path', 'GET', '/what', undefined, 404, 'unknown-path'],
    ['an unknown fault', 'POST', '/devices/tezio/faults', '{"name":"nothing"}', 404, 'unknown-fault'],
    ['bad parameters', 'POST', '/devices/tezio/faults', badParameters, 400, 'bad-parameters'],
    ['a body that is no JSON', 'POST', '/devices/tezio/faults', '{', 400, 'malformed-request'],
    ['an unknown field', 'POST', '/devices/tezio/faults', '{"name":"stall","x":1}', 400, 'malformed-request'],
    ['no times', 'POST', '/devices/tezio/faults', '{"name":"stall","times":0}', 400, 'malformed-request'],
    [
      'a body too large',
      'POST',
      '/devices/tezio/faults',
      ' '.repeat(MAX_BODY_BYTES + 1),
      413,
      'body-too-large',
    ],
    ['a fault that is not armed', 'DELETE', '/devices/tezio/faults/7', undefined, 404, 'not-armed'],
    ['no number', 'DELETE', '/devices/tezio/faults/x', undefined, 400, 'malformed-request'],
    ['no count', 'GET', '/devices/tezio/log?n=0', undefined, 400, 'malformed-request'],
  ])('refuses %s', async (_, method, path, body, status, code) => {
    const app = controlApp([controlled()])
    const response = await app.request(path, { method, ...(body === undefined ? {} : { body }) })
    expect([response.status, await json(response)]).toEqual([
      status,
      { error: { code, message: expect.any(String) as string } },
    ])
  })

  it('stops reading a chunked body that is too large', async () => {
    await serve(controlled())
    const status = await new Promise<number | undefined>((resolve) => {
      const asked = request(
        { socketPath: socket, method: 'POST', path: '/devices/tezio/faults' },
        (response) => {
          resolve(response.statusCode)
          asked.destroy()
        },
      )
      asked.on('error', () => undefined)
      asked.write(Buffer.alloc(MAX_BODY_BYTES + 1))
    })
    expect(status).toBe(413)
  })

  it('says that a device which is being provisioned has nothing to break yet', async () => {
    const app = controlApp([{ ...controlled(), running: undefined }])
    expect((await app.request('/devices/tezio/marks')).status).toBe(409)
    expect(await json(app.request('/status'))).toMatchObject({ devices: [{ state: 'being-provisioned' }] })
  })
})

describe('the control socket', () => {
  it('is open to its owner alone, and removed when it is closed', async () => {
    await serve(controlled())
    expect(statSync(socket).mode & 0o777).toBe(0o600)
    await sockets.pop()!.close()
    expect(existsSync(socket)).toBe(false)
  })

  it('replaces one that was left behind, but no other file and no simulator that listens', async () => {
    await serve(controlled())
    await expect(openControlSocket(socket, [])).rejects.toThrow('another program listens')
    await sockets.pop()!.close()
    writeFileSync(socket, 'precious')
    await expect(openControlSocket(socket, [])).rejects.toThrow('not a socket')
    rmSync(socket)
    const { child, exited } = await spawnSimulator(['--control', socket])
    child.kill('SIGKILL')
    await exited
    expect(existsSync(socket)).toBe(true)
    await serve(controlled())
    expect((await runCommand('ctl', '--control', socket, 'status')).code).toBe(EXIT.ok)
  })
})

describe('tezio-sim ctl', () => {
  const ctl = (...argv: readonly string[]) => runCommand('ctl', '--control', socket, ...argv)

  it('asks for the only device, and for one of several by name', async () => {
    await serve(controlled('left'), controlled('right'))
    expect(await ctl('marks')).toMatchObject({
      code: EXIT.usage,
      err: ['error: --device is missing: left, right'],
    })
    expect(await ctl('--device', 'right', 'marks')).toMatchObject({
      code: EXIT.ok,
      out: ['no mark was raised since the start'],
    })
    expect(await ctl('--device', 'up', 'marks')).toMatchObject({ code: EXIT.usage })
    const { out } = await ctl('status')
    expect(out[0]).toMatch(/^SIMULATED/)
    expect(out.filter((line) => line.includes('SIMULATED,')).map((line) => line.split(':')[0])).toEqual([
      'left',
      'right',
    ])
  })

  it.each([
    ['no command', [], EXIT.usage],
    ['an unknown command', ['dance'], EXIT.usage],
    ['an unknown fault', ['arm', 'nothing'], EXIT.usage],
    ['a parameter without value', ['arm', 'late-reply', 'ms'], EXIT.usage],
    ['a parameter given twice', ['arm', 'late-reply', 'ms=1', 'ms=2'], EXIT.usage],
    ['a parameter that is no number', ['arm', 'late-reply', 'ms=soon'], EXIT.usage],
    ['no times', ['arm', 'drop-reply', '--times', '0'], EXIT.usage],
    ['what is not armed', ['disarm', '7'], EXIT.usage],
    ['no count', ['log', '-n', 'x'], EXIT.usage],
  ])('refuses %s', async (_, argv, expected) => {
    await serve(controlled())
    const { code, err } = await ctl(...argv)
    expect(code).toBe(expected)
    expect(err.join()).not.toBe('')
  })

  it('exits 69 when nobody listens, and 74 when the answer breaks off', async () => {
    expect(await ctl('status')).toMatchObject({
      code: EXIT.unavailable,
      err: [`error: no simulator listens on ${socket}`],
    })
    const broken = createServer((connection) => {
      connection.destroy()
    })
    await new Promise<void>((resolve) => {
      broken.listen(socket, resolve)
    })
    expect((await ctl('status')).code).toBe(EXIT.io)
    await new Promise((resolve) => {
      broken.close(resolve)
    })
    expect((await runCommand('ctl', 'status')).code).toBe(EXIT.usage)
  })

  it('arms the same fault with the same parameters as the library', async () => {
    const device = controlled()
    await serve(device)
    await ctl('arm', 'late-reply', 'ms=25', '--times', '2')
    expect(device.running!.rack.list()).toMatchObject([{ name: 'late-reply', parameters: { ms: 25 } }])
  })
})

describe('a simulator in a process of its own, with a real serial port', () => {
  it('is asked, broken, mended, rebooted, unplugged and plugged in again by ctl', async () => {
    const link = join(directory, 'port')
    const keys = join(directory, 'keys.json')
    writeFileSync(keys, JSON.stringify(SECRETS))
    const { child, exited } = await spawnSimulator(['--link', link, '--keys', keys, '--control', socket])
    const ctl = (...argv: readonly string[]) => spawnCommand('ctl', '--control', socket, ...argv)
    const ok = async (...argv: readonly string[]) => {
      const { code, out, err } = await ctl(...argv)
      expect([code, err]).toEqual([EXIT.ok, []])
      return out
    }
    const port = await openPort(link)
    expect(await exchange(port)).toEqual(GET_PK_REPLY)
    await exchange(port, SIGN_VOTE)
    expect(await ok('marks')).toEqual(['p256 0x13 level 7 round 1'])
    expect(JSON.parse((await ok('--json', 'marks')).join('\n'))).toEqual({
      marks: [{ alias: 3, magicByte: 0x13, level: 7, round: 1 }],
    })
    expect(await ok('log', '-n', '1')).toEqual([
      '#2 SIGN p256 messageRaw 0x13 malformed read as level 7 round 1 80 B -> 64 B',
    ])
    expect(await ok('counters')).toContain('exchanges 2')

    expect(await ok('arm', 'refuse', 'status=161', '--times', '1')).toEqual([
      expect.stringMatching(/^armed 1 refuse status=161/),
    ])
    expect((await ok('faults'))[0]).toMatch(/^1 refuse/)
    expect((await exchange(port))[2]).toBe(0xa1)
    expect(await exchange(port)).toEqual(GET_PK_REPLY)
    await ok('arm', 'wrong-crc')
    expect(await exchange(port)).not.toEqual(GET_PK_REPLY)
    expect(await ok('disarm', 'all')).toEqual([expect.stringMatching(/^disarmed [12]$/)])
    expect(await ok('faults')).toEqual(['no fault is armed'])
    expect(await exchange(port)).toEqual(GET_PK_REPLY)

    await ok('reboot')
    expect(await ok('marks')).toEqual(['no mark was raised since the start'])
    port.on('data', () => undefined)
    const lost = new Promise((resolve) => {
      port.once('close', resolve)
    })
    expect((await ok('unplug'))[0]).toContain('unplugged')
    await lost
    expect(existsSync(link)).toBe(false)
    await ok('replug')
    expect(await ask(link, GET_PK)).toEqual(GET_PK_REPLY)
    expect((await ok('status')).join()).toContain('SIMULATED')

    child.kill('SIGTERM')
    expect([await exited, existsSync(link), existsSync(socket)]).toEqual([0, false, false])
    expect((await ctl('status')).code).toBe(EXIT.unavailable)
  })
})
