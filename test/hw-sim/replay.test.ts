import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  createSimulatedTezio,
  judgeReply,
  ManualClock,
  openPseudoTerminal,
  openTcpPort,
  parseTranscript,
  replayTranscript,
  TranscriptError,
  type TranscriptCase,
} from '../../hw-sim/index.js'
import { openSerialLink, openTcpLink, simulatedLink } from '../../hw-sim/cli/replay-link.js'
import { bodyOf, GET_PK, GET_PK_REPLY, hex, TEST_KEYS } from './bench.js'
import { EXIT } from '../../hw-sim/cli/exit.js'
import { encodeFrame } from '../../src/device/tezio/index.js'
import { toHex } from '../../src/tezos/index.js'
import { runCommand, SECRETS } from './tezio-sim-support.js'

const VECTORS = fileURLToPath(new URL('../vectors/tezio-transcripts.json', import.meta.url))
const recording = parseTranscript(readFileSync(VECTORS, 'utf8'), VECTORS)

let directory: string

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tezio-sim-'))
})

afterEach(() => {
  rmSync(directory, { recursive: true })
})

/** Where the two firmwares differ in the recording, by the number of the exchange: hw-sim/README.md "Profiles". */
const REPAIRED = {
  'prehashed SIGN is refused with 0xAB': [
    43, 44, 45, 46, 76, 77, 78, 79, 109, 110, 111, 112, 142, 143, 144, 145,
  ],
  'magic bytes above 0x13 are refused with 0xB8': [
    56, 57, 58, 60, 89, 90, 91, 122, 123, 124, 155, 156, 157, 159,
  ],
  'a refusal by the watermark is 0xA3': [163, 165, 166, 169, 172, 174, 175, 178, 181, 183, 185, 191],
  'what policy refuses has raised no mark': [190],
  'errors while reading are reported': [243, 244, 245],
} as const

describe('the recorded exchanges of the firmware', () => {
  const same = { cases: 248, same: 248, unrestarted: 0, differences: [] }

  it('replay in process without a difference', async () => {
    const { link, close } = simulatedLink(TEST_KEYS, 'stock')
    expect(await replayTranscript(recording, link)).toEqual(same)
    await close()
  })

  it('replay over a pseudo-terminal and a real serial port without a difference', async () => {
    const terminal = openPseudoTerminal({ device: createSimulatedTezio({ keys: TEST_KEYS }) })
    const { link, close } = await openSerialLink(terminal.path)
    expect(await replayTranscript(recording, link)).toEqual(same)
    await close()
    terminal.close()
  })

  it('replay over TCP without a difference', async () => {
    const tcp = await openTcpPort({ device: createSimulatedTezio({ keys: TEST_KEYS }), port: 0 })
    const { link, close } = await openTcpLink({ host: '127.0.0.1', port: tcp.port })
    expect(await replayTranscript(recording, link)).toEqual(same)
    await close()
    await tcp.close()
  })

  it('differ on the fixed profile in exactly the surprises', async () => {
    const { link } = simulatedLink(TEST_KEYS, 'fixed')
    const { differences } = await replayTranscript(recording, link)
    const numbers = Object.values(REPAIRED).flat()
    expect(differences.map(({ number }) => number)).toEqual(numbers.toSorted((left, right) => left - right))
  })
})

const exact: TranscriptCase = {
  name: 'get_pk',
  send: toHex(GET_PK),
  reply: toHex(GET_PK_REPLY),
  body: toHex(bodyOf(GET_PK_REPLY)),
  match: 'exact',
}
const fileOf = (...cases: readonly TranscriptCase[]) => ({ about: '', device: '', baud: 57600, cases })
const noKey = () => undefined

