import { describe, expect, it } from 'vitest'
import { createSimulatedTezio, FaultError, FaultRack, FAULTS, type ArmOptions } from '../../hw-sim/index.js'
import { encodeFrame, joinBody, MODE, OPCODE, scanReply } from '../../src/device/tezio/index.js'
import {
  decodeSignature,
  equalBytes,
  normaliseSignature,
  payloadDigest,
  verifySignature,
} from '../../src/tezos/index.js'
import { bodyOf, GET_PK, GET_PK_REPLY, hex, TEST_KEYS, vote } from './bench.js'
import { faultBench, type Sent } from './faults-bench.js'

const GET_PK_BODY = hex('110102')
const signing = (alias: number, data: Uint8Array, mode: number = MODE.messageRaw) =>
  joinBody({ opcode: OPCODE.sign, param1: alias, param2: mode, param3: 0, data })

/** What comes back for GET_PK with one fault armed. */
function struck(name: string, parameters?: unknown, ms = 10_000): readonly Sent[] {
  const { rack, ask } = faultBench()
  rack.arm(name, parameters)
  const sent = ask(GET_PK_BODY, ms)
  expect(rack.counters()[name]).toBe(1)
  return sent
}

const ascii = (text: string) => new TextEncoder().encode(text)

describe('a fault of the reply shows on the wire:', () => {
  it('drop-reply sends nothing, and the command was carried out', () => {
    const { rack, ask, device } = faultBench()
    rack.arm('drop-reply')
    expect(ask(signing(3, vote(0x13, 7, 1)))).toEqual([])
    expect(device.marks()).toMatchObject([{ alias: 3, magicByte: 0x13, level: 7, round: 1 }])
  })

  it('late-reply sends the whole reply so many milliseconds later', () => {
    expect(struck('late-reply', { ms: 1200 })).toEqual([[1200, GET_PK_REPLY]])
    expect(struck('late-reply', { ms: 1200 }, 1199)).toEqual([])
  })

  it('truncate sends the first bytes only', () => {
    expect(struck('truncate', { keep: 5 })).toEqual([[0, GET_PK_REPLY.slice(0, 5)]])
    expect(struck('truncate', { keep: 0 })).toEqual([])
  })

  it('flip-bit inverts one bit, and the CRC does not fit any more', () => {
    const [[, bytes] = [0, new Uint8Array()]] = struck('flip-bit', { bit: 8 * 4 + 3 })
    expect(bytes).toEqual(GET_PK_REPLY.map((byte, index) => (index === 4 ? byte ^ 8 : byte)))
    expect(scanReply(bytes)).toMatchObject({ kind: 'noise', reason: 'bad-crc' })
  })

  it('flip-bit counts round when the reply is shorter', () => {
    const bit = 8 * (GET_PK_REPLY.length + 2)
    expect(struck('flip-bit', { bit })).toEqual([
      [0, GET_PK_REPLY.map((byte, index) => (index === 2 ? byte ^ 1 : byte))],
    ])
  })

  it('wrong-crc inverts the last two bytes', () => {
    const expected = GET_PK_REPLY.map((byte, index) =>
      index >= GET_PK_REPLY.length - 2 ? byte ^ 0xff : byte,
    )
    expect(struck('wrong-crc')).toEqual([[0, expected]])
  })

  it('duplicate-reply sends it twice', () => {
    expect(struck('duplicate-reply', { ms: 4 })).toEqual([
      [0, GET_PK_REPLY],
      [4, GET_PK_REPLY],
    ])
  })

  it('extra-bytes follow it', () => {
    expect(struck('extra-bytes', { hex: 'DEADbeef' })).toEqual([
      [0, GET_PK_REPLY],
      [0, hex('deadbeef')],
    ])
  })

  it('byte-by-byte sends one byte per write, so far apart', () => {
    expect(struck('byte-by-byte', { ms: 3 })).toEqual(
      Array.from(GET_PK_REPLY, (byte, index) => [index * 3, Uint8Array.of(byte)]),
    )
  })

  it('noise comes before a reply, or after it', () => {
    expect(struck('noise', { text: 'debug\r\n', ms: 2 })).toEqual([
      [0, ascii('debug\r\n')],
      [2, GET_PK_REPLY],
    ])
    expect(struck('noise', { where: 'after', text: 'debug\r\n', ms: 2 })).toEqual([
      [0, GET_PK_REPLY],
      [2, ascii('debug\r\n')],
    ])
  })

  it('replace-reply sends other bytes', () => {
    expect(struck('replace-reply', { hex: '0500a1ffff' })).toEqual([[0, hex('0500a1ffff')]])
  })
})

