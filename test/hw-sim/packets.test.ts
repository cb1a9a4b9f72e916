import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { crc16, encodeCommand, joinBody, MODE, OPCODE, statusByte } from '../../src/device/tezio/index.js'
import { concatBytes, toHex } from '../../src/tezos/index.js'
import type { ProfileName, Status } from '../../hw-sim/index.js'
import { bench, bodyOf, GET_PK, GET_PK_REPLY, hex } from './bench.js'

/** More than any wait of the device. */
const LONG_MS = 1000

function statusOf(sent: Uint8Array, profile: ProfileName = 'stock'): string {
  const { device, clock, replies } = bench({ profile })
  device.receive(sent)
  clock.advance(LONG_MS)
  return replies.map((reply) => toHex(bodyOf(reply))).join()
}

const status = (name: Status) => statusByte(name).toString(16)

/** A packet whose declared length is a lie: the checksum is right for the bytes that are there. */
function lyingPacket(declared: number, size: number): Uint8Array {
  const frame = new Uint8Array(size)
  const view = new DataView(frame.buffer)
  view.setUint16(0, declared, true)
  view.setUint16(size - 2, crc16(frame.subarray(0, size - 2)), true)
  return concatBytes(Uint8Array.of(0x03), frame)
}

describe('errors while a packet is read', () => {
  it.each([
    ['a prefix alone', '03', 'packet-too-short', 'length-missing'],
    ['one length byte', '0307', 'packet-too-short', 'length-missing'],
    ['a packet cut short', '0320001101023386', 'checksum-wrong', 'packet-short'],
    ['a declared length of 0', '030000', 'packet-too-short', 'packet-too-short'],
    ['a declared length of 4', '0304000000', 'packet-too-short', 'packet-too-short'],
    ['a wrong checksum', '0307001101023387', 'checksum-wrong', 'checksum-wrong'],
  ] as const)('are overwritten on stock and reported by fixed (%s)', (_, sent, stock, fixed) => {
    expect(statusOf(hex(sent))).toBe(status(stock))
    expect(statusOf(hex(sent), 'fixed')).toBe(status(fixed))
  })

  it('leave a packet that is whole but for its declared length, which has its own status', () => {
    expect(statusOf(lyingPacket(20, 9))).toBe(status('packet-length-differs'))
    expect(statusOf(lyingPacket(20, 9), 'fixed')).toBe(status('packet-short'))
  })
})

describe('a packet longer than the receive buffer', () => {
  const body = (size: number) => new Uint8Array(size).fill(0x21)

  it('is read to its end, answered with one refusal, and harms nothing', () => {
    const packet = lyingPacket(1025, 1025)
    for (const [profile, name] of [
      ['stock', 'checksum-wrong'],
      ['fixed', 'packet-length-differs'],
    ] as const) {
      const { device, replies } = bench({ profile })
      device.receive(packet)
      device.receive(GET_PK)
      expect(replies.map((reply) => toHex(reply))).toEqual([toHex(replies[0]!), toHex(GET_PK_REPLY)])
      expect(toHex(bodyOf(replies[0]))).toBe(status(name))
    }
  })

  it('is refused whatever length it declares', () => {
    for (const declared of [1025, 2000, 0x8000, 0xffff]) {
      expect(statusOf(concatBytes(lyingPacket(declared, 1100), body(declared)))).toBe(
        status('checksum-wrong'),
      )
    }
  })

  it('is the first one that is refused: 1024 bytes are a command', () => {
    const { replies, device } = bench()
    const data = new Uint8Array(1015).fill(3)
    device.receive(
      encodeCommand(joinBody({ opcode: OPCODE.sign, param1: 1, param2: MODE.messageRaw, param3: 0, data })),
    )
    expect(bodyOf(replies[0])).toHaveLength(64)
  })
})

describe('the waits of the device', () => {
  it('let a command come in pieces within them', () => {
    const { device, clock, replies } = bench()
    device.receive(GET_PK.slice(0, 2))
    clock.advance(90)
    device.receive(GET_PK.slice(2, 5))
    clock.advance(50)
    device.receive(GET_PK.slice(5, 7))
    clock.advance(40)
    device.receive(GET_PK.slice(7))
    expect(replies).toEqual([GET_PK_REPLY])
    expect(clock.pending).toBe(0)
  })

  it('end after 101 ms for the length, and the late rest is noise', () => {
    const { device, clock, replies } = bench()
    device.receive(GET_PK.slice(0, 1))
    clock.advance(100.9)
    expect(replies).toHaveLength(0)
    clock.advance(0.2)
    expect(replies.map(bodyOf)).toEqual([hex('a6')])
    device.receive(GET_PK.slice(1))
    clock.advance(LONG_MS)
    expect(replies).toHaveLength(1)
    expect(device.counters.noiseBytes).toBe(7)
  })

  it('end 100 ms after the length for the rest, however often a byte came in between', () => {
    const { device, clock, replies } = bench()
    device.receive(GET_PK.slice(0, 4))
    for (const byte of GET_PK.slice(4, 7)) {
      clock.advance(33)
      device.receive(Uint8Array.of(byte))
    }
    clock.advance(2)
    expect(replies.map(bodyOf)).toEqual([hex('a7')])
  })

  it('leave the byte that came too early for a prefix of the next packet', () => {
    const { device, clock, replies } = bench()
    device.receive(hex('0303'))
    clock.advance(LONG_MS)
    expect(replies.map(bodyOf)).toEqual([hex('a6'), hex('a6')])
  })
})

describe('bytes before a prefix', () => {
  it('are skipped and counted', () => {
    const { device, replies } = bench()
    device.receive(concatBytes(new TextEncoder().encode('AT+CGMI\r\n'), GET_PK))
    expect(replies).toEqual([GET_PK_REPLY])
    expect(device.counters.noiseBytes).toBe(9)
  })
})

describe('a device that was sent anything at all', () => {
  it.each(['stock', 'fixed'] as const)('answers a valid command afterwards (%s)', (profile) => {
    const { device, clock, replies } = bench({ profile })
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 8 }),
        fc.nat(200),
        (pieces, pauseMs) => {
          for (const piece of pieces) {
            device.receive(piece)
            clock.advance(pauseMs)
          }
          clock.advance(100_000)
          replies.length = 0
          device.receive(GET_PK)
          expect(replies).toEqual([GET_PK_REPLY])
        },
      ),
    )
  })

  it.each(['stock', 'fixed'] as const)('answers every well-formed packet with one frame (%s)', (profile) => {
    const { ask } = bench({ profile })
    const bodies = fc.oneof(
      fc.uint8Array({ minLength: 1, maxLength: 1020 }),
      fc
        .tuple(
          fc.constantFrom(0x11, 0x21, 0x22),
          fc.nat(4),
          fc.nat(5),
          fc.nat(70),
          fc.uint8Array({ maxLength: 200 }),
        )
        .map(([opcode, param1, param2, param3, data]) => joinBody({ opcode, param1, param2, param3, data })),
    )
    fc.assert(
      fc.property(bodies, (body) => {
        expect([1, 32, 33, 36, 54, 55, 64, 98, 99]).toContain(ask(body).length)
      }),
    )
  })

  it('keeps at most 64 KiB of it while it is busy', () => {
    const { device, clock } = bench({ latency: 'board' })
    device.receive(GET_PK)
    device.receive(new Uint8Array(100_000))
    expect(device.counters.droppedBytes).toBe(100_000 - 65_536)
    clock.advance(LONG_MS)
    expect(device.counters.noiseBytes).toBe(65_536)
  })
})
