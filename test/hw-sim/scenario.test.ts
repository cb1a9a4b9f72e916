import { describe, expect, it } from 'vitest'
import { FaultError, parseScenario, playScenario, ScenarioError } from '../../hw-sim/index.js'
import { encodeCommand, joinBody, MODE, OPCODE } from '../../src/device/tezio/index.js'
import { block, GET_PK_REPLY, hex, vote } from './bench.js'
import { faultBench } from './faults-bench.js'

const GET_PK_BODY = hex('110102')
const VERIFY_BODY = joinBody({
  opcode: OPCODE.verify,
  param1: 1,
  param2: 3,
  param3: 1,
  data: new Uint8Array(65),
})
const signing = (alias: number, data: Uint8Array) =>
  joinBody({ opcode: OPCODE.sign, param1: alias, param2: MODE.messageRaw, param3: 0, data })

/** Which of the commands, each 10 ms after the one before, a step with this trigger leaves unanswered. */
function struckBy(on: string, commands: readonly Uint8Array[], times = ''): readonly number[] {
  const { device, rack, port, ask } = faultBench()
  const text = `teaches: a test\nsteps:\n  - on: ${on}\n    do: drop-reply\n${times}`
  playScenario(parseScenario(text, 'a.yaml'), { device, port }, rack)
  return commands.flatMap((command, index) => (ask(command, 10).length === 0 ? [index + 1] : []))
}

const votes = (levels: readonly number[]) => levels.map((level) => signing(3, vote(0x13, level, 1)))

describe('a trigger', () => {
  const mixed = [GET_PK_BODY, signing(3, hex('03')), VERIFY_BODY, signing(3, vote(0x13, 5, 0)), GET_PK_BODY]

  it.each([
    ['{}', [1, 2, 3, 4, 5]],
    ['{ nth: 2 }', [2]],
    ['{ command: GET_PK }', [1, 5]],
    ['{ command: SIGN }', [2, 4]],
    ['{ command: VERIFY }', [3]],
    ['{ command: GET_PK, nth: 2 }', [5]],
    ['{ magic: 0x13 }', [4]],
    ['{ magic: 3 }', [2]],
    ['{ command: GET_PK, magic: 3 }', []],
    ['{ from_ms: 20 }', [3, 4, 5]],
    ['{ until_ms: 20 }', [1, 2]],
    ['{ from_ms: 10, until_ms: 30, command: SIGN }', [2]],
  ])('%s strikes the commands %j', (on, expected) => {
    expect(struckBy(on, mixed)).toEqual(expected)
  })

  it.each([
    ['{ level: 6 }', [2]],
    ["{ level: '= 6' }", [2]],
    ["{ level: '>= 6' }", [2, 3]],
    ["{ level: '>=7' }", [3]],
  ])('%s looks at the level of votes', (on, expected) => {
    expect(struckBy(on, votes([5, 6, 7]))).toEqual(expected)
    const blocks = [5, 6, 7].map((level) => signing(3, block(level, 1)))
    expect(struckBy(on, blocks)).toEqual(expected)
    expect(struckBy(on, [GET_PK_BODY, signing(3, hex('0306060606'))])).toEqual([])
  })

  it('of chance strikes the same commands for the same seed, about as many as it says', () => {
    const many = Array.from({ length: 400 }, () => GET_PK_BODY)
    const first = struckBy('{ chance: 0.25, seed: 7 }', many)
    expect(struckBy('{ chance: 0.25, seed: 7 }', many)).toEqual(first)
    expect(struckBy('{ chance: 0.25, seed: 8 }', many)).not.toEqual(first)
    expect(first.length).toBeGreaterThan(70)
    expect(first.length).toBeLessThan(130)
    expect(struckBy('{ chance: 1, seed: 7 }', many)).toHaveLength(400)
  })

  it('is over after so many times', () => {
    expect(
      struckBy(
        '{ command: GET_PK }',
        Array.from({ length: 4 }, () => GET_PK_BODY),
        '    times: 2',
      ),
    ).toEqual([1, 2])
  })

  it('counts from the start of the scenario, not of the device', () => {
    const { device, rack, port, ask, clock } = faultBench()
    ask(GET_PK_BODY, 1000)
    const text =
      'teaches: x\nsteps:\n  - { on: { nth: 1 }, do: drop-reply }\n  - { on: { from_ms: 50 }, do: drop-reply }'
    playScenario(parseScenario(text, 'a.yaml'), { device, port }, rack)
    expect(ask(GET_PK_BODY)).toHaveLength(0)
    expect(ask(GET_PK_BODY)).toHaveLength(1)
    clock.advance(50)
    expect(ask(GET_PK_BODY)).toHaveLength(0)
  })
})