const message = hex('0301020304')
const digest = payloadDigest(message)

describe('a fault of the signature shows in a well-formed reply:', () => {
  const signed = (name: string, alias: 1 | 2 | 3, parameters?: unknown, mode: number = MODE.messageRaw) => {
    const { rack, ask } = faultBench()
    rack.arm(name, parameters)
    const body = bodyOf(ask(signing(alias, message, mode))[0]?.[1])
    return { body, count: rack.counters()[name] }
  }
  const key = { 1: TEST_KEYS.ed25519, 2: TEST_KEYS.secp256k1, 3: TEST_KEYS.p256 } as const

  it.each([1, 2, 3] as const)(
    'wrong-signature of key %i never verifies, whichever way it is wrong',
    (alias) => {
      for (const how of ['bit-flip', 'other-key', 'other-message', 'zeros']) {
        const { body, count } = signed('wrong-signature', alias, { how })
        expect([how, body.length, count]).toEqual([how, 64, 1])
        expect([how, verifySignature(key[alias].publicKey, digest, body)]).toEqual([how, false])
      }
      expect(signed('wrong-signature', alias, { how: 'zeros' }).body).toEqual(new Uint8Array(64))
    },
  )

  it('wrong-signature by another message is one by the key', () => {
    const { body } = signed('wrong-signature', 3, { how: 'other-message' })
    expect(verifySignature(TEST_KEYS.p256.publicKey, payloadDigest(digest), body)).toBe(true)
  })

  it('wrong-signature keeps the text form that was asked for', () => {
    const { body } = signed('wrong-signature', 2, { how: 'zeros' }, MODE.messageBase58)
    expect(decodeSignature('secp256k1', new TextDecoder().decode(body))).toEqual(new Uint8Array(64))
  })

  it.each([2, 3] as const)('repeated-r: two signatures of key %i verify, and share their R', (alias) => {
    const { rack, ask } = faultBench()
    rack.arm('repeated-r')
    const messages = [hex('0301'), hex('0302')]
    const [first, second] = messages.map((data) => bodyOf(ask(signing(alias, data))[0]?.[1]))
    for (const [index, signature] of [first!, second!].entries()) {
      expect(verifySignature(key[alias].publicKey, payloadDigest(messages[index]!), signature)).toBe(true)
    }
    expect(first!.slice(0, 32)).toEqual(second!.slice(0, 32))
    expect(first!.slice(32)).not.toEqual(second!.slice(32))
    expect(rack.counters()).toMatchObject({ 'repeated-r': 2 })
  })

  it('repeated-r and high-s leave Ed25519 alone, and do not count it', () => {
    for (const name of ['repeated-r', 'high-s']) {
      const { body, count } = signed(name, 1)
      expect([verifySignature(TEST_KEYS.ed25519.publicKey, digest, body), count]).toEqual([true, 0])
    }
  })

  it('high-s: refused for secp256k1 until it is normalised, valid for P-256', () => {
    for (let round = 0; round < 8; round += 1) {
      const { body } = signed('high-s', 2)
      const { publicKey } = TEST_KEYS.secp256k1
      expect(verifySignature(publicKey, digest, body)).toBe(false)
      expect(verifySignature(publicKey, digest, normaliseSignature('secp256k1', body))).toBe(true)
      const other = signed('high-s', 3).body
      expect(other[32]).toBeGreaterThanOrEqual(0x7f)
      expect(verifySignature(TEST_KEYS.p256.publicKey, digest, other)).toBe(true)
    }
  })

  it('none of them touches what is no signature', () => {
    const { rack, ask } = faultBench()
    for (const name of ['wrong-signature', 'repeated-r', 'high-s']) rack.arm(name)
    expect(ask(GET_PK_BODY)).toEqual([[0, GET_PK_REPLY]])
    const byDefault = ask(hex('210300'))
    rack.disarmAll()
    expect(ask(hex('210300'))).toEqual(byDefault)
    expect(Object.values(rack.counters()).every((count) => count === 0)).toBe(true)
  })
})

