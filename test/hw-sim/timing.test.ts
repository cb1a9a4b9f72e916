import { describe, expect, it } from 'vitest'
import { encodeCommand, joinBody, MODE, OPCODE } from '../../src/device/tezio/index.js'
import { concatBytes } from '../../src/tezos/index.js'
import { createSimulatedTezio, type WireAction } from '../../hw-sim/index.js'
import { bench, bodyOf, GET_PK, GET_PK_REPLY, hex, TEST_KEYS, vote } from './bench.js'

const signing = (alias: number, mode: number = MODE.messageRaw) =>
  joinBody({ opcode: OPCODE.sign, param1: alias, param2: mode, param3: 0, data: hex('0301') })

describe('latency', () => {
  it.each([
    ['GET_PK', joinBody({ opcode: OPCODE.getPublicKey, param1: 3, param2: 1 }), 10],
    ['GET_PK as an address', joinBody({ opcode: OPCODE.getPublicKey, param1: 1, param2: 4 }), 110],
    ['SIGN with the authentication key', signing(0), 148],
    ['SIGN with Ed25519', signing(1), 850],
    ['SIGN with secp256k1', signing(2), 550],
    ['SIGN with P-256', signing(3), 148],
    [
      'VERIFY',
      joinBody({ opcode: OPCODE.verify, param1: 3, param2: 3, param3: 0, data: new Uint8Array(65) }),
      120,
    ],
  ])('of the board model is that of a board (%s)', (_, body, expectedMs) => {
    const { device, clock, replies } = bench({ latency: 'board' })
    device.receive(encodeCommand(body))
    expect(device.isBusy).toBe(true)
    clock.advance(expectedMs - 1)
    expect(replies).toHaveLength(0)
    clock.advance(1)
    expect(replies).toHaveLength(1)
    expect(device.isBusy).toBe(false)
  })

  it('is none for refusals and the default signature, even on the board model', () => {
    const { device, replies } = bench({ latency: 'board' })
    device.receive(encodeCommand(joinBody({ opcode: 0x99 })))
    device.receive(encodeCommand(signing(3, MODE.defaultSignature)))
    expect(replies).toHaveLength(2)
  })

  it('of the zero model is none: the answer comes within the call, and no timer is left', () => {
    const { device, clock, replies } = bench()
    device.receive(GET_PK)
    expect(replies).toEqual([GET_PK_REPLY])
    expect(clock.pending).toBe(0)
  })
})

describe('a busy device', () => {
  it('answers what arrives meanwhile afterwards, in order', () => {
    const { device, clock, replies } = bench({ latency: 'board' })
    device.receive(concatBytes(encodeCommand(signing(3)), GET_PK.slice(0, 3)))
    clock.advance(100)
    device.receive(concatBytes(GET_PK.slice(3), encodeCommand(signing(2))))
    clock.advance(48)
    expect(replies.map((reply) => bodyOf(reply).length)).toEqual([64])
    clock.advance(10)
    expect(replies.map((reply) => bodyOf(reply).length)).toEqual([64, 32])
    clock.advance(550)
    expect(replies.map((reply) => bodyOf(reply).length)).toEqual([64, 32, 64])
  })

  it('does not let the time it was busy count against a command that waited', () => {
    const { device, clock, replies } = bench({ latency: 'board' })
    device.receive(concatBytes(encodeCommand(signing(1)), GET_PK.slice(0, 1)))
    clock.advance(850 + 50)
    device.receive(GET_PK.slice(1))
    clock.advance(10)
    expect(replies.slice(1)).toEqual([GET_PK_REPLY])
  })

  it('forgets its reply, what waited and its marks when it is rebooted', () => {
    const { device, clock, replies, sign } = bench()
    expect(sign(3, vote(0x13, 5, 0))).toHaveLength(64)
    device.addBehaviour(delay(200))
    device.receive(concatBytes(GET_PK, GET_PK))
    device.reboot()
    clock.advance(1000)
    expect([replies.length, device.marks(), device.isBusy, device.counters.boots]).toEqual([1, [], false, 2])
    device.receive(GET_PK)
    clock.advance(200)
    expect(replies.at(-1)).toEqual(GET_PK_REPLY)
  })
})

const delay = (ms: number) => ({
  name: 'delay',
  apply: (actions: readonly WireAction[]) =>
    actions.map((action) => ({ ...action, afterMs: action.afterMs + ms })),
})