describe('a replay', () => {
  it('says what was expected and what came', () => {
    expect(judgeReply(exact, GET_PK_REPLY, noKey)).toBeUndefined()
    expect(judgeReply(exact, hex('0500d4bc02'), noKey)).toBe(`expected ${exact.reply!}, got 0500d4bc02`)
    expect(judgeReply(exact, new Uint8Array(), noKey)).toBe(`expected ${exact.reply!}, got nothing`)
    expect(judgeReply({ ...exact, reply: null }, hex('00'), noKey)).toBe('expected nothing, got 00')
    expect(judgeReply({ ...exact, reply: null }, new Uint8Array(), noKey)).toBeUndefined()
  })

  it('takes any signature that verifies, and none that does not', () => {
    const recorded = recording.cases.find(({ match }) => match === 'signature:3:3')!
    const keyOf = () => TEST_KEYS.p256.publicKey
    const frame = hex(recorded.reply!)
    expect(judgeReply(recorded, frame, keyOf)).toBeUndefined()
    const body = bodyOf(frame)
    body[10]! ^= 1
    expect(judgeReply(recorded, encodeFrame(body), keyOf)).toContain('does not verify')
    expect(judgeReply(recorded, encodeFrame(body.slice(1)), keyOf)).toContain('expected a signature by key 3')
    expect(judgeReply(recorded, frame, () => TEST_KEYS.auth.publicKey)).toContain('does not verify')
    expect(judgeReply(recorded, frame, noKey)).toContain('not known')
    expect(judgeReply(recorded, frame.slice(0, -1), keyOf)).toContain('got ')
    const otherMessage = recorded.send.slice(0, -6) + 'ff' + recorded.send.slice(-4)
    expect(judgeReply({ ...recorded, send: otherMessage }, frame, keyOf)).toContain('does not verify')
  })

  it('asks the device for the public keys that nobody knows', async () => {
    const cases = recording.cases.filter(
      ({ match }) => match.startsWith('signature:') && match.endsWith(':4'),
    )
    const { link } = simulatedLink(TEST_KEYS, 'stock')
    const report = await replayTranscript(fileOf(...cases.slice(0, 12)), link)
    expect(report).toMatchObject({ cases: 12, same: 12 })
    const { link: other } = simulatedLink(TEST_KEYS, 'stock')
    const wrong = await replayTranscript(fileOf(cases[0]!), other, {
      keys: { ...TEST_KEYS, ed25519: TEST_KEYS.ed25519, secp256k1: TEST_KEYS.p256, auth: TEST_KEYS.p256 },
    })
    expect(wrong.differences).toHaveLength(1)
  })

  it('ends waiting by its clock, and counts what came late against the next exchange', async () => {
    const clock = new ManualClock()
    let heard: (bytes: Uint8Array) => void = () => undefined
    const sent: Uint8Array[] = []
    const link = {
      send: (bytes: Uint8Array) => {
        sent.push(bytes)
        if (sent.length === 2) heard(GET_PK_REPLY)
        else
          setImmediate(() => {
            clock.advance(3000)
            heard(hex('0102'))
          })
        return Promise.resolve()
      },
      onBytes: (listener: (bytes: Uint8Array) => void) => {
        heard = listener
      },
    }
    const { differences } = await replayTranscript(fileOf(exact, exact), link, { clock })
    expect(differences.map(({ number, difference }) => [number, difference])).toEqual([
      [1, `expected ${exact.reply!}, got 0102`],
    ])
  })

  it('restarts the device where it was restarted, or says that it could not', async () => {
    const { link } = simulatedLink(TEST_KEYS, 'stock')
    const signing = recording.cases.find(({ name }) =>
      name.startsWith('p256 magic 0x12 level 1000000 round 1'),
    )!
    const again: TranscriptCase = { ...signing, restart: true }
    const file = { ...fileOf(signing, again), keys: recording.keys! }
    expect(await replayTranscript(file, link)).toMatchObject({ same: 2, unrestarted: 0 })
    const { link: whole } = simulatedLink(TEST_KEYS, 'stock')
    const fixedLink = { send: whole.send, onBytes: whole.onBytes }
    expect(await replayTranscript(file, fixedLink)).toMatchObject({ same: 1, unrestarted: 1 })
  })

  it('ends with an error when the device is lost, or when it is told to stop', async () => {
    const terminal = openPseudoTerminal({ device: createSimulatedTezio({ keys: TEST_KEYS }) })
    const { link, close } = await openSerialLink(terminal.path)
    const lost = replayTranscript(fileOf({ ...exact, send: '00' }), link, { timeoutMs: 600_000 })
    terminal.close()
    await expect(lost).rejects.toThrow('gone')
    await close()
    const stop = new AbortController()
    const { link: silent } = simulatedLink(TEST_KEYS, 'stock')
    const stopped = replayTranscript(fileOf({ ...exact, send: '00' }), silent, {
      timeoutMs: 600_000,
      stop: stop.signal,
    })
    stop.abort()
    await expect(stopped).rejects.toThrow('stopped')
  })
})

