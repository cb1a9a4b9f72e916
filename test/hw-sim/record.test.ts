import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  keysOfTranscript,
  parseTranscript,
  recordTranscript,
  replayTranscript,
  transcriptHead,
  writeTranscript,
  type Behaviour,
  type TranscriptCase,
} from '../../hw-sim/index.js'
import { simulatedLink } from '../../hw-sim/cli/replay-link.js'
import { EXIT } from '../../hw-sim/cli/exit.js'
import { bench, GET_PK, GET_PK_REPLY, hex, TEST_KEYS, vote } from './bench.js'
import { ask, runCommand, SECRETS, spawnSimulator, whileRunning } from './tezio-sim-support.js'
import { CASES } from './transcript.js'

const VECTORS = fileURLToPath(new URL('../vectors/tezio-transcripts.json', import.meta.url))

let directory: string
let file: string
let keys: string

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tezio-sim-'))
  file = join(directory, 'recording.json')
  keys = join(directory, 'keys.json')
  writeFileSync(keys, JSON.stringify(SECRETS))
})

afterEach(() => {
  rmSync(directory, { recursive: true })
})

const written = () => parseTranscript(readFileSync(file, 'utf8'), file)

/** A device on the bench that is recorded. */
function recordedBench(behaviour?: Behaviour) {
  const cases: TranscriptCase[] = []
  const made = bench()
  if (behaviour !== undefined) made.device.addBehaviour(behaviour)
  const stop = recordTranscript(made.device, (recorded) => cases.push(recorded))
  return { ...made, cases, stop }
}

describe('a recording', () => {
  it('of all that is known to be answered is what was known', () => {
    const { device, clock, cases } = recordedBench()
    for (const recorded of CASES) {
      device.receive(hex(recorded.send))
      clock.advance(1000)
    }
    expect(cases.map(({ send, match }) => ({ send, match }))).toEqual(
      CASES.map(({ send, match }) => ({ send, match })),
    )
    const exact = (each: { match: string; reply: string | null }) =>
      each.match === 'exact' ? [each.reply] : []
    expect(cases.flatMap(exact)).toEqual(CASES.flatMap(exact))
  })

  it('replays without a difference', async () => {
    const { device, clock, cases } = recordedBench()
    for (const recorded of CASES) {
      device.receive(hex(recorded.send))
      clock.advance(1000)
    }
    const { link } = simulatedLink(TEST_KEYS, 'stock')
    const report = await replayTranscript({ ...transcriptHead(device), cases }, link)
    expect(report).toEqual({ cases: 248, same: 248, unrestarted: 0, differences: [] })
  })

  it('holds commands that came in one piece apart, and the noise before them', () => {
    const { device, cases } = recordedBench()
    device.receive(hex('ff01030700110102338600030700110102338603'))
    expect(cases.map(({ send }) => send)).toEqual(['ff010307001101023386', '000307001101023386'])
  })

  it('holds a command longer than the device can take whole', () => {
    const { device, cases } = recordedBench()
    const long = hex(`03b004${'00'.repeat(0x4b0 - 2)}`)
    device.receive(long)
    expect(cases.map(({ send, reply }) => [send.length / 2, reply])).toEqual([[0x4b1, '0500a79583']])
  })

  it('holds what was on the cable and not what the device meant', () => {
    const twice: Behaviour = { name: 'twice', apply: (actions) => [...actions, ...actions] }
    const { device, cases } = recordedBench(twice)
    device.receive(GET_PK)
    const frame = '24005e9fe50e7613be77195aa8b2078b0afef2004dad823d8cf5b7f76a7cddcd0826de77'
    expect(cases).toMatchObject([
      { reply: frame + frame, body: null, match: 'exact', note: 'the reply was changed on its way' },
    ])
    const none = recordedBench({ name: 'drop', apply: () => [] })
    none.device.receive(GET_PK)
    expect(none.cases).toMatchObject([{ reply: null, body: null }])
  })

  it('does not call a signature good that does not verify', () => {
    const flip: Behaviour = {
      name: 'flip',
      apply: (actions) =>
        actions.map((action) => {
          if (action.kind !== 'write') return action
          const bytes = action.bytes.slice()
          bytes[9]! ^= 1
          return { ...action, bytes }
        }),
    }
    const good = recordedBench()
    good.sign(3, vote(0x13, 5, 0))
    expect(good.cases.map(({ match }) => match)).toEqual(['signature:3:3'])
    const bad = recordedBench(flip)
    try {
      bad.sign(3, vote(0x13, 5, 0))
    } catch {
      // the frame's checksum is wrong: that is the point
    }
    expect(bad.cases.map(({ match }) => match)).toEqual(['exact'])
  })

  it('says where the device was restarted, also in the middle of an exchange', () => {
    const slow: Behaviour = {
      name: 'slow',
      apply: (actions) => actions.map((action) => ({ ...action, afterMs: 100 })),
    }
    const { device, clock, cases, stop } = recordedBench(slow)
    device.receive(GET_PK)
    device.reboot()
    device.receive(GET_PK)
    clock.advance(100)
    expect(cases).toMatchObject([
      { reply: null, note: 'cut off by a restart' },
      { reply: expect.stringContaining('2400') as string, restart: true },
    ])
    expect(cases[0]).not.toHaveProperty('restart')
    device.receive(GET_PK)
    device.reboot()
    stop()
    expect(cases.map(({ note }) => note)).toEqual(['cut off by a restart', undefined, 'cut off by a restart'])
  })

  it('is in its place only once it is complete, and readable by its owner alone', () => {
    const { device } = bench()
    const writer = writeTranscript(file, transcriptHead(device))
    writer.write({ name: 'one', send: '00', reply: null, body: null, match: 'exact' })
    expect([existsSync(file), existsSync(`${file}.part`)]).toEqual([false, true])
    writer.close()
    writer.close()
    expect(written().cases).toHaveLength(1)
    expect([statSync(file).mode & 0o777, existsSync(`${file}.part`)]).toEqual([0o600, false])
    const other = writeTranscript(join(directory, 'other'), transcriptHead(device))
    other.abandon()
    expect(readdirSync(directory).sort()).toEqual(['keys.json', 'recording.json'])
  })

  it('without exchanges is one all the same', () => {
    writeTranscript(file, transcriptHead(bench().device)).close()
    expect(written().cases).toEqual([])
  })
})

