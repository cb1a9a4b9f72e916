import { deserialize } from 'bson'
import { describe, expect, it } from 'vitest'
import { countedBytes } from '../../../src/server/counted-bytes.js'
import { encodeRootText } from '../../../src/server/media/root-bson.js'
import { encodeSignature, toHex } from '../../../src/tezos/index.js'
import {
  ask,
  block,
  isSignatureBy,
  octezBody,
  operation,
  outcome,
  testBridge,
  TZ3,
  type TestBridge,
} from '../fixture.js'
import { incomingOf } from '../incoming.js'
import { exchange, octezGet, octezHead, octezPost, plainPost, serve } from '../raw-client.js'

const utf8 = new TextEncoder()
const ENCODED: Readonly<Record<string, (payload: Uint8Array) => Uint8Array>> = {
  'application/json': (payload) => utf8.encode(octezBody(payload)),
  'application/bson': (payload) => encodeRootText(toHex(payload)),
  'application/octet-stream': (payload) => countedBytes(countedBytes(payload)),
}
const MEDIA = Object.keys(ENCODED)

async function post(
  { app }: TestBridge,
  body: Uint8Array,
  headers: Record<string, string>,
  path = `/keys/${TZ3}`,
): Promise<{ readonly status: number; readonly type: string | null; readonly bytes: Uint8Array }> {
  const init = { method: 'POST', headers: { host: 'localhost', ...headers }, body: new Uint8Array(body) }
  const response = await app.request(path, init, incomingOf(body))
  const bytes = new Uint8Array(await response.arrayBuffer())
  return { status: response.status, type: response.headers.get('content-type'), bytes }
}

describe.each(MEDIA)('a body as %s', (type) => {
  it.each(MEDIA)('is signed, and answered as %s', async (accept) => {
    const payload = operation()
    const {
      status,
      type: answered,
      bytes,
    } = await post(testBridge(), ENCODED[type]!(payload), {
      ...{ 'content-type': `${type}; charset=utf-8`, accept },
    })
    expect([status, answered]).toEqual([200, accept])
    const text = {
      'application/json': () =>
        (JSON.parse(new TextDecoder().decode(bytes)) as { signature: string }).signature,
      'application/bson': () => String(deserialize(bytes)['signature']),
      'application/octet-stream': () => encodeSignature('p256', bytes.subarray(4)),
    }[accept]!()
    expect(isSignatureBy(TZ3, payload, text)).toBe(true)
  })

  it('is refused when it is that of another encoding, and nothing is marked', async () => {
    const bridge = testBridge()
    const before = bridge.journal()
    for (const other of MEDIA.filter((one) => one !== type)) {
      const answer = await post(bridge, ENCODED[other]!(block({ level: 5 })), { 'content-type': type })
      expect([other, answer.status]).toEqual([other, 400])
      expect(new TextDecoder().decode(answer.bytes)).toContain('malformed-body: the body is not')
    }
    expect([bridge.journal(), bridge.device.touches]).toEqual([before, []])
  })

  it('of more than 4 KiB is refused', async () => {
    const answer = await post(testBridge(), new Uint8Array(4097), { 'content-type': type })
    expect(new TextDecoder().decode(answer.bytes)).toContain('body-too-large')
  })

  it('of no payload is refused', async () => {
    const answer = await post(testBridge(), ENCODED[type]!(new Uint8Array()), { 'content-type': type })
    expect(new TextDecoder().decode(answer.bytes)).toContain('malformed-body')
  })
})

describe('an octet-stream', () => {
  const inner = countedBytes(operation())
  it.each([
    ['a byte more', new Uint8Array([...countedBytes(inner), 0])],
    ['a byte less', countedBytes(inner).subarray(0, -1)],
    ['a byte within that is not counted', countedBytes(new Uint8Array([...inner, 0]))],
    ['one length', inner],
    ['nothing', new Uint8Array()],
    ['a length of 4 GB', new Uint8Array(8).fill(0xff)],
  ])('with %s is refused', async (_name, body) => {
    const bridge = testBridge()
    const answer = await post(bridge, body, { 'content-type': 'application/octet-stream' })
    expect(new TextDecoder().decode(answer.bytes)).toContain('malformed-body')
    expect(bridge.device.touches).toEqual([])
  })
})