describe('a transcript file', () => {
  it.each([
    ['no JSON', '{', 'not JSON'],
    ['no object', '[]', 'not a transcript'],
    ['an unknown field', { ...fileOf(exact), extra: 1 }, 'extra'],
    ['a case without match', fileOf({ ...exact, match: 'roughly' }), 'cases.0.match'],
    ['bytes that are none', fileOf({ ...exact, send: '0' }), 'cases.0.send'],
  ])('with %s is refused, naming the file and the place', (_, content, message) => {
    const text = typeof content === 'string' ? content : JSON.stringify(content)
    const parse = () => parseTranscript(text, 'f.json')
    expect(parse).toThrow(TranscriptError)
    expect(parse).toThrow('f.json')
    expect(parse).toThrow(message)
  })
})

describe('tezio-sim replay', () => {
  it('exits 0 when nothing was different', async () => {
    const { code, out } = await runCommand('replay', VECTORS, '--simulate')
    expect([code, out]).toEqual([
      EXIT.ok,
      [
        'SIMULATED Tezio HSM: what follows says nothing about a device',
        '248 of 248 exchanges as recorded, 0 different',
      ],
    ])
  })

  it('exits 1 and lists what was different', async () => {
    const { code, out } = await runCommand('replay', VECTORS, '--simulate', '--profile', 'fixed')
    expect(code).toBe(EXIT.different)
    expect(out).toHaveLength(48)
    expect(out[1]).toMatch(/^43 sign ed25519 mode 1 prehashed: expected 4400.*, got 0500abbd83$/)
    const { out: json } = await runCommand('replay', VECTORS, '--simulate', '--profile', 'fixed', '--json')
    expect(JSON.parse(json.join('\n'))).toMatchObject({ cases: 248, same: 202, simulated: true })
  })

  it('plays on a serial port and on a TCP port', async () => {
    const terminal = openPseudoTerminal({ device: createSimulatedTezio({ keys: TEST_KEYS }) })
    expect(await runCommand('replay', VECTORS, '--port', terminal.path)).toMatchObject({ code: EXIT.ok })
    terminal.close()
    const tcp = await openTcpPort({ device: createSimulatedTezio({ keys: TEST_KEYS }), port: 0 })
    expect(await runCommand('replay', VECTORS, '--tcp', tcp.address)).toMatchObject({ code: EXIT.ok })
    await tcp.close()
  })

  it('prints a recording as a scenario', async () => {
    const { code, out } = await runCommand('replay', VECTORS, '--scenario')
    expect(code).toBe(EXIT.ok)
    expect(out).not.toEqual([])
  })

  it('needs keys to simulate a recording that holds none', async () => {
    const file = join(directory, 'recording.json')
    writeFileSync(file, JSON.stringify(fileOf(exact)))
    const keys = join(directory, 'keys.json')
    writeFileSync(keys, JSON.stringify(SECRETS))
    const without = await runCommand('replay', file, '--simulate')
    expect([without.code, without.err]).toEqual([EXIT.usage, [expect.stringContaining('--keys FILE')]])
    const given = await runCommand('replay', file, '--simulate', '--keys', keys)
    expect([given.code, given.err]).toEqual([EXIT.ok, [expect.stringContaining('nothing protects')]])
  })

  it.each([
    ['nothing to play on', [VECTORS], EXIT.usage, 'is missing'],
    ['two ways at once', [VECTORS, '--simulate', '--port', 'x'], EXIT.usage, 'cannot be used with'],
    ['no file', ['--simulate'], EXIT.usage, 'missing required argument'],
    ['a file that is not there', ['/nonexistent', '--simulate'], EXIT.io, 'ENOENT'],
    ['a port that is not there', [VECTORS, '--port', '/nonexistent'], EXIT.unavailable, 'cannot open'],
    ['a bad time', [VECTORS, '--simulate', '--timeout', 'x'], EXIT.usage, '--timeout'],
    ['a file that is no recording', [fileURLToPath(import.meta.url), '--simulate'], EXIT.config, 'not JSON'],
  ])('refuses %s', async (_, argv, expected, message) => {
    const { code, err } = await runCommand('replay', ...argv)
    expect(code).toBe(expected)
    expect(err.join()).toContain(message)
  })
})