describe('a fault of the device shows on the wire:', () => {
  it('refuse answers the byte of your choice, a name or none, and raises no mark', () => {
    for (const status of [0xa1, 0xd4, 0x00, 0x77]) {
      const { rack, ask, device } = faultBench()
      rack.arm('refuse', { status })
      expect(ask(signing(3, vote(0x13, 7, 0)))).toEqual([[0, encodeFrame(Uint8Array.of(status))]])
      expect([device.marks(), device.counters.signatures]).toEqual([[], 0])
    }
  })

  it('refuse after the command was carried out has raised its mark', () => {
    const { rack, ask, device } = faultBench()
    rack.arm('refuse', { status: '0xB8', when: 'after' })
    expect(ask(signing(3, vote(0x13, 7, 0)))).toEqual([[0, encodeFrame(hex('b8'))]])
    expect(device.marks()).toHaveLength(1)
  })

  it('secure-element fails where the firmware asks it, after the mark was raised', () => {
    const { rack, ask, device } = faultBench()
    const { id } = rack.arm('secure-element', { failure: 'secure-element-sign-failed' })
    expect(ask(signing(3, vote(0x13, 7, 0)))).toEqual([[0, encodeFrame(hex('af'))]])
    expect(ask(GET_PK_BODY)).toEqual([[0, GET_PK_REPLY]])
    expect([device.marks().length, rack.counters()['secure-element']]).toEqual([1, 1])
    rack.disarm(id)
    expect(bodyOf(ask(signing(3, vote(0x13, 8, 0)))[0]?.[1])).toHaveLength(64)
    rack.arm('secure-element')
    expect(ask(GET_PK_BODY)).toEqual([[0, encodeFrame(hex('a1'))]])
  })

  it('stall answers nothing, not even later commands, until its time is over', () => {
    const { rack, ask, clock, device, sent } = faultBench()
    rack.arm('stall', { ms: 5000 }, { times: 1 })
    expect(ask(GET_PK_BODY, 4000)).toEqual([])
    device.receive(GET_PK)
    clock.advance(999)
    expect(sent).toEqual([])
    clock.advance(1)
    expect(sent).toEqual([[5000, GET_PK_REPLY]])
  })

  it('stall for good ends with a reboot, or when it is disarmed, which answers what waited', () => {
    const { rack, ask, clock, device } = faultBench()
    rack.arm('stall', {}, { times: 1 })
    expect(ask(GET_PK_BODY, 86_400_000)).toEqual([])
    device.reboot()
    expect(ask(GET_PK_BODY)).toHaveLength(1)
    const { id } = rack.arm('stall')
    expect(ask(GET_PK_BODY, 1000)).toEqual([])
    const before = device.counters.bytesOut
    rack.disarm(id)
    device.receive(GET_PK)
    expect([device.counters.bytesOut - before, clock.pending, device.isBusy]).toEqual([
      GET_PK_REPLY.length,
      0,
      false,
    ])
  })

  it.each(['before', 'after'])('reboot %s the reply loses the marks', (when) => {
    const { rack, ask, device } = faultBench()
    rack.arm('reboot', { when }, { times: 1 })
    expect(ask(signing(3, vote(0x13, 7, 0)), 1000)).toHaveLength(when === 'before' ? 0 : 1)
    expect([device.marks(), device.counters.boots]).toEqual([[], 2])
    expect(bodyOf(ask(signing(3, vote(0x13, 7, 0)))[0]?.[1])).toHaveLength(64)
  })
})

