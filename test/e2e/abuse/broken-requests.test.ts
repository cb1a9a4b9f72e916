import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { attestation, octezBody, operation, outcome } from '../../server/fixture.js'
import {
  chunk,
  exchange,
  octezGet,
  octezHead,
  octezPost,
  plainPost,
  RawClient,
} from '../../server/raw-client.js'
import { ADDRESS } from '../daemon.js'
import { START_MS, Target } from './target.js'

let target: Target
beforeAll(async () => {
  target = await Target.start()
}, START_MS)
afterAll(() => target.close())
afterEach(() => target.signsHonestly())

const KEY = ADDRESS.tz3
const BODY = octezBody(operation())
const HEAD = `POST /keys/${KEY}?version=3 HTTP/1.1\r\nHost: localhost\r\n`
const withLines = (...lines: readonly string[]) => `${HEAD}${lines.map((line) => `${line}\r\n`).join('')}\r\n`
const length = `Content-Length: ${BODY.length}`
const chunked = 'Transfer-Encoding: chunked'
const inChunks = chunk(BODY) + chunk('')
const plain = withLines(length) + BODY

/** Requests whose end two readers could see in different places: the second request is what would be smuggled in. */
const SMUGGLING: Readonly<Record<string, string>> = {
  'both a length and chunks': withLines(length, chunked) + inChunks,
  'both, the other way round': withLines(chunked, length) + inChunks,
  'a length of nothing and chunks': withLines('Content-Length: 0', chunked) + inChunks,
  'two lengths': withLines(length, 'Content-Length: 5') + BODY,
  'two equal lengths': withLines(length, length) + BODY,
  'a list of lengths': withLines(`Content-Length: ${BODY.length}, ${BODY.length}`) + BODY,
  'chunks twice': withLines(chunked, chunked) + inChunks,
  'chunks that are not last': withLines('Transfer-Encoding: chunked, identity') + inChunks,
  'an encoding nobody knows': withLines('Transfer-Encoding: xchunked') + inChunks,
  'an encoding of no name': withLines('Transfer-Encoding:') + inChunks,
  'chunks behind a tab': withLines('Transfer-Encoding:\tx, chunked', length) + inChunks,
  'a space before the colon': withLines('Content-Length : 5') + BODY,
  'a space before chunks': withLines(' Transfer-Encoding: chunked', length) + inChunks,
  'a vertical tab in the value': withLines('Transfer-Encoding: \vchunked') + inChunks,
  'a zero byte in the value': withLines('Transfer-Encoding: chunked\0') + inChunks,
  'a zero byte in the name': withLines('Transfer-\0Encoding: chunked', length) + inChunks,
  'chunks in HTTP/1.0 and a length': (withLines(length, chunked) + inChunks).replace('HTTP/1.1', 'HTTP/1.0'),
}

/** Requests whose syntax is wrong. */
const BROKEN: Readonly<Record<string, string>> = {
  'a header over two lines': withLines('X: a', ' b', length, 'Content-Type: text', '\t/plain') + BODY,
  'bare line feeds': plain.replaceAll('\r\n', '\n'),
  'a bare line feed behind one header': plain.replace('localhost\r\n', 'localhost\n'),
  'a bare carriage return': plain.replace('localhost\r\n', 'localhost\r'),
  'two carriage returns': plain.replace('localhost\r\n', 'localhost\r\r\n'),
  'a header without a name': withLines(': x', length) + BODY,
  'a header without a colon': withLines('no colon', length) + BODY,
  'a space in a header’s name': withLines('X Y: z', length) + BODY,
  'a header of no ASCII name': withLines('É: z', length) + BODY,
  'ten thousand headers':
    withLines(...Array.from({ length: 10_000 }, (_, index) => `X${index}: y`), length) + BODY,
  'a header of 64 kB': withLines(`X: ${'x'.repeat(65_536)}`, length) + BODY,
  'a header name of 64 kB': withLines(`${'X'.repeat(65_536)}: x`, length) + BODY,
  'a cookie of 20 kB': withLines(`Cookie: a=${'x'.repeat(20_000)}`, length) + BODY,
  'no target': plain.replace(/POST \S+ /, 'POST '),
  'two targets': plain.replace(' HTTP', ' /x HTTP'),
  'a tab for a space': plain.replace('POST ', 'POST\t'),
  'HTTP/0.9': 'GET /\r\n',
  'HTTP/1.2': plain.replace('HTTP/1.1', 'HTTP/1.2'),
  'HTTP/2': 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  'HTTP/11': plain.replace('HTTP/1.1', 'HTTP/11'),
  'http in small letters': plain.replace('HTTP/1.1', 'http/1.1'),
  'another protocol': plain.replace('HTTP/1.1', 'SPDY/3'),
  'a method in small letters': plain.replace('POST', 'post'),
  'a method nobody knows': plain.replace('POST', 'SIGN'),
  TLS: '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
  'a SOCKS greeting': '\x05\x01\x00\r\n\r\n',
  text: 'hello\r\n\r\n',
  zeros: '\0'.repeat(100),
  'a chunk size that is none': `${octezHead(KEY)}zz\r\n`,
  'a chunk size below zero': `${octezHead(KEY)}-5\r\n"03"\r\n0\r\n\r\n`,
  'a chunk size of 20 digits': `${octezHead(KEY)}${'f'.repeat(20)}\r\n`,
  'a chunk size with a prefix': `${octezHead(KEY)}0x5\r\n"033"\r\n0\r\n\r\n`,
  'a chunk that is longer than it says': `${octezHead(KEY)}2\r\n${BODY}\r\n0\r\n\r\n`,
  'a chunk without its end': `${octezHead(KEY)}2\r\n"0${inChunks}`,
  'chunk extensions of 20 kB': `${octezHead(KEY)}4;${'x'.repeat(20_000)}\r\n"03"\r\n0\r\n\r\n`,
}

