import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encodeFrame, messageSize } from '../../../src/server/socket/frame.js'
import { decodeReply, encodeReply } from '../../../src/server/socket/reply.js'
import { decodeRequest, encodeRequest, type SocketRequest } from '../../../src/server/socket/request.js'
import { fromHex, toHex } from '../../../src/tezos/index.js'

type GoldenFrame = {
  readonly name: string
  readonly direction: 'request' | 'response'
  readonly frame: string
  readonly payload: string
}

const FRAMES = JSON.parse(
  readFileSync(new URL('../../vectors/octez-socket-frames.json', import.meta.url), 'utf8'),
) as readonly GoldenFrame[]

const bytes = (hex: string) => fromHex(hex)!

/** What each request asks. The frame `Sign tz4 noversion` is that of Octez told no version: it writes the newest. */
const REQUESTS: Readonly<Record<string, object>> = {
  Authorized_keys: { kind: 'authorized-keys' },
  Known_keys: { kind: 'known-keys' },
  'Public_key tz3': { kind: 'public-key', key: expect.stringMatching(/^tz3/) as string },
  'Public_key tz4': { kind: 'public-key', key: expect.stringMatching(/^tz4/) as string },
  'Sign tz3 noauth': { kind: 'sign', key: expect.stringMatching(/^tz3/) as string, version: undefined },
  'Sign tz4 noversion': { kind: 'sign', key: expect.stringMatching(/^tz4/) as string, version: 3 },
  'Sign tz4 v2': { kind: 'sign', key: expect.stringMatching(/^tz4/) as string, version: 2 },
  'Dn tz3': { kind: 'deterministic-nonce', data: bytes('00112233445566778899') },
  'Sdn tz3': { kind: 'supports-deterministic-nonces' },
  'Pop tz4 none': { kind: 'bls-prove-possession', override: undefined },
}

/** Which request each reply answers, and what it says. */
const REPLIES: Readonly<Record<string, readonly [SocketRequest['kind'], object]>> = {
  'ak none': ['authorized-keys', { keys: undefined }],
  'ak []': ['authorized-keys', { keys: [] }],
  'ak [tz1]': ['authorized-keys', { keys: [expect.stringMatching(/^tz1/) as string] }],
  'pk p256': ['public-key', { publicKey: { curve: 'p256', bytes: expect.any(Uint8Array) as Uint8Array } }],
  sig64: ['sign', { signature: new Uint8Array(64).fill(0xcc) }],
  sig96: ['sign', { signature: new Uint8Array(96).fill(0xcc) }],
  pop: ['bls-prove-possession', { signature: new Uint8Array(96).fill(0xcc) }],
  'bool true': ['supports-deterministic-nonces', { isSupported: true }],
  'bool false': ['supports-deterministic-nonces', { isSupported: false }],
  error: [
    'sign',
    {
      kind: 'error',
      errors: [{ kind: 'temporary', id: 'failure', msg: 'magic byte 0x05 not allowed' }],
    },
  ],
}

describe('the frames of Octez', () => {
  it('are twenty, and each is told below what it says', () => {
    expect(FRAMES.map(({ name }) => name).toSorted()).toEqual(
      [...Object.keys(REQUESTS), ...Object.keys(REPLIES)].toSorted(),
    )
    expect(FRAMES).toHaveLength(20)
  })

  it.each(FRAMES)('$name has the length of its message before it', ({ frame, payload }) => {
    expect(messageSize(bytes(frame))).toBe(payload.length / 2)
    expect(toHex(encodeFrame(bytes(payload)))).toBe(frame)
  })

  it.each(FRAMES.filter(({ direction }) => direction === 'request'))(
    '$name is read, and written again byte for byte',
    ({ name, payload }) => {
      const decoded = decodeRequest(bytes(payload))
      expect(decoded).toMatchObject({ outcome: 'decoded', request: REQUESTS[name] })
      if (decoded.outcome === 'decoded') expect(toHex(encodeRequest(decoded.request))).toBe(payload)
    },
  )

  it.each(FRAMES.filter(({ direction }) => direction === 'response'))(
    '$name is read, and written again byte for byte',
    ({ name, payload }) => {
      const [kind, expected] = REPLIES[name]!
      const reply = decodeReply(kind, bytes(payload))
      expect(reply).toMatchObject(expected)
      expect(toHex(encodeReply(reply!))).toBe(payload)
    },
  )
})