describe('a fault of the plug:', () => {
  it('unplug pulls it after so many bytes, and it stays out until it is disarmed', () => {
    const { rack, ask, port, clock, device } = faultBench()
    const { id } = rack.arm('unplug', { after: 3 })
    expect(ask(GET_PK_BODY)).toEqual([[0, GET_PK_REPLY.slice(0, 3)]])
    clock.advance(86_400_000)
    expect([port.happened, device.counters.boots]).toEqual([['out'], 2])
    rack.disarm(id)
    expect(port.happened).toEqual(['out', 'in as first'])
    expect(ask(GET_PK_BODY)).toEqual([[0, GET_PK_REPLY]])
  })

  it('unplug before the first byte sends none, and after all of them sends all', () => {
    for (const after of [0, GET_PK_REPLY.length, 1024]) {
      const { rack, ask, port } = faultBench()
      rack.arm('unplug', { after })
      expect(ask(GET_PK_BODY)).toHaveLength(after === 0 ? 0 : 1)
      expect(port.isIn).toBe(false)
    }
  })

  it('replug puts it back under the same name', () => {
    const { rack, ask, port, clock } = faultBench()
    rack.arm('replug', { ms: 700 }, { times: 1 })
    expect(ask(GET_PK_BODY, 699)).toEqual([])
    expect(port.isIn).toBe(false)
    clock.advance(1)
    expect(port.happened).toEqual(['out', 'in as first'])
    expect(ask(GET_PK_BODY)).toEqual([[0, GET_PK_REPLY]])
  })

  it('replug puts it back under another name', () => {
    const { rack, ask, port } = faultBench()
    rack.arm('replug', { ms: 700, link: 'second' }, { times: 1 })
    ask(GET_PK_BODY, 700)
    expect(port.happened).toEqual(['out', 'in as second'])
  })

  it('replug puts back a board with other keys, and later the first one', () => {
    const { rack, ask, port } = faultBench()
    rack.arm('replug', { ms: 5, keys: 'first' }, { times: 1, when: ({ received }) => received.number === 2 })
    rack.arm('replug', { ms: 5, keys: 'other' }, { times: 1 })
    ask(GET_PK_BODY, 5)
    expect(ask(GET_PK_BODY, 5)).toEqual([])
    expect(ask(GET_PK_BODY)).toEqual([[0, GET_PK_REPLY]])
    rack.arm('replug', { ms: 5, keys: 'other' }, { times: 1 })
    ask(GET_PK_BODY, 5)
    const [[, other] = [0, new Uint8Array()]] = ask(GET_PK_BODY)
    expect([other.length, equalBytes(other, GET_PK_REPLY)]).toEqual([GET_PK_REPLY.length, false])
    expect(port.isIn).toBe(true)
  })

  it('replug that is disarmed while the plug is out puts it back at once, and not again', () => {
    const { rack, ask, port, clock } = faultBench()
    rack.arm('replug', { ms: 700 }, { times: 1 })
    ask(GET_PK_BODY)
    rack.disarmAll()
    expect([port.happened, clock.pending]).toEqual([['out', 'in as first'], 0])
  })

  it('a pull while it is out calls off that it is put back', () => {
    const { rack, ask, port, clock } = faultBench()
    const { id } = rack.arm('unplug', {}, { when: () => false })
    rack.arm('replug', { ms: 700 }, { times: 1 })
    ask(GET_PK_BODY)
    rack.strikeNow(id)
    clock.advance(1000)
    expect(port.happened).toEqual(['out'])
  })

  it('zero-read-storm hangs up in the moment of the reply', () => {
    const { rack, ask, port } = faultBench()
    rack.arm('zero-read-storm')
    expect(ask(GET_PK_BODY)).toEqual([[0, GET_PK_REPLY]])
    expect(port.happened).toEqual(['hang-up', 'out'])
  })

  it('a plug that cannot be put back is a warning, never an exception', async () => {
    const { rack, ask, port, clock } = faultBench()
    rack.arm('replug', { ms: 1 }, { times: 1 })
    port.replug = () => {
      throw new Error('the link is occupied')
    }
    const warned = new Promise<Error>((resolve) => process.once('warning', resolve))
    ask(GET_PK_BODY)
    clock.advance(1)
    expect((await warned).message).toContain('the link is occupied')
  })
})