describe('a moment', () => {
  const text = 'teaches: x\nsteps:\n  - { on: { at_ms: 500 }, do: replug, with: { ms: 100, link: b } }'

  it('pulls the plug without a command, once', () => {
    const { device, rack, port, clock, ask } = faultBench()
    playScenario(parseScenario(text, 'a.yaml'), { device, port }, rack)
    expect(ask(GET_PK_BODY)).toEqual([[0, GET_PK_REPLY]])
    clock.advance(499)
    expect(port.happened).toEqual([])
    clock.advance(10_000)
    expect(port.happened).toEqual(['out', 'in as b'])
    expect([rack.list(), rack.counters()['replug'], clock.pending]).toEqual([[], 1, 0])
  })

  it('does not come once the scenario was stopped', () => {
    const { device, rack, port, clock } = faultBench()
    const play = playScenario(parseScenario(text, 'a.yaml'), { device, port }, rack)
    play.stop()
    play.stop()
    expect([clock.pending, rack.list()]).toEqual([0, []])
  })
})

describe('playing', () => {
  it('stacks the last step of the file as the newest', () => {
    const { device, rack, port, ask } = faultBench()
    const text =
      'teaches: x\nsteps:\n  - { do: noise, with: { text: ab } }\n  - { do: truncate, with: { keep: 3 } }'
    playScenario(parseScenario(text, 'a.yaml'), { device, port }, rack)
    expect(ask(GET_PK_BODY).map(([, bytes]) => bytes)).toEqual([hex('6162'), GET_PK_REPLY.slice(0, 3)])
  })

  it('that is stopped leaves the faults of others', () => {
    const { device, rack, port, ask } = faultBench()
    rack.arm('truncate', { keep: 3 })
    const scenario = parseScenario('teaches: x\nsteps: [{ do: drop-reply }]', 'a.yaml')
    const play = playScenario(scenario, { device, port }, rack)
    play.stop()
    expect(rack.list().map(({ name }) => name)).toEqual(['truncate'])
    expect(ask(GET_PK_BODY)).toEqual([[0, GET_PK_REPLY.slice(0, 3)]])
  })

  it('what the target cannot do arms nothing', () => {
    const { device, rack, port } = faultBench()
    Object.defineProperty(port, 'hangUp', { value: undefined })
    const text = 'teaches: x\nsteps: [{ do: drop-reply }, { do: zero-read-storm }]'
    const scenario = parseScenario(text, 'a.yaml')
    expect(() => playScenario(scenario, { device, port }, rack)).toThrow(FaultError)
    expect(rack.list()).toEqual([])
    device.receive(encodeCommand(GET_PK_BODY))
    expect(device.counters.bytesOut).toBe(GET_PK_REPLY.length)
  })
})

