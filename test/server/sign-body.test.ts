import { once } from 'node:events'
import { Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { toHex } from '../../src/tezos/index.js'
import {
  ask,
  askSignature,
  attestation,
  block,
  blsAttestation,
  FOREIGN_CHAIN,
  octezBody,
  operation,
  outcome,
  preattestation,
  testBridge,
  TZ1,
  TZ3,
  type TestBridge,
} from './fixture.js'
import { incomingOf } from './incoming.js'

function post({ app }: TestBridge, body: string | Uint8Array, headers: Record<string, string> = {}) {
  return ask(app, `/keys/${TZ3}`, { method: 'POST', body, headers })
}

const utf8 = new TextEncoder()

it('a body whose connection is gone before it is asked for is 400, and nobody waits for it', async () => {
  const { app } = testBridge()
  const env = incomingOf('"03"')
  env.incoming.destroy()
  await once(env.incoming, 'close')
  const init = {
    method: 'POST',
    headers: { host: 'localhost', 'content-type': 'application/json' },
    body: '"03"',
  }
  const response = await app.request(`/keys/${TZ3}`, init, env)
  expect(response.status).toBe(400)
  expect(await response.text()).toContain('malformed-body')
})

it('a body that is given up before its end, without an error, is 400', async () => {
  const { app } = testBridge()
  const { socket } = incomingOf().incoming
  const env = { incoming: Object.assign(new Readable({ read: () => undefined }), { socket }) }
  const init = {
    method: 'POST',
    headers: { host: 'localhost', 'content-type': 'application/json' },
    body: '"',
  }
  const answer = app.request(`/keys/${TZ3}`, init, env)
  env.incoming.push('"03')
  env.incoming.destroy()
  const response = await answer
  expect(response.status).toBe(400)
  expect(await response.text()).toContain('the body ends before its end')
})

describe('F31 a body', () => {
  const bad: Record<string, string | Uint8Array> = {
    empty: '',
    'of spaces': '  \n',
    'an empty string': '""',
    'of odd length': '"030"',
    'not hex': '"zz"',
    'with a prefix': '"0x11"',
    'with a space in the hex': '"03 ab"',
    'with a newline in the hex': '"03ab\\n"',
    'with letters of other alphabets': '"０３"',
    'hex without quotes': '03ab',
    'a number': '11',
    'a big number': '1e999',
    'a list': '["03"]',
    'a list of many': '["03","05"]',
    'an object': '{"data":"03"}',
    null: 'null',
    'a boolean': 'true',
    'two values': '"03""05"',
    'cut short': '"03',
    'deeply nested': '['.repeat(4000),
    'deeply nested and closed': '['.repeat(2000) + ']'.repeat(2000),
    'not UTF-8': Uint8Array.from([0x22, 0x30, 0x33, 0xff, 0x22]),
    'UTF-16': Uint8Array.from([0xff, 0xfe, 0x22, 0x00, 0x30, 0x00, 0x33, 0x00, 0x22, 0x00]),
    'with a byte order mark': Uint8Array.from([0xef, 0xbb, 0xbf, ...utf8.encode('"03"')]),
    'ending in a zero byte': '"03"\0',
    'a form': 'a=b',
  }

  it.each(Object.entries(bad))('%s is 400, and no mark', async (_name, body) => {
    const bridge = testBridge()
    const before = bridge.journal()
    expect(outcome(await post(bridge, body))).toBe('400 malformed-body')
    expect(bridge.journal()).toBe(before)
    expect(bridge.device.touches).toEqual([])
    expect(bridge.faults).toEqual([])
  })

  it('may have upper-case, lower-case and mixed hex, and white space around', async () => {
    const bridge = testBridge()
    const hex = toHex(operation('jklmno'))
    const bodies = [
      `"${hex}"`,
      `"${hex.toUpperCase()}"`,
      `"${hex}"\n`,
      ` "${hex}"\r\n`,
      `"${hex.replace('a', 'A')}"`,
    ]
    const answers = await Promise.all(bodies.map((body) => post(bridge, body)))
    expect(answers.map(outcome)).toEqual(bodies.map(() => '200'))
  })

  it('may be 4096 bytes, white space included, and not one more', async () => {
    const bridge = testBridge()
    const body = octezBody(operation())
    expect(outcome(await post(bridge, body.padEnd(4096)))).toBe('200')
    expect(outcome(await post(bridge, body.padEnd(4097)))).toBe('400 body-too-large')
    expect(outcome(await post(bridge, body.padEnd(4097), { 'content-length': '4097' }))).toBe(
      '400 body-too-large',
    )
  })

  it('may carry the longest payload of the device, and a longer one is refused by name', async () => {
    const bridge = testBridge()
    const overhead = operation('').length
    expect(outcome(await post(bridge, octezBody(operation('x'.repeat(1015 - overhead)))))).toBe('200')
    expect(outcome(await post(bridge, octezBody(operation('x'.repeat(1016 - overhead)))))).toBe(
      '400 payload-too-long',
    )
    expect(bridge.device.signatures).toBe(1)
  })
})

describe('F39 a content type', () => {
  it.each([undefined, 'application/json', 'application/json; charset=utf-8', 'Application/JSON ;x=y'])(
    '%s is accepted',
    async (type) => {
      const { app } = testBridge()
      const body = utf8.encode(octezBody(operation()))
      const headers: Record<string, string> = type === undefined ? {} : { 'content-type': type }
      expect(outcome(await ask(app, `/keys/${TZ1}`, { method: 'POST', body, headers }))).toBe('200')
    },
  )

  it.each([
    'text/plain',
    'text/plain;charset=UTF-8',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/octet',
    'application/jsonx',
    'text/plain, application/json',
    'application/json, text/plain',
    'x'.repeat(4000),
  ])('%s is refused', async (type) => {
    const { app, device } = testBridge()
    const answer = await askSignature(app, TZ1, operation(), { headers: { 'content-type': type } })
    expect(outcome(answer)).toBe('400 content-type-not-supported')
    expect(JSON.stringify(answer.body).length).toBeLessThan(250)
    expect(device.touches).toEqual([])
  })

  it.each(['gzip', 'GZIP', 'br', 'deflate', 'identity, gzip', 'x'.repeat(4000)])(
    'with the content encoding %s is refused',
    async (encoding) => {
      const { app, device } = testBridge()
      const answer = await askSignature(app, TZ1, operation(), { headers: { 'content-encoding': encoding } })
      expect(outcome(answer)).toBe('400 content-type-not-supported')
      expect(JSON.stringify(answer.body).length).toBeLessThan(250)
      expect(device.touches).toEqual([])
    },
  )

  it('with the content encoding identity is accepted', async () => {
    const { app } = testBridge()
    const headers = { 'content-encoding': ' Identity ' }
    expect(outcome(await askSignature(app, TZ1, operation(), { headers }))).toBe('200')
  })
})

describe('a payload', () => {
  it('F32 cut short at any length, or too long by a byte, is 400 and never reaches the device', async () => {
    const bridge = testBridge()
    const before = bridge.journal()
    for (const whole of [block({ level: 5 }), preattestation({ level: 5 }), attestation({ level: 5 })]) {
      for (let size = 1; size < whole.length; size += 1) {
        expect(outcome(await askSignature(bridge.app, TZ3, whole.subarray(0, size)))).toBe(
          '400 malformed-payload',
        )
      }
      const longer = Uint8Array.from([...whole, 0])
      expect(outcome(await askSignature(bridge.app, TZ3, longer))).toBe('400 malformed-payload')
    }
    expect(bridge.journal()).toBe(before)
    expect(bridge.device.touches).toEqual([])
  })

  it.each([0, 3, 32, 34, 112, -1])('F32 with a fitness length of %i is 400', async (fitnessSize) => {
    const { app, device } = testBridge()
    expect(outcome(await askSignature(app, TZ3, block({ level: 5, fitnessSize })))).toBe(
      '400 malformed-payload',
    )
    expect(device.touches).toEqual([])
  })

  it('F33 with a negative level or round is 400, and the highest ones only pass the gap rule', async () => {
    const { app, device } = testBridge({ seedLevel: 100 })
    for (const make of [block, preattestation, attestation]) {
      for (const at of [{ level: -1 }, { level: -0x80000000 }, { level: 101, round: -1 }]) {
        expect(outcome(await askSignature(app, TZ3, make(at)))).toBe('400 malformed-payload')
      }
      expect(outcome(await askSignature(app, TZ3, make({ level: 0x7fffffff })))).toBe('409 level-gap')
      expect(device.touches.splice(0)).toEqual([])
      expect(outcome(await askSignature(app, TZ3, make({ level: 101, round: 0x7fffffff })))).toBe('200')
      device.touches.splice(0)
    }
  })

  it('F34 beyond the gap limit is 409', async () => {
    const { app } = testBridge({ seedLevel: 100 })
    expect(outcome(await askSignature(app, TZ3, block({ level: 100 + 14_401 })))).toBe('409 level-gap')
    expect(outcome(await askSignature(app, TZ3, block({ level: 100 + 14_400 })))).toBe('200')
  })

  it('F35 of another chain, with another watermark or of another layout is refused before any mark', async () => {
    const bridge = testBridge()
    const before = bridge.journal()
    const signs = async (payload: Uint8Array) => outcome(await askSignature(bridge.app, TZ3, payload))
    for (const make of [block, preattestation, attestation]) {
      expect(await signs(make({ level: 5, chain: FOREIGN_CHAIN }))).toBe('403 chain-not-allowed')
    }
    for (let magic = 0; magic <= 0xff; magic += 1) {
      if ([0x03, 0x11, 0x12, 0x13].includes(magic)) continue
      expect([magic, await signs(Uint8Array.of(magic, 1, 2, 3))]).toEqual([
        magic,
        '403 magic-byte-not-allowed',
      ])
    }
    expect(await signs(blsAttestation(5))).toBe('400 malformed-payload')
    const drain = Uint8Array.from([0x03, ...new Uint8Array(32), 0x09, ...new Uint8Array(63)])
    expect(await signs(drain)).toBe('403 operation-not-allowed')
    expect(bridge.journal()).toBe(before)
    expect(bridge.device.touches).toEqual([])
  })
})