/** What comes back in all, when the connection is over. */
async function allOf(bytes: string): Promise<string> {
  const client = await RawClient.open(target.port)
  await client.write(Buffer.from(bytes, 'latin1'))
  await client.closed
  return client.received
}

describe('F42 a request with', () => {
  it.each([...Object.entries(SMUGGLING), ...Object.entries(BROKEN)])(
    '%s gets one 400 and nothing else, and what follows it is no request',
    async (_name, bytes) => {
      const received = await target.untouchedBy(() =>
        allOf(bytes + octezPost(KEY, attestation({ level: 7000 }))),
      )
      expect(received.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 400'])
      expect(received).toMatch(/"msg":"malformed-body: /)
    },
  )
})

describe('F42 requests', () => {
  it('that were sent ahead are answered in their order', async () => {
    const client = await RawClient.open(target.port)
    const payloads = [1, 2, 3].map((number) => operation(`${number}`))
    const requests = payloads.map((payload) => octezPost(KEY, payload) + octezGet(`/keys/${KEY}`))
    await client.write(requests.join(''))
    const answers = await client.answers(6)
    const fields = answers.map(({ body }) => Object.keys(body as object)[0])
    expect(fields).toEqual(['signature', 'public_key', 'signature', 'public_key', 'signature', 'public_key'])
  })

  it.each([
    ['is refused', plainPost(KEY, '"zz"')],
    ['is refused for its length', plainPost(KEY, BODY, 4)],
    ['is refused for its path', octezGet('/nothing')],
    ['asks to close the connection', octezGet('/').replace('\r\n', '\r\nConnection: close\r\n')],
  ])('that were sent ahead of one that %s are not served', async (_name, first) => {
    const ahead = octezPost(KEY, attestation({ level: 7000 }))
    const received = await target.untouchedBy(() => allOf(first + ahead + ahead))
    expect(received.match(/HTTP\/1\.1 \d+/g)).toHaveLength(1)
  })

  it('that were sent ahead by the thousand end the connection', async () => {
    await target.untouchedBy(() => allOf(octezGet('/').repeat(20_000)))
  })

  // Node's parser takes the last three for HTTP, too.
  it.each([' HTTP/1.0', ' HTTP/0.9', ' RTSP/1.0', ''])(
    'of%s are answered, and the connection closed',
    async (version) => {
      const received = await allOf(
        plain.replace(' HTTP/1.1', version) + octezPost(KEY, attestation({ level: 7000 })),
      )
      expect(received.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200'])
    },
  )

  it.each(['PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE', 'PROPFIND', 'QUERY', 'M-SEARCH'])(
    'by %s are 404, and echo nothing',
    async (method) => {
      const bytes = plain.replace('POST', method).replace('\r\n', '\r\nX-Secret: echo\r\n')
      const answer = await target.untouchedBy(() => exchange(target.port, bytes))
      expect(outcome(answer)).toBe('404 not-found')
      expect(JSON.stringify(answer.body)).not.toContain('echo')
    },
  )

  it.each([
    'CONNECT evil.example:443 HTTP/1.1\r\nHost: localhost\r\n\r\n',
    `CONNECT ${KEY} HTTP/1.1\r\n\r\n`,
  ])('%j are hung up on', async (bytes) => {
    expect(await target.untouchedBy(() => allOf(bytes + plain))).toBe('')
  })

  it('that would switch to another protocol are answered in this one', async () => {
    const upgrade = 'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n'
    const bytes = octezGet('/nothing').replace('\r\n', `\r\n${upgrade}`)
    expect(outcome(await exchange(target.port, bytes))).toBe('404 not-found')
  })
})