describe('behaviours', () => {
  it('are stacked: each gets what the one before made of the reply', () => {
    const { device, clock, replies } = bench()
    const removeDouble = device.addBehaviour({ name: 'double', apply: (actions) => [...actions, ...actions] })
    device.addBehaviour(delay(20))
    device.receive(GET_PK)
    expect(replies).toHaveLength(0)
    clock.advance(20)
    expect(replies).toEqual([GET_PK_REPLY, GET_PK_REPLY])
    removeDouble()
    device.receive(GET_PK)
    clock.advance(20)
    expect(replies).toHaveLength(3)
  })

  it('can leave a command unanswered, and the next one is answered', () => {
    const { device, replies } = bench()
    const remove = device.addBehaviour({ name: 'silence', apply: () => [] })
    device.receive(GET_PK)
    remove()
    device.receive(GET_PK)
    expect(replies).toEqual([GET_PK_REPLY])
    expect(device.log).toHaveLength(2)
  })

  it('can write a reply in pieces and pull the plug between them', () => {
    const { device, clock, replies } = bench()
    device.addBehaviour({
      name: 'cut',
      apply: (_, { exchange }) => [
        { kind: 'write', afterMs: 0, bytes: exchange.reply.slice(0, 10) },
        { kind: 'unplug', afterMs: 5 },
        { kind: 'write', afterMs: 6, bytes: exchange.reply.slice(10) },
      ],
    })
    device.receive(GET_PK)
    clock.advance(10)
    expect(replies.map((reply) => reply.length)).toEqual([10, 26])
  })

  it('see the exchange they shape', () => {
    const { device } = bench()
    const seen: unknown[] = []
    device.addBehaviour({
      name: 'look',
      apply: (actions, { exchange }) => {
        seen.push([exchange.number, exchange.name, exchange.outcome.kind])
        return actions
      },
    })
    device.receive(concatBytes(GET_PK, encodeCommand(joinBody({ opcode: 0x99 }))))
    expect(seen).toEqual([
      [1, 'GET_PK', 'value'],
      [2, undefined, 'refusal'],
    ])
  })
})

describe('what can be observed', () => {
  it('is every byte, both ways', () => {
    const { device } = bench()
    const seen: [string, Uint8Array][] = []
    const stop = device.onBytes((direction, bytes) => seen.push([direction, bytes]))
    device.receive(GET_PK)
    device.transmit(hex('41'))
    stop()
    device.receive(GET_PK)
    expect(seen).toEqual([
      ['in', GET_PK],
      ['out', GET_PK_REPLY],
      ['out', hex('41')],
    ])
    expect(device.counters).toMatchObject({ bytesIn: 16, bytesOut: 2 * GET_PK_REPLY.length + 1 })
  })

  it('is the last exchanges, and counters that do not forget', () => {
    const { device, sign } = bench({ logSize: 2 })
    for (const body of ['0301', '0401', '0302']) sign(1, hex(body))
    expect(device.log.map(({ number, name, command }) => [number, name, command?.data])).toEqual([
      [2, 'SIGN', hex('0401')],
      [3, 'SIGN', hex('0302')],
    ])
    expect(device.counters).toMatchObject({ exchanges: 3, refusals: 1, signatures: 2 })
  })

  it('is how long each exchange took', () => {
    const { device, clock } = bench({ latency: 'board' })
    const micros: number[] = []
    device.onExchange((_, took) => micros.push(took))
    device.receive(GET_PK)
    clock.advance(10)
    expect(micros).toEqual([10_000])
  })
})

describe('the cable', () => {
  it('is one: a second cannot be put in before the first is out', () => {
    const device = createSimulatedTezio({ keys: TEST_KEYS })
    const wire = { send: () => undefined, unplug: () => undefined }
    const disconnect = device.connect(wire)
    expect(() => device.connect(wire)).toThrow('connected already')
    disconnect()
    device.connect(wire)
  })

  it('may be missing: replies are lost then, and not counted as sent', () => {
    const device = createSimulatedTezio({ keys: TEST_KEYS })
    device.receive(GET_PK)
    expect(device.counters).toMatchObject({ exchanges: 1, bytesOut: 0 })
  })
})

describe('the system clock', () => {
  it('ends the wait for a packet that never comes', async () => {
    const device = createSimulatedTezio({ keys: TEST_KEYS })
    const answered = new Promise<number>((resolve) => {
      device.onExchange((_, micros) => {
        resolve(micros)
      })
    })
    const startedMs = performance.now()
    device.receive(hex('03'))
    await answered
    expect(performance.now() - startedMs).toBeGreaterThanOrEqual(100)
    expect(device.log[0]?.outcome).toEqual({ kind: 'refusal', status: 'packet-too-short' })
  })
})
