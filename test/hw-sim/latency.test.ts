import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LatencyError, parseLatencyFile, type RandomBytes } from '../../hw-sim/index.js'
import { encodeCommand, joinBody, MODE, OPCODE } from '../../src/device/tezio/index.js'
import { bench, GET_PK, hex } from './bench.js'

const FOLDER = fileURLToPath(new URL('../../hw-sim/latencies/', import.meta.url))

const FILE = `get_pk: { median_ms: 10 }
get_pk_address: { median_ms: 110 }
sign:
  auth: { median_ms: 1 }
  ed25519: { median_ms: 2 }
  secp256k1: { median_ms: 3 }
  p256: { median_ms: 100, p99_ms: 200 }
verify: { median_ms: 120 }
`

/** A known sequence of bytes that looks random (xorshift32). */
function seeded(seed: number): RandomBytes {
  let state = seed
  return (size) =>
    Uint8Array.from({ length: size }, () => {
      state ^= state << 13
      state ^= state >>> 17
      state ^= state << 5
      return state & 0xff
    })
}

const signing = (alias: number, mode: number = MODE.messageRaw) =>
  encodeCommand(joinBody({ opcode: OPCODE.sign, param1: alias, param2: mode, param3: 0, data: hex('0301') }))

/** The milliseconds each command takes, one after the other. */
function timesOf(text: string, commands: readonly Uint8Array[], seed = 1): readonly number[] {
  const { device, clock } = bench({ latency: parseLatencyFile(text, 'x.yaml'), random: seeded(seed) })
  const times: number[] = []
  device.onExchange((_, micros) => times.push(micros / 1000))
  for (const command of commands) {
    device.receive(command)
    clock.advance(120_000)
  }
  return times
}

describe('a latency file', () => {
  it('says how long each command takes with each key', () => {
    const address = encodeCommand(joinBody({ opcode: OPCODE.getPublicKey, param1: 3, param2: 4 }))
    const verify = encodeCommand(
      joinBody({ opcode: OPCODE.verify, param1: 3, param2: 3, param3: 0, data: new Uint8Array(65) }),
    )
    const times = timesOf(FILE, [GET_PK, address, signing(0), signing(1), signing(2), verify])
    expect(times.map((ms) => Math.round(ms * 1e6) / 1e6)).toEqual([10, 110, 1, 2, 3, 120])
  })

  it('gives no time to refusals and default signatures, unless it says so', () => {
    const unknown = encodeCommand(joinBody({ opcode: 0x99 }))
    const commands = [unknown, signing(3, MODE.defaultSignature)]
    expect(timesOf(FILE, commands)).toEqual([0, 0])
    expect(timesOf(`${FILE}refusal: { median_ms: 7 }\n`, commands)).toEqual([7, 7])
  })

  it('makes times of which half are below the median and 99 of 100 below the p99', () => {
    const times = [
      ...timesOf(
        FILE,
        Array.from({ length: 4000 }, () => signing(3)),
      ),
    ].sort((a, b) => a - b)
    expect(times[2000]! / 100).toBeGreaterThan(0.97)
    expect(times[2000]! / 100).toBeLessThan(1.03)
    expect(times[3960]! / 200).toBeGreaterThan(0.92)
    expect(times[3960]! / 200).toBeLessThan(1.08)
  })

  it('moves each time by the jitter at most, and never below zero', () => {
    const text = FILE.replace('median_ms: 10 }', 'median_ms: 2, jitter_ms: 4 }')
    const times = timesOf(
      text,
      Array.from({ length: 500 }, () => GET_PK),
    )
    expect(Math.min(...times)).toBe(0)
    expect(Math.max(...times)).toBeGreaterThan(5.5)
    expect(Math.max(...times)).toBeLessThanOrEqual(6)
  })

  it('makes the same times of the same randomness, and others of another', () => {
    const commands = Array.from({ length: 20 }, () => signing(3))
    expect(timesOf(FILE, commands, 7)).toEqual(timesOf(FILE, commands, 7))
    expect(timesOf(FILE, commands, 7)).not.toEqual(timesOf(FILE, commands, 8))
  })

  it.each([
    ['an unknown command', FILE.replace('verify', 'verifi'), 'x.yaml:8: the file: unknown key "verifi"'],
    ['a missing command', FILE.replace(/^verify.*\n/m, ''), 'x.yaml:1: the file: "verify" is missing'],
    ['a missing key', FILE.replace(/^ {2}auth.*\n/m, ''), 'x.yaml:4: sign: "auth" is missing'],
    ['an unknown field', FILE.replace('p99_ms', 'p95_ms'), 'x.yaml:7: sign.p256: unknown key "p95_ms"'],
    ['no median', FILE.replace('median_ms: 120', 'p99_ms: 1'), 'x.yaml:8: verify: "median_ms" is missing'],
    ['text for a number', FILE.replace('120', 'fast'), 'x.yaml:8: verify.median_ms: expected milliseconds'],
    ['a negative number', FILE.replace('120', '-1'), 'x.yaml:8: verify.median_ms: expected milliseconds'],
    ['no finite number', FILE.replace('120', '.inf'), 'x.yaml:8: verify.median_ms: expected milliseconds'],
    ['more than a minute', FILE.replace('120', '60001'), 'x.yaml:8: verify.median_ms: expected milliseconds'],
    ['a p99 below the median', FILE.replace('200', '99'), 'x.yaml:7: sign.p256.p99_ms: 99 is below'],
    ['a spread around nothing', FILE.replace('100,', '0,'), 'x.yaml:7: sign.p256.p99_ms: a median of 0'],
    [
      'a key written twice',
      `${FILE}verify: { median_ms: 1 }\n`,
      'x.yaml:9: not YAML: Map keys must be unique',
    ],
    [
      'keys beside a distribution',
      FILE.replace('sign:\n', 'sign:\n  median_ms: 1\n'),
      'x.yaml:5: sign: unknown key "auth"',
    ],
    ['a list', '- 1\n', 'x.yaml:1: the file: expected a mapping of get_pk'],
    ['nothing', '', 'x.yaml:1: the file: expected a mapping'],
    ['an alias', FILE.replace('{ median_ms: 120 }', '*a'), 'x.yaml:8: '],
    ['no YAML', 'get_pk: {', 'x.yaml:1: not YAML: '],
  ])('is refused with its line for %s', (_, text, message) => {
    expect(() => parseLatencyFile(text, 'x.yaml')).toThrow(LatencyError)
    expect(() => parseLatencyFile(text, 'x.yaml')).toThrow(message)
  })

  it('is parsed or refused, whatever it holds', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        try {
          parseLatencyFile(text, 'x.yaml')
        } catch (error) {
          expect(error).toBeInstanceOf(LatencyError)
        }
      }),
    )
  })

  it.each(readdirSync(FOLDER))('of the shipped ones is right: %s', (name) => {
    const text = readFileSync(join(FOLDER, name), 'utf8')
    const model = parseLatencyFile(text, name)
    expect(model.name).toBe(name.replace('.yaml', ''))
    expect(timesOf(text, [signing(1), signing(3)]).every((ms) => ms > 100)).toBe(true)
  })
})
