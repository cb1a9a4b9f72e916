import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parseScenario, playScenario, scenarioFromTranscript } from '../../hw-sim/index.js'
import { parseTranscript, type TranscriptFile } from '../../hw-sim/transcript.js'
import { recordTranscript, transcriptHead } from '../../hw-sim/transcript-recorder.js'
import { encodeCommand, joinBody, MODE, OPCODE } from '../../src/device/tezio/index.js'
import { hex, vote } from './bench.js'
import { faultBench } from './faults-bench.js'

const VECTORS = readFileSync(new URL('../vectors/tezio-transcripts.json', import.meta.url), 'utf8')
const KEYS = parseTranscript(VECTORS, 'vectors').keys!

const GET_PK_BODY = hex('110102')
const signing = (alias: number, data: Uint8Array) =>
  joinBody({ opcode: OPCODE.sign, param1: alias, param2: MODE.messageRaw, param3: 0, data })

type Bench = ReturnType<typeof faultBench>

/** With it ECDSA is deterministic as well. */
const CONSTANT = (size: number) => new Uint8Array(size).fill(7)

/** Records a day; `live` makes it. */
function recorded(live: (made: Bench) => void, withSecrets = true): TranscriptFile {
  const made = faultBench({ random: CONSTANT })
  const cases: TranscriptFile['cases'][number][] = []
  const stop = recordTranscript(made.device, (one) => cases.push(one))
  live(made)
  made.clock.advance(5000)
  stop()
  return { ...transcriptHead(made.device, withSecrets ? KEYS : undefined), cases }
}

/** Sends what was sent on the recorded day to a device that plays its scenario, and records that. */
function replayed(file: TranscriptFile): TranscriptFile {
  return recorded((made) => {
    const scenario = parseScenario(scenarioFromTranscript(file), 'recorded.yaml')
    playScenario(scenario, { device: made.device, port: made.port }, made.rack)
    for (const { send } of file.cases) {
      made.device.receive(hex(send))
      made.clock.advance(2000)
    }
  })
}

const shown = (file: TranscriptFile) => file.cases.map(({ send, reply, restart }) => [send, reply, restart])

/** A day with every kind of anomaly that a recording can hold. */
function badDay({ rack, ask }: Bench): void {
  const faults: readonly (readonly [string, unknown?])[] = [
    ['drop-reply'],
    ['truncate', { keep: 9 }],
    ['flip-bit', { bit: 77 }],
    ['wrong-crc'],
    ['duplicate-reply'],
    ['extra-bytes', { hex: 'ff00ff' }],
    ['noise', { text: 'debug\r\n' }],
    ['noise', { where: 'after', text: 'debug\r\n' }],
    ['refuse', { status: 0xa1 }],
    ['refuse', { status: 0x42 }],
    ['replace-reply', { hex: '0102030405060708' }],
    ['wrong-signature', { how: 'zeros' }],
    ['wrong-signature', { how: 'other-key' }],
    ['reboot', { when: 'after' }],
  ]
  let level = 1
  for (const [name, parameters] of faults) {
    ask(GET_PK_BODY, 300)
    rack.arm(name, parameters, { times: 1 })
    ask(signing(1, hex('0301')), 300)
    ask(signing(3, vote(0x13, level, 0)), 300)
    rack.disarmAll()
    rack.arm(name, parameters, { times: 1 })
    level += 1
    ask(signing(3, vote(0x13, level, 0)), 300)
    rack.disarmAll()
  }
}

describe('the scenario of a recorded day', () => {
  it('plays every anomaly again, byte for byte', () => {
    const file = recorded(badDay)
    expect(file.cases.length).toBeGreaterThan(50)
    expect(shown(replayed(file))).toEqual(shown(file))
  })

  it('names what it can by its fault', () => {
    const text = scenarioFromTranscript(recorded(badDay))
    const names = parseScenario(text, 'f').steps.map((step) => step.do)
    const expected = [
      'drop-reply',
      'truncate',
      'flip-bit',
      'wrong-crc',
      'duplicate-reply',
      'extra-bytes',
      'noise',
    ]
    for (const name of [...expected, 'refuse', 'wrong-signature', 'reboot']) expect(names).toContain(name)
    expect(text).toMatch(/^teaches: ["']?A recorded day: \d+ things that went wrong in \d+ exchanges/)
  })

  it('has no steps when nothing went wrong, natural refusals included', () => {
    expect(parseScenario(scenarioFromTranscript(parseTranscript(VECTORS, 'vectors')), 'f').steps).toEqual([])
  })

  it('without the secret keys still tells a healthy reply by its shape', () => {
    const live = ({ ask, rack }: Bench) => {
      ask(GET_PK_BODY, 300)
      ask(signing(1, hex('0301')), 300)
      ask(signing(3, vote(0x13, 5, 0)), 300)
      ask(signing(3, vote(0x13, 5, 0)), 300)
      rack.arm('drop-reply')
      ask(GET_PK_BODY, 300)
    }
    const { steps } = parseScenario(scenarioFromTranscript(recorded(live, false)), 'f')
    expect(steps).toMatchObject([{ on: { kind: 'commands', trigger: { nth: 5 } }, do: 'drop-reply' }])
  })

  it('leaves out noise of the host, which no command is', () => {
    const file = recorded(({ device, ask }) => {
      device.receive(hex('ffffff'))
      ask(GET_PK_BODY)
      device.receive(encodeCommand(GET_PK_BODY))
    })
    expect(parseScenario(scenarioFromTranscript(file), 'f').steps).toEqual([])
  })
})
