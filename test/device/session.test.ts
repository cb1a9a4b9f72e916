import fc from 'fast-check'
import { beforeEach, describe, expect, it } from 'vitest'
import { DeviceError } from '../../src/device/index.js'
import { BOARD_TIMINGS } from '../../src/device/session-timings.js'
import { Session } from '../../src/device/session.js'
import { encodeFrame, getPublicKey, sign, STATUS_BYTES } from '../../src/device/tezio/index.js'
import { concatBytes, toHex } from '../../src/tezos/index.js'
import { bytes, EventLog, StandingClock, transcripts } from './support.js'

const recorded = transcripts.find(({ name }) => name === 'sign p256 mode 3 transfer of 2 bytes')!
const message = bytes(recorded.send).slice(8, -2)
const signature = new Uint8Array(64).fill(7)
const reply = encodeFrame(signature)
const DEADLINE_MS = 1500

let clock: StandingClock
let log: EventLog
let written: string[]
let syncLosses: number
let session: Session

beforeEach(() => {
  clock = new StandingClock()
  log = new EventLog()
  written = []
  syncLosses = 0
  session = new Session({
    link: {
      write: (sent) => {
        written.push(toHex(sent))
        return Promise.resolve()
      },
    },
    clock,
    emit: log.sink,
    onSyncLost: () => {
      syncLosses += 1
    },
  })
})

const ask = () => settled(session.exchange(sign, { alias: 3, message }, DEADLINE_MS))

/** The value, or the DeviceError's code. */
async function settled<Value>(promise: Promise<Value>): Promise<Value | string> {
  try {
    return await promise
  } catch (error) {
    if (error instanceof DeviceError) return error.code
    throw error
  }
}