describe('tezio-sim --record', () => {
  it('writes what replays without a difference, and no secrets', async () => {
    const argv = ['--link', join(directory, 'port'), '--keys', keys, '--record', file]
    const { code } = await whileRunning(argv, async ([path]) => {
      expect((await runCommand('replay', VECTORS, '--port', path!)).code).toBe(EXIT.ok)
    })
    expect(code).toBe(EXIT.ok)
    const text = readFileSync(file, 'utf8')
    for (const secret of Object.values(SECRETS)) expect(text).not.toContain(secret)
    expect(text).toContain('SIMULATED')
    expect(written().cases).toHaveLength(248)
    const again = await runCommand('replay', file, '--simulate', '--keys', keys, '--json')
    expect(JSON.parse(again.out.join('\n'))).toMatchObject({ cases: 248, same: 248, differences: [] })
  })

  it('holds the secret keys when that was asked for, and says so', async () => {
    const argv = ['--keys', keys, '--record', file, '--record-keys']
    const { err } = await whileRunning(argv, async ([path]) => {
      expect(await ask(path!)).toEqual(GET_PK_REPLY)
    })
    expect(err).toContain(`warning: ${file} will hold the secret keys`)
    expect(keysOfTranscript(written())?.p256.publicKey).toEqual(TEST_KEYS.p256.publicKey)
    expect((await runCommand('replay', file, '--simulate')).code).toBe(EXIT.ok)
  })

  it('is complete after SIGTERM', async () => {
    const { child, exited, ready } = await spawnSimulator(['--keys', keys, '--record', file])
    expect(await ask(ready[0]!)).toEqual(GET_PK_REPLY)
    expect(existsSync(file)).toBe(false)
    child.kill('SIGTERM')
    expect(await exited).toBe(0)
    expect(written().cases).toMatchObject([{ name: '#1 GET_PK ed25519 compressed', match: 'exact' }])
  })

  it.each([
    ['a file that cannot be made', ['--record', '/nonexistent/file'], EXIT.io, 'ENOENT'],
    ['secrets of random keys', ['--record', 'x', '--record-keys'], EXIT.usage, '--record-keys'],
    ['secrets for no recording', ['--record-keys', '--keys', 'x'], EXIT.usage, '--record-keys'],
  ])('refuses %s', async (_, argv, expected, message) => {
    const { code, err } = await runCommand(...argv)
    expect([code, err.join()]).toEqual([expected, expect.stringContaining(message)])
  })
})