describe('a rack', () => {
  const codeOf = (name: string, parameters?: unknown, options?: ArmOptions) => {
    const { rack } = faultBench()
    try {
      rack.arm(name, parameters, options)
      return undefined
    } catch (error) {
      expect(rack.list()).toEqual([])
      return error instanceof FaultError ? error.code : error
    }
  }

  it('asks the newest fault first', () => {
    const { rack, ask } = faultBench()
    rack.arm('truncate', { keep: 4 })
    rack.arm('noise', { text: 'ab' })
    expect(ask(GET_PK_BODY).map(([, bytes]) => bytes)).toEqual([ascii('ab'), GET_PK_REPLY.slice(0, 2)])
    rack.disarmAll()
    rack.arm('noise', { text: 'ab' })
    rack.arm('truncate', { keep: 4 })
    expect(ask(GET_PK_BODY).map(([, bytes]) => bytes)).toEqual([ascii('ab'), GET_PK_REPLY.slice(0, 4)])
    rack.disarmAll()
    rack.arm('refuse', { status: 0xa1 })
    rack.arm('refuse', { status: 0xa2 })
    expect(ask(GET_PK_BODY)).toEqual([[0, encodeFrame(hex('a2'))]])
  })

  it('lists what is armed, newest first, with its parameters and count, until it struck often enough', () => {
    const { rack, ask } = faultBench()
    const first = rack.arm('late-reply', { ms: 1 }, { times: 2 })
    rack.arm('noise', { text: 'x' })
    ask(GET_PK_BODY, 1)
    expect(rack.list()).toEqual([
      { id: 2, name: 'noise', parameters: { where: 'before', text: 'x', ms: 0 }, count: 1 },
      { id: 1, name: 'late-reply', parameters: { ms: 1 }, count: 1 },
    ])
    expect(first).toEqual({ id: 1, name: 'late-reply', parameters: { ms: 1 }, count: 0 })
    ask(GET_PK_BODY, 1)
    expect(rack.list().map(({ id }) => id)).toEqual([2])
    expect([rack.disarm(1), rack.disarm(2), rack.disarm(2)]).toEqual([false, true, false])
    expect(ask(GET_PK_BODY)).toEqual([[0, GET_PK_REPLY]])
    expect(rack.counters()).toMatchObject({ 'late-reply': 2, noise: 2, truncate: 0 })
  })

  it('counts only packets in which a fault had something to do', () => {
    const { rack, ask } = faultBench()
    rack.arm('drop-reply')
    const older = rack.list()[0]!
    rack.disarm(older.id)
    rack.arm('truncate')
    rack.arm('drop-reply')
    rack.arm('wrong-signature')
    ask(GET_PK_BODY)
    expect(rack.counters()).toMatchObject({ truncate: 0, 'drop-reply': 1, 'wrong-signature': 0 })
  })

  it('that is disarmed as a whole lets happen at once what it held back, and puts it right', () => {
    const { rack, ask, port, clock } = faultBench()
    rack.arm('unplug')
    rack.arm('late-reply', { ms: 3_600_000 })
    ask(GET_PK_BODY)
    rack.disarmAll()
    expect([port.happened, clock.pending]).toEqual([['out', 'in as first'], 0])
    expect(ask(GET_PK_BODY)).toEqual([[0, GET_PK_REPLY]])
  })

  it('lets noise, a reboot and the plug act without a command', () => {
    const { rack, device, port, sent } = faultBench()
    const acts = ['noise', 'reboot', 'unplug'].map((name) => rack.strikeNow(rack.arm(name).id))
    expect(acts).toEqual([true, true, true])
    expect([sent.length, device.counters.boots, port.happened]).toEqual([1, 3, ['out']])
    expect([rack.strikeNow(rack.arm('truncate').id), rack.strikeNow(99)]).toEqual([false, false])
  })

  it('refuses by name what it cannot arm', () => {
    expect(codeOf('nonsense')).toBe('unknown-fault')
    expect(codeOf('__proto__')).toBe('unknown-fault')
    expect(codeOf('drop-reply', { ms: 1 })).toBe('bad-parameters')
    expect(codeOf('late-reply', { ms: -1 })).toBe('bad-parameters')
    expect(codeOf('late-reply', { ms: 3_600_001 })).toBe('bad-parameters')
    expect(codeOf('late-reply', { ms: 'soon' })).toBe('bad-parameters')
    expect(codeOf('late-reply', 'late')).toBe('bad-parameters')
    expect(codeOf('late-reply', [])).toBe('bad-parameters')
    expect(codeOf('extra-bytes', { hex: 'xyz' })).toBe('bad-parameters')
    expect(codeOf('noise', { text: 'ü' })).toBe('bad-parameters')
    expect(codeOf('wrong-signature', { how: 'slightly' })).toBe('bad-parameters')
    expect(codeOf('drop-reply', {}, { times: 0 })).toBe('bad-parameters')
    expect(codeOf('drop-reply', {}, { times: 1.5 })).toBe('bad-parameters')
    expect(codeOf('late-reply', { ms: '250' })).toBeUndefined()
    expect(codeOf('late-reply', null)).toBeUndefined()
  })

  it('names the parameter and what it takes', () => {
    const { rack } = faultBench()
    expect(() => rack.arm('late-reply', { ms: 'soon' })).toThrow(
      'late-reply: ms: expected a whole number from 0 to 3600000',
    )
    expect(() => rack.arm('refuse', { status: 256 })).toThrow('refuse: status:')
    expect(() => rack.arm('truncate', { kep: 4 })).toThrow('kep')
  })

  it('says what is not possible where there is no plug, or none that storms', () => {
    const { device } = faultBench()
    const bare = new FaultRack({ device, port: undefined })
    for (const name of ['unplug', 'replug', 'zero-read-storm']) {
      expect(() => bare.arm(name)).toThrow(expect.objectContaining({ code: 'not-possible-here' }))
    }
    const binding = { unplug: () => undefined, replug: () => undefined }
    const rack = new FaultRack({ device, port: binding })
    expect(() => rack.arm('zero-read-storm')).toThrow(expect.objectContaining({ code: 'not-possible-here' }))
    expect(rack.arm('unplug').id).toBe(1)
  })

  it('offers every fault with a description on one line, and its parameters at their defaults', () => {
    for (const { name, description, parameters } of FAULTS) {
      const { rack } = faultBench()
      const defaults = Object.fromEntries(parameters.map((parameter) => [parameter.name, parameter.default]))
      expect(rack.arm(name).parameters).toEqual(defaults)
      expect(rack.arm(name, defaults).parameters).toEqual(defaults)
      expect(description).toMatch(/^[^\n]{10,120}$/)
    }
    expect(new Set(FAULTS.map(({ name }) => name)).size).toBe(FAULTS.length)
  })
})