describe('a file that is none is refused with its line:', () => {
  const head = 'teaches: a test\nsteps:\n  - do: drop-reply\n'
  it.each([
    ['an unknown fault', `${head}  - on: {}\n    do: explode\n`, 5, 'no fault is named "explode"'],
    ['an unknown trigger', `${head}  - do: truncate\n    on:\n      moon: full\n`, 6, 'moon'],
    ['an unknown key of a step', `${head}  - do: truncate\n    when: 3\n`, 5, 'when'],
    ['an unknown section', `${head}steps2: []\n`, 4, 'steps2'],
    ['an unknown parameter', `${head}  - do: truncate\n    with: { keeps: 3 }\n`, 5, 'keeps'],
    ['a bad parameter', `${head}  - do: truncate\n    with:\n      keep: -1\n`, 5, 'keep'],
    ['a bad level', `${head}  - do: truncate\n    on:\n      level: '< 5'\n`, 6, 'LEVEL'],
    [
      'a level of more than 32 bits',
      `${head}  - do: truncate\n    on: { level: '>= 4294967296' }\n`,
      5,
      '32 bits',
    ],
    ['a level with a fraction', `${head}  - do: truncate\n    on: { level: 1.5 }\n`, 5, 'LEVEL'],
    ['a bad command', `${head}  - do: truncate\n    on:\n      command: sign\n`, 6, 'GET_PK'],
    ['a chance without a seed', `${head}  - do: truncate\n    on: { chance: 0.5 }\n`, 5, 'seed'],
    ['a seed without a chance', `${head}  - do: truncate\n    on: { seed: 5 }\n`, 5, 'seed'],
    [
      'a moment beside another trigger',
      `${head}  - do: reboot\n    on: { at_ms: 5, nth: 1 }\n`,
      5,
      'stands alone',
    ],
    [
      'a moment for a fault of replies',
      `${head}  - do: truncate\n    on: { at_ms: 5 }\n`,
      5,
      'needs a command',
    ],
    ['a moment that repeats', `${head}  - do: reboot\n    on: { at_ms: 5 }\n    times: 2\n`, 6, 'once'],
    ['a step without a fault', `${head}  - times: 3\n`, 4, 'name of a fault'],
    ['no times at all', `${head}  - do: reboot\n    times: 0\n`, 5, 'times'],
    ['no sentence', 'steps: []\n', 1, 'sentence'],
    ['a key twice', `${head}  - do: reboot\n    do: reboot\n`, 5, 'YAML'],
    ['a second document', `${head}---\nmore: 1\n`, 4, 'YAML'],
    ['broken YAML', `${head}  - { do: \n`, 4, 'YAML'],
    ['a tag nobody knows', `${head}  - do: !js/function reboot\n`, 4, 'YAML'],
    ['nothing', '', 1, ''],
    ['text', 'hello', 1, ''],
  ])('%s', (_, text, line, reason) => {
    const refused = (() => {
      try {
        parseScenario(text, 'day.yaml')
        return undefined
      } catch (error) {
        return error
      }
    })()
    expect(refused).toBeInstanceOf(ScenarioError)
    const { message } = refused as ScenarioError
    expect(message.split('\n')[0]).toMatch(new RegExp(`^day\\.yaml:${line}: `))
    expect(message).toContain(reason)
  })

  it('every problem is named, and a file without measure is not read', () => {
    const text = 'teaches: x\nsteps:\n  - do: one\n  - do: two\n'
    expect(() => parseScenario(text, 'f')).toThrow(/^f:3: .*\nf:4: /)
    expect(() => parseScenario(`teaches: ${'x'.repeat(1024 * 1024)}`, 'f')).toThrow('f:1: larger than')
    const bomb = `teaches: x\na: &a [${'x,'.repeat(50)}]\nb: &b [${'*a,'.repeat(50)}]\nc: [${'*b,'.repeat(50)}]\n`
    expect(() => parseScenario(bomb, 'f')).toThrow(ScenarioError)
  })

  it('CRLF and a byte order mark are fine', () => {
    const text = '\uFEFFteaches: a test\r\nsteps:\r\n  - do: drop-reply\r\n'
    expect(parseScenario(text, 'f').steps).toHaveLength(1)
  })
})