const SIGN = '0002fc42be07e9e7bc9f6cd1767fd794684de9164e7f0000000a00112233445566778899'
const PKH = '02fc42be07e9e7bc9f6cd1767fd794684de9164e7f'

describe('a request that is none', () => {
  it.each([
    ['nothing', '', 'malformed-frame', 'the tag of the request takes 1 bytes, and 0 are left'],
    ['an unknown tag', '08', 'malformed-frame', '0x08 is the tag of no request'],
    ['a byte behind its end', '0200', 'malformed-frame', '1 bytes follow the end'],
    ['a byte behind a key', `01${PKH}00`, 'malformed-frame', '1 bytes follow the end'],
    ['a key that is cut short', `01${PKH.slice(0, -2)}`, 'malformed-frame', 'the key takes 20 bytes, and 19'],
    ['no key', '01', 'malformed-frame', 'the key takes 1 bytes'],
    ['a key of tz5', `0104${PKH.slice(2)}`, 'malformed-key', '0x04 is the tag of no key here'],
    [
      'a key to sign with of tz5',
      `0004${PKH.slice(2)}00000001ff`,
      'malformed-key',
      '0x04 is the tag of no key',
    ],
    ['no data', `00${PKH}`, 'malformed-frame', 'the length of the data to sign takes 4 bytes'],
    [
      'data that is cut short',
      SIGN.slice(0, -2),
      'malformed-frame',
      'the data to sign takes 10 bytes, and 9',
    ],
    ['data of 4 GB', `00${PKH}ffffffff00`, 'malformed-frame', 'the data to sign takes 4294967295 bytes'],
    ['one byte of a signature', `${SIGN}00`, 'malformed-frame', '1 bytes follow the data; an authentication'],
    ['63 bytes of a signature', SIGN + 'cc'.repeat(63), 'malformed-frame', '63 bytes follow the data'],
    ['65 bytes of a signature', SIGN + 'cc'.repeat(65), 'malformed-frame', '65 bytes follow the data'],
    [
      'a tz4 key without its version',
      `000303${PKH.slice(2)}`,
      'malformed-frame',
      'the version of the signature',
    ],
    ['half an override', `0703${PKH.slice(2)}ff00`, 'malformed-frame', 'the BLS key takes 48 bytes, and 1'],
    ['a flag of neither kind', `0703${PKH.slice(2)}01`, 'malformed-frame', '0x01 is no flag'],
  ])('%s is told with what is wrong', (_name, hex, code, reason) => {
    expect(decodeRequest(bytes(hex))).toEqual({
      outcome: 'malformed',
      code,
      reason: expect.stringContaining(reason) as string,
    })
  })

  it('is never an exception, whatever the bytes are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (message) => {
        const decoded = decodeRequest(message)
        if (decoded.outcome === 'decoded') expect(encodeRequest(decoded.request)).toEqual(message)
        else expect(decoded.reason).not.toBe('')
      }),
      { numRuns: 2000 },
    )
  })
})

describe('an authentication signature', () => {
  it.each([64, 96])('of %i bytes is what follows the data', (size) => {
    const decoded = decodeRequest(bytes(SIGN + 'cc'.repeat(size)))
    expect(decoded).toMatchObject({
      outcome: 'decoded',
      request: { data: bytes('00112233445566778899'), authentication: new Uint8Array(size).fill(0xcc) },
    })
  })
})
