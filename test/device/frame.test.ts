import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  crc16,
  encodeCommand,
  encodeFrame,
  MAX_REPLY_SIZE,
  scanReply,
  statusByte,
  statusName,
  STATUS_BYTES,
} from '../../src/device/tezio/index.js'
import { ReplyBuffer } from '../../src/device/reply-buffer.js'
import { concatBytes, toHex } from '../../src/tezos/index.js'
import { bytes, transcripts } from './support.js'

const body = fc.uint8Array({ minLength: 1, maxLength: 99 })

describe('the checksum', () => {
  it('has the published check value', () => {
    expect(crc16(new TextEncoder().encode('123456789'))).toBe(0xfee8)
  })

  it('is the one of every recorded command and reply', () => {
    const whole = transcripts.filter(({ name }) => !/wrong|swapped|prefix|declared|noise/.test(name))
    expect(whole.length).toBeGreaterThan(230)
    for (const { send, reply } of whole) {
      expect(toHex(encodeCommand(bytes(send).slice(3, -2)))).toBe(send)
      expect(scanReply(bytes(reply!)).kind).toBe('reply')
    }
  })
})

describe('the reply scanner', () => {
  it('reads back every frame, whatever follows it', () => {
    fc.assert(
      fc.property(body, fc.uint8Array({ maxLength: 20 }), (sent, rest) => {
        const frame = encodeFrame(sent)
        expect(scanReply(concatBytes(frame, rest))).toEqual({ kind: 'reply', size: frame.length, body: sent })
      }),
    )
  })

  it('never throws, never reads past its input and always says something', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.option(fc.array(fc.nat(400))), (input, sizes) => {
        const scan = scanReply(input, sizes ?? undefined)
        if (scan.kind === 'partial') {
          expect(input.length).toBeLessThan(sizes === null ? MAX_REPLY_SIZE : 65_536)
        } else {
          expect(scan.size).toBeGreaterThan(0)
          expect(scan.size).toBeLessThanOrEqual(input.length)
        }
      }),
      { numRuns: 2000 },
    )
  })

  it.each([0, 1, 3, 4, 104, 65_535])(
    'F20 takes a length of %i for noise and does not wait for it',
    (size) => {
      const lie = Uint8Array.of(size & 0xff, size >> 8)
      expect(scanReply(lie)).toEqual({ kind: 'noise', size: 1, reason: 'length-out-of-range' })
    },
  )

  it('does not wait for a length that the command cannot be answered with', () => {
    expect(scanReply(Uint8Array.of(36, 0), [5, 68]).kind).toBe('noise')
    expect(scanReply(Uint8Array.of(68, 0), [5, 68]).kind).toBe('partial')
  })

  it('takes a frame with any flipped bit for noise', () => {
    fc.assert(
      fc.property(body, fc.nat(), fc.nat(7), (sent, at, bit) => {
        const frame = encodeFrame(sent)
        const index = at % frame.length
        frame[index] = frame[index]! ^ (1 << bit)
        expect(scanReply(frame, [frame.length]).kind).not.toBe('reply')
      }),
    )
  })
})

describe('the reply buffer', () => {
  it('F20 finds the reply behind noise, in whatever pieces it comes', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 30 }),
        fc.uint8Array({ minLength: 64, maxLength: 64 }),
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }),
        (noise, sent, pieces) => {
          const wire = concatBytes(noise, encodeFrame(sent))
          const buffer = new ReplyBuffer()
          let found: Uint8Array | undefined
          for (let at = 0, turn = 0; at < wire.length; turn += 1) {
            const size = pieces[turn % pieces.length]!
            buffer.push(wire.slice(at, at + size))
            at += size
            found ??= buffer.take([68], 'live').body
          }
          found ??= buffer.take([68], 'silent').body
          expect(found).toEqual(sent)
        },
      ),
    )
  })

  it('F20 stays bounded when a cable sends without end', () => {
    const buffer = new ReplyBuffer()
    for (let index = 0; index < 1000; index += 1) buffer.push(new Uint8Array(1024))
    expect(buffer.length).toBeLessThanOrEqual(16 * MAX_REPLY_SIZE)
  })

  it('tells whole frames from noise when it is cleared', () => {
    const buffer = new ReplyBuffer()
    buffer.push(concatBytes(Uint8Array.of(0xff, 0x41), encodeFrame(Uint8Array.of(0xd4)), Uint8Array.of(0x05)))
    expect(buffer.clear()).toEqual({ frameBytes: 5, noiseBytes: 3 })
    expect(buffer.length).toBe(0)
  })
})

describe('commands and status bytes', () => {
  it('are never longer than the device can hold', () => {
    expect(encodeCommand(new Uint8Array(1020))).toHaveLength(1025)
    expect(() => encodeCommand(new Uint8Array(1021))).toThrow(/1025 bytes: the device holds 1024/)
  })

  it('F23 name every documented status byte, and call every other one unknown', () => {
    expect(STATUS_BYTES).toHaveLength(36)
    const known = new Map(STATUS_BYTES)
    for (let byte = 0; byte < 256; byte += 1) expect(statusName(byte)).toBe(known.get(byte) ?? 'unknown')
    expect(statusByte('packet-parsed')).toBe(0xd4)
  })
})