describe('an error', () => {
  it('that no route gives is in the encoding that was asked for, as all others', async () => {
    const answer = await post(testBridge(), utf8.encode('"03"'), { accept: 'application/bson' }, '/nowhere')
    expect([answer.status, answer.type]).toEqual([404, 'application/bson'])
    expect(deserialize(answer.bytes)).toMatchObject({
      0: { msg: expect.stringMatching(/^not-found: /) as string },
    })
  })
})

describe('HTTP as Octez speaks it', () => {
  it('with credentials in the URL is answered as without them', async () => {
    const { port } = await serve(testBridge().app)
    const credentials = 'authorization: Basic YmFrZXI6c2VjcmV0\r\n\r\n'
    expect(outcome(await exchange(port, octezGet('/authorized_keys').replace(/\r\n$/, credentials)))).toBe(
      '200',
    )
    const head = octezHead(TZ3).replace(/\r\n$/, credentials)
    expect(
      outcome(await exchange(port, octezPost(TZ3, block({ level: 5 })).replace(octezHead(TZ3), head))),
    ).toBe('200')
  })

  it('with headers of TEZOS_SIGNER_HTTP_HEADERS is answered as without them', async () => {
    const { port } = await serve(testBridge().app)
    const request = octezGet('/authorized_keys').replace(
      /\r\n$/,
      'x-forwarded-for: 1.2.3.4\r\nx-api-key: k\r\n\r\n',
    )
    expect(outcome(await exchange(port, request))).toBe('200')
  })

  it('without a content type is JSON', async () => {
    const { port } = await serve(testBridge().app)
    expect(outcome(await exchange(port, plainPost(TZ3, octezBody(operation()))))).toBe('200')
  })
})

describe('a path prefix', () => {
  const status = async (bridge: TestBridge, path: string) => outcome(await ask(bridge.app, path))

  it('may stand before every path, with any number of slashes', async () => {
    const bridge = testBridge({ pathPrefix: '/octez/signer' })
    for (const path of ['/keys/', '/octez/signer/keys/', '//octez//signer//keys/']) {
      expect([path, await status(bridge, `${path}${TZ3}`)]).toEqual([path, '200'])
    }
    expect(await status(bridge, '/octez/signer/authorized_keys')).toBe('200')
    expect(await status(bridge, '/octez/signer')).toBe('200')
    expect(await status(bridge, '/octez/signer/')).toBe('200')
    const signed = await post(
      bridge,
      utf8.encode(octezBody(operation())),
      {},
      `/octez/signer/keys/${TZ3}?version=3`,
    )
    expect(signed.status).toBe(200)
  })

  it('is any plain one, unless one is configured', async () => {
    const bridge = testBridge()
    const keys = `keys/${TZ3}`
    for (const path of [
      `/octez/${keys}`,
      `/a/b.c/d_1/${keys}`,
      `//octez//${keys}`,
      '/octez/authorized_keys',
    ]) {
      expect([path, await status(bridge, path)]).toEqual([path, '200'])
    }
    const foreign = [
      '/octez',
      `/.hidden/${keys}`,
      `/a;b/${keys}`,
      `/a%20b/${keys}`,
      `/keys/${keys}`,
      `/a/keys/b/${keys}`,
    ]
    const tooDeep = `${'/a'.repeat(9)}/${keys}`
    for (const path of [...foreign, tooDeep]) {
      expect([path, await status(bridge, path)]).toEqual([path, '404 not-found'])
    }
  })

  it('is no other than the configured one, once', async () => {
    const bridge = testBridge({ pathPrefix: '/octez' })
    for (const path of ['/octe', '/octezz', '/octez/octez', '/other', '/OCTEZ']) {
      expect([path, await status(bridge, `${path}/keys/${TZ3}`)]).toEqual([path, '404 not-found'])
    }
    expect(await status(testBridge({ pathPrefix: 'none' }), `/octez/keys/${TZ3}`)).toBe('404 not-found')
    const { port } = await serve(bridge.app)
    for (const path of ['/octez/../octez', '/octez/.', '/octez/%2e%2e']) {
      const answer = await exchange(port, octezGet(`${path}/keys/${TZ3}`))
      expect([path, outcome(answer)]).toEqual([path, '404 not-found'])
    }
  })
})
