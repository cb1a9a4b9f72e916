import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { traceDump, traceHeader, traceLine, watchTraffic, type Traffic } from '../../hw-sim/index.js'
import { encodeCommand, joinBody, OPCODE } from '../../src/device/tezio/index.js'
import { hexDump } from '../../hw-sim/trace-hex.js'
import { bench, GET_PK, hex, vote } from './bench.js'

type Payload = {
  readonly hex: string
  readonly kind: string
  readonly level?: number
  readonly round?: number
}

const text = readFileSync(new URL('../vectors/octez-payloads.json', import.meta.url), 'utf8')

/** The lines of a trace of commands, their times left out. */
function linesOf(...commands: readonly Uint8Array[]): readonly string[] {
  const { device } = bench()
  const traffic: Traffic[] = []
  watchTraffic(device, (each) => traffic.push(each))
  for (const command of commands) device.receive(command)
  return traffic.map((each) => traceLine(each).replace(/, \d+ us$/, ''))
}

const signing = (data: Uint8Array, param1 = 3, param2 = 3) =>
  encodeCommand(joinBody({ opcode: OPCODE.sign, param1, param2, param3: 0, data }))

describe('a trace', () => {
  it('says SIMULATED before anything else', () => {
    expect(traceHeader('')).toMatch(/^SIMULATED Tezio HSM: /)
    expect(traceHeader('spare')).toMatch(/^SIMULATED Tezio HSM spare: /)
  })

  it('names command, key, mode and answer', () => {
    expect(linesOf(GET_PK, encodeCommand(Uint8Array.of(0x99)), hex('0307001101023387'))).toEqual([
      '#1 in GET_PK ed25519 compressed -> out 32 B',
      '#2 in opcode 0x99 -> out refused opcode-unknown (0xa2)',
      '#3 in packet of 7 B -> out refused checksum-wrong (0xa7)',
    ])
  })

  it('names the kind, level and round of what is signed, as Tezos reads it', () => {
    const payloads = JSON.parse(text) as readonly Payload[]
    const find = (wanted: string) => payloads.find(({ kind }) => kind === wanted)!
    const [attestation, operation] = [find('attestation_with_dal'), find('transaction')]
    const [consensus, other] = linesOf(signing(hex(attestation.hex)), signing(hex(operation.hex)))
    expect(consensus).toContain(`level ${attestation.level} round ${attestation.round}`)
    expect(consensus).toMatch(/^#1 in SIGN p256 messageRaw 0x13 attestation_with_dal level /)
    expect(other).toMatch(/^#2 in SIGN p256 messageRaw 0x03 operation transaction /)
  })

  it('says what the device reads in a payload that is none, and that a digest hides what is signed', () => {
    const digest = new Uint8Array(32).fill(7)
    expect(linesOf(signing(vote(0x13, 5, 2)), signing(digest, 1, 1), signing(Uint8Array.of(0x77)))).toEqual([
      '#1 in SIGN p256 messageRaw 0x13 malformed read as level 5 round 2 80 B -> out 64 B',
      expect.stringMatching(/^#2 in SIGN ed25519 prehashedRaw digest 0x07 32 B -> out refused/),
      expect.stringMatching(/^#3 in SIGN p256 messageRaw 0x77 unknown 1 B -> out refused/),
    ])
  })

  it('says when the answer was changed on its way, and when a restart cut it off', () => {
    const { device } = bench()
    const lines: string[] = []
    const stop = watchTraffic(device, (traffic) => lines.push(traceLine(traffic)))
    const end = device.addBehaviour({ name: 'drop', apply: () => [] })
    device.receive(GET_PK)
    end()
    device.addBehaviour({ name: 'stall', apply: () => [{ kind: 'unplug', afterMs: 1000 }] })
    device.receive(GET_PK)
    device.reboot()
    stop()
    expect(lines).toEqual([
      '#1 in GET_PK ed25519 compressed -> out 32 B, changed on its way: 0 of 36 B, 0 us',
      '#2 in GET_PK ed25519 compressed -> out 32 B, changed on its way: 0 of 36 B, cut off by a restart',
    ])
  })

  it('holds no payload, but for its hex dump', () => {
    const { device } = bench()
    const traffic: Traffic[] = []
    watchTraffic(device, (each) => traffic.push(each))
    device.receive(hex(`ff0307001101023386`))
    expect(traceDump(traffic[0]!).slice(0, 2)).toEqual([
      '  in  0000  ff 03 07 00 11 01 02 33 86                       .......3.',
      '  out 0000  24 00 5e 9f e5 0e 76 13 be 77 19 5a a8 b2 07 8b  $.^...v..w.Z....',
    ])
    expect(traceDump(traffic[0]!)).toHaveLength(4)
    expect(hexDump(new Uint8Array())).toEqual([])
  })

  it('of noise without an end does not grow', () => {
    const { device } = bench()
    const traffic: Traffic[] = []
    watchTraffic(device, (each) => traffic.push(each))
    for (let round = 0; round < 100; round += 1) device.receive(new Uint8Array(10_000))
    device.receive(GET_PK)
    expect(traffic[0]!.sent.length).toBeLessThan(150_000)
    expect(traffic[0]!.sent.subarray(-GET_PK.length)).toEqual(GET_PK)
  })
})
