import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parseScenario, playScenario } from '../../hw-sim/index.js'
import { encodeFrame, joinBody, MODE, OPCODE } from '../../src/device/tezio/index.js'
import { concatBytes, equalBytes, payloadDigest, verifySignature } from '../../src/tezos/index.js'
import { bodyOf, GET_PK_REPLY, hex, TEST_KEYS, vote } from './bench.js'
import { faultBench, type Sent } from './faults-bench.js'

const FOLDER = new URL('../../hw-sim/scenarios/', import.meta.url)
const FILES = readdirSync(FOLDER).filter((name) => name.endsWith('.yaml'))

const GET_PK_BODY = hex('110102')
const signing = (level: number, round = 0, alias = 3) =>
  joinBody({
    opcode: OPCODE.sign,
    param1: alias,
    param2: MODE.messageRaw,
    param3: 0,
    data: vote(0x13, level, round),
  })
const digestOf = (level: number) => payloadDigest(vote(0x13, level, 0))
const refused = (status: string) => encodeFrame(hex(status))

const played = new Set<string>()

/** A device that lives through a ready-made day. */
function day(name: string) {
  played.add(`${name}.yaml`)
  const file = `${name}.yaml`
  const text = readFileSync(new URL(file, FOLDER), 'utf8')
  const made = faultBench()
  playScenario(parseScenario(text, file), { device: made.device, port: made.port }, made.rack)
  return made
}

const whole = (sent: readonly Sent[]) => concatBytes(...sent.map(([, bytes]) => bytes))
const isGood = (sent: readonly Sent[], level: number) =>
  verifySignature(TEST_KEYS.p256.publicKey, digestOf(level), bodyOf(whole(sent)))