describe('a session', () => {
  it('sends one command in one piece and resolves with its reply', async () => {
    const answer = ask()
    expect(session.state).toBe('busy')
    session.receive(reply)
    expect(await answer).toEqual(signature)
    expect(written).toEqual([recorded.send])
    expect(session.state).toBe('ready')
    expect(syncLosses).toBe(0)
  })

  it('has one command in flight and sends no second one', async () => {
    const first = ask()
    expect(await ask()).toBe('device-busy')
    expect(written).toHaveLength(1)
    session.receive(reply)
    expect(await first).toEqual(signature)
  })

  it('F18 never gives a late reply to the next command', async () => {
    const first = ask()
    clock.advance(DEADLINE_MS)
    expect(await first).toBe('device-timeout')
    expect(session.state).toBe('quiet')
    expect(syncLosses).toBe(1)
    expect(await ask()).toBe('device-unavailable')
    clock.advance(BOARD_TIMINGS.longQuietMs - 1)
    session.receive(reply)
    expect(log.events.at(-1)).toEqual({ event: 'device.late-reply-discarded', bytes: reply.length })
    clock.advance(BOARD_TIMINGS.longQuietMs - 1)
    expect(session.state).toBe('quiet')
    clock.advance(1)
    expect(session.state).toBe('ready')
    expect(written).toHaveLength(1)
  })

  it('listens to the end of the deadline, for a lost reply is a lost signature', async () => {
    const answer = ask()
    clock.advance(DEADLINE_MS - 1)
    session.receive(reply)
    expect(await answer).toEqual(signature)
  })

  it('F19 reads a reply behind ASCII noise', async () => {
    const answer = ask()
    session.receive(new TextEncoder().encode('Tezio HSM ready\r\n'))
    clock.advance(100)
    session.receive(concatBytes(new TextEncoder().encode('debug: '), reply))
    expect(await answer).toEqual(signature)
    const noise = log.events.map((event) => (event.event === 'device.noise-discarded' ? event.bytes : 0))
    expect(noise.reduce((sum, count) => sum + count)).toBe('Tezio HSM ready\r\ndebug: '.length)
  })

  it('F19 falls silent after noise between replies until the line is quiet', () => {
    session.receive(new TextEncoder().encode('AT\r\n'))
    expect(session.state).toBe('quiet')
    expect(syncLosses).toBe(1)
    clock.advance(BOARD_TIMINGS.shortQuietMs)
    expect(session.state).toBe('ready')
  })

  it('F20 reads a reply that comes one byte at a time', async () => {
    const answer = ask()
    for (const byte of reply) {
      session.receive(Uint8Array.of(byte))
      clock.advance(1)
    }
    expect(await answer).toEqual(signature)
  })

  it.each([
    ['truncated', reply.slice(0, 40)],
    ['cut to one byte', reply.slice(0, 1)],
    ['with a wrong checksum', concatBytes(reply.slice(0, 67), Uint8Array.of(reply[67]! ^ 1))],
    ['of length 0', Uint8Array.of(0, 0)],
    ['of length 1', Uint8Array.of(1, 0)],
    ['of length 3', Uint8Array.of(3, 0, 9)],
    ['of length 65535', Uint8Array.of(0xff, 0xff, 1, 2, 3)],
    ['of another command', encodeFrame(new Uint8Array(32))],
  ])('F20 fails within a second on a reply %s', async (_name, damaged) => {
    const answer = ask()
    session.receive(damaged)
    clock.advance(1000)
    expect(await answer).toBe('device-reply-damaged')
    expect(session.state).toBe('quiet')
  })

  it('F20 reads the true reply after something that only looked like the beginning of one', async () => {
    const answer = ask()
    session.receive(concatBytes(Uint8Array.of(68, 0), encodeFrame(Uint8Array.of(0xb8))))
    clock.advance(BOARD_TIMINGS.partialMs)
    expect(await answer).toBe('device-policy')
  })

  it.each([
    ['two replies in one chunk', concatBytes(reply, reply)],
    ['extra bytes', concatBytes(reply, Uint8Array.of(1, 2, 3))],
  ])('F20 takes the first of %s and trusts the line no further', async (_name, wire) => {
    const answer = ask()
    session.receive(wire)
    expect(await answer).toEqual(signature)
    expect(session.state).toBe('quiet')
    expect(syncLosses).toBe(1)
  })

  it('F23 names every refusal and stays in step', async () => {
    for (const [byte, status] of [...STATUS_BYTES, [0xee, 'unknown'] as const]) {
      const failed = session.exchange(sign, { alias: 3, message }, DEADLINE_MS)
      session.receive(encodeFrame(Uint8Array.of(byte)))
      await expect(failed).rejects.toMatchObject({ name: 'DeviceError', status, sent: true })
      expect(session.state).toBe('ready')
    }
    expect(written).toHaveLength(STATUS_BYTES.length + 1)
  })

  it.each([
    [0xd4, 'device-watermark'],
    [0xa3, 'device-watermark'],
    [0xb8, 'device-policy'],
    [0xb0, 'device-policy'],
    [0xaf, 'device-failed'],
    [0xa1, 'device-failed'],
    [0xa7, 'device-refused'],
    [0xee, 'device-refused'],
  ])('F23 calls status byte %i %s', async (byte, code) => {
    const answer = ask()
    session.receive(encodeFrame(Uint8Array.of(byte)))
    expect(await answer).toBe(code)
  })

  it('F16 fails the command in flight when the port goes, and lives no more', async () => {
    const answer = ask()
    session.receive(reply.slice(0, 20))
    session.end('unplugged')
    expect(await answer).toBe('device-lost')
    session.receive(reply)
    expect(await ask()).toBe('device-unavailable')
    expect(session.endReason).toBe('unplugged')
    expect(written).toHaveLength(1)
  })

  it('wakes who waits for quiet when it ends', async () => {
    const quiet = session.quiet(1000)
    session.end('unplugged')
    await quiet
    expect(session.state).toBe('closed')
  })

  it('is never shortened in its silence', () => {
    void ask().then(() => undefined)
    clock.advance(DEADLINE_MS)
    void session.quiet(BOARD_TIMINGS.shortQuietMs)
    clock.advance(BOARD_TIMINGS.longQuietMs - 1)
    expect(session.state).toBe('quiet')
  })

  it('F20 always settles, whatever the cable says, and never with what was not sent', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 80 }), { maxLength: 8 }), async (chunks) => {
        const time = new StandingClock()
        const lone = new Session({
          link: { write: () => Promise.resolve() },
          clock: time,
          emit: () => undefined,
          onSyncLost: () => undefined,
        })
        const answer = settled(lone.exchange(getPublicKey, { alias: 1 }, DEADLINE_MS))
        for (const chunk of chunks) {
          lone.receive(chunk)
          time.advance(30)
        }
        time.advance(DEADLINE_MS)
        expect(typeof (await answer)).toBe('string')
        time.advance(2 * BOARD_TIMINGS.longQuietMs)
        expect(lone.state).toBe('ready')
      }),
    )
  })
})