describe('with the board latency', () => {
  it('a late reply adds to the time the device takes', () => {
    const { rack, ask } = faultBench({ latency: 'board' })
    rack.arm('late-reply', { ms: 300 })
    expect(ask(GET_PK_BODY, 1000)).toEqual([[310, GET_PK_REPLY]])
  })

  it('the device is as busy with a reply that is dropped', () => {
    const { rack, ask, device, clock } = faultBench({ latency: 'board' })
    rack.arm('drop-reply')
    expect([ask(GET_PK_BODY, 9), device.isBusy]).toEqual([[], true])
    clock.advance(1)
    expect(device.isBusy).toBe(false)
  })

  it('disarming what has struck nothing does not hurry the device', () => {
    const { rack, ask, sent, clock } = faultBench({ latency: 'board' })
    rack.arm('wrong-signature')
    expect(ask(GET_PK_BODY, 5)).toEqual([])
    rack.disarmAll()
    expect(sent).toEqual([])
    clock.advance(5)
    expect(sent).toHaveLength(1)
  })
})

it('no wait is longer than a timer can be set to, which would run at once', () => {
  const delays: number[] = []
  const clock = {
    now: () => 0,
    schedule: (delayMs: number) => {
      delays.push(delayMs)
      return () => undefined
    },
  }
  const device = createSimulatedTezio({ keys: TEST_KEYS, clock })
  device.addBehaviour({
    name: 'far off',
    apply: (actions) => actions.map((action) => ({ ...action, afterMs: 2 ** 33 })),
  })
  device.receive(GET_PK)
  expect(delays).toEqual([2 ** 31 - 1])
})