describe('the ready-made day', () => {
  it('lost-reply: nothing comes, asking again is refused, the next level is signed', () => {
    const { ask } = day('lost-reply')
    expect(ask(signing(5), 10_000)).toEqual([])
    expect(whole(ask(signing(5)))).toEqual(refused('d4'))
    expect(isGood(ask(signing(6)), 6)).toBe(true)
  })

  it('late-reply: the second signature comes 2.5 s late', () => {
    const { ask } = day('late-reply')
    expect(isGood(ask(signing(5)), 5)).toBe(true)
    const late = ask(signing(6), 10_000)
    expect([late[0]?.[0], isGood(late, 6)]).toEqual([2500, true])
  })

  it('bad-cable: some replies are cut, some damaged, some in single bytes, most whole; the same ones every time', () => {
    const run = () => {
      const { ask } = day('bad-cable')
      return Array.from({ length: 200 }, () => ask(GET_PK_BODY, 200))
    }
    const replies = run()
    const kinds = replies.map((sent) => {
      const bytes = whole(sent)
      return bytes.length < GET_PK_REPLY.length
        ? 'cut'
        : equalBytes(bytes, GET_PK_REPLY)
          ? 'whole'
          : 'damaged'
    })
    for (const kind of ['cut', 'damaged', 'whole']) expect(kinds).toContain(kind)
    expect(replies.some((sent) => sent.length === GET_PK_REPLY.length)).toBe(true)
    expect(kinds.filter((kind) => kind === 'whole').length).toBeGreaterThan(100)
    expect(run()).toEqual(replies)
  })

  it('chatty-firmware: every reply stands between two lines', () => {
    const { ask } = day('chatty-firmware')
    const line = (text: string) => new TextEncoder().encode(text)
    for (let round = 0; round < 3; round += 1) {
      expect(ask(GET_PK_BODY).map(([, bytes]) => bytes)).toEqual([
        line('debug: packet received\r\n'),
        GET_PK_REPLY,
        line('debug: ready\r\n'),
      ])
    }
  })

  it('babbling-device: keys come twice, signatures with the beginning of another frame behind them', () => {
    const { ask } = day('babbling-device')
    expect(whole(ask(GET_PK_BODY))).toEqual(concatBytes(GET_PK_REPLY, GET_PK_REPLY))
    const [[, signature] = [0, new Uint8Array()], [, extra] = [0, new Uint8Array()]] = ask(signing(5))
    expect([isGood([[0, signature]], 5), extra]).toEqual([true, hex('4400ffffffff')])
  })

  it('forged-signatures: four well-formed ones that do not verify, then a good one', () => {
    const { ask } = day('forged-signatures')
    expect([5, 6, 7, 8, 9].map((level) => isGood(ask(signing(level)), level))).toEqual([
      false,
      false,
      false,
      false,
      true,
    ])
  })

  it('repeated-nonce: two signatures verify and share their R, the third does not', () => {
    const { ask } = day('repeated-nonce')
    const replies = [5, 6, 7].map((level) => ask(signing(level)))
    expect(replies.map((sent, index) => isGood(sent, 5 + index))).toEqual([true, true, true])
    const [first, second, third] = replies.map((sent) => bodyOf(whole(sent)).slice(0, 32))
    expect([equalBytes(first!, second!), equalBytes(second!, third!)]).toEqual([true, false])
  })

  it('reboot-forgets-marks: level 100 is signed, and again, and not a third time', () => {
    const { ask, device } = day('reboot-forgets-marks')
    expect(isGood(ask(signing(99)), 99)).toBe(true)
    expect(isGood(ask(signing(100)), 100)).toBe(true)
    expect([device.marks(), device.counters.boots]).toEqual([[], 2])
    expect(isGood(ask(signing(100)), 100)).toBe(true)
    expect(whole(ask(signing(100)))).toEqual(refused('d4'))
  })

  it('loose-plug: 30 bytes of the second signature, and the port is back after 1.5 s; once more after a minute', () => {
    const { ask, port, clock } = day('loose-plug')
    ask(signing(5))
    expect(whole(ask(signing(6)))).toHaveLength(30)
    expect(port.isIn).toBe(false)
    clock.advance(1500)
    expect(isGood(ask(signing(7)), 7)).toBe(true)
    clock.advance(60_000)
    expect(port.happened).toEqual(['out', 'in as first', 'out', 'in as first'])
  })

  it('wrong-board: another key answers after the first signature, and the right one after 30 s', () => {
    const { ask, clock } = day('wrong-board')
    expect(ask(signing(5), 500)).toEqual([])
    const other = whole(ask(GET_PK_BODY))
    expect([other.length, equalBytes(other, GET_PK_REPLY)]).toEqual([GET_PK_REPLY.length, false])
    clock.advance(30_500)
    expect(whole(ask(GET_PK_BODY))).toEqual(GET_PK_REPLY)
  })

  it('failing-secure-element: after 10 s some votes are refused with 0xAF, and have raised the mark', () => {
    const { ask, clock } = day('failing-secure-element')
    expect(isGood(ask(signing(1)), 1)).toBe(true)
    clock.advance(20_000)
    expect(whole(ask(GET_PK_BODY))).toEqual(refused('a1'))
    const failed = Array.from({ length: 40 }, (_, index) => index + 2).filter((level) => {
      const reply = whole(ask(signing(level)))
      return equalBytes(reply, refused('af')) && equalBytes(whole(ask(signing(level))), refused('d4'))
    })
    expect(failed.length).toBeGreaterThan(2)
    clock.advance(600_000)
    expect(whole(ask(GET_PK_BODY))).toEqual(GET_PK_REPLY)
  })

  it('hung-device: the third signature never comes, nor anything after it, until a restart', () => {
    const { ask, device } = day('hung-device')
    expect([5, 6].map((level) => isGood(ask(signing(level)), level))).toEqual([true, true])
    expect(ask(signing(7), 3_600_000)).toEqual([])
    expect(ask(GET_PK_BODY, 3_600_000)).toEqual([])
    device.reboot()
    expect(whole(ask(GET_PK_BODY))).toEqual(GET_PK_REPLY)
  })

  it('zero-read-storm: the port hangs up with the second signature, and a new one comes after 3 s', () => {
    const { ask, port, clock } = day('zero-read-storm')
    ask(signing(5))
    expect(isGood(ask(signing(6)), 6)).toBe(true)
    expect(port.happened).toEqual(['hang-up', 'out'])
    clock.advance(3000)
    expect(port.isIn).toBe(true)
  })
})

describe('the ready-made days', () => {
  it('are at least eight, and each is played above', () => {
    expect(FILES.length).toBeGreaterThanOrEqual(8)
    expect([...played].sort()).toEqual([...FILES].sort())
  })

  it.each(FILES)('%s begins with a sentence of what it teaches', (name) => {
    const text = readFileSync(new URL(name, FOLDER), 'utf8')
    expect(text).toMatch(/^teaches: /)
    expect(parseScenario(text, name).teaches).toMatch(/^[A-Z][^\n]{30,180}[.)]$/)
  })
})
