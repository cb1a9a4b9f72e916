import { readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { octezBody, operation, outcome } from '../../server/fixture.js'
import {
  chunk,
  flood,
  HUGE,
  MiB,
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
const PIECE = 'x'.repeat(64 * 1024)

/** The memory of the daemon that is in RAM, in bytes. */
function residentBytes(): number {
  const [, kiB] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${target.daemon.pid}/status`, 'utf8')) ?? []
  return Number(kiB) * 1024
}

const FLOODS: readonly (readonly [name: string, head: string, piece: string])[] = [
  ['in chunks', octezHead(KEY), chunk(PIECE)],
  ['in one chunk', `${octezHead(KEY)}${HUGE.toString(16)}\r\n`, PIECE],
  [
    'in chunks of white space behind a good payload',
    octezHead(KEY) + chunk(octezBody(operation())),
    chunk(' '.repeat(65_536)),
  ],
  ['in chunks of one byte', octezHead(KEY), chunk(' ').repeat(8 * 1024)],
  ['as announced', plainPost(KEY, '', HUGE), PIECE],
  ['behind a shorter length', plainPost(KEY, '', 4), PIECE],
  ['that says it is packed', octezHead(KEY).replace('\r\n', '\r\nContent-Encoding: gzip\r\n'), chunk(PIECE)],
  ['to a path that is not there', octezHead(KEY).replace('/keys/', '/nothing/'), chunk(PIECE)],
  ['in a header that never ends', 'GET / HTTP/1.1\r\nHost: localhost\r\nX: ', PIECE],
  ['in headers that never end', 'GET / HTTP/1.1\r\nHost: localhost\r\n', 'X: y\r\n'.repeat(8 * 1024)],
  ['in a request line that never ends', 'GET /', PIECE],
  ['in trailers that never end', `${octezHead(KEY)}0\r\n`, 'X: y\r\n'.repeat(8 * 1024)],
  ['in chunk extensions that never end', `${octezHead(KEY)}1;`, PIECE],
]

describe('F36 100 MB', () => {
  it.each(FLOODS)('%s are cut off, and no mark and no board knows of them', async (_name, head, piece) => {
    await target.untouchedBy(async () => {
      const client = await RawClient.open(target.port)
      // What the system's buffers took on both ends left the client, too.
      expect(await flood(client, head, piece)).toBeLessThan(HUGE / 4)
      expect(client.received).toMatch(/^(HTTP\/1\.1 40[04] .*|)$/s)
    })
  })

  it('again and again are never held in memory', async () => {
    const floodAll = async () => {
      for (const [, head, piece] of FLOODS) await flood(await RawClient.open(target.port), head, piece)
    }
    await floodAll() // warm up: the first ones make the heap as large as it gets
    const before = residentBytes()
    for (let round = 0; round < 4; round += 1) {
      await floodAll()
      const extra = residentBytes() - before
      // One such body in memory would be 100 MB. Less than half of it is the collector's leeway over all of them:
      // what a single one takes, and what remains, is measured by the soak.
      expect(extra).toBeLessThan(48 * MiB)
    }
  })

  it('by fetch, as a stream without a length, are refused', async () => {
    let pulled = 0
    const body = new ReadableStream<Uint8Array>({
      pull: (controller) => {
        pulled += PIECE.length
        if (pulled > HUGE) controller.close()
        else controller.enqueue(Buffer.from(PIECE))
      },
    })
    const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body, duplex: 'half' }
    // The bridge answers and hangs up while the client still sends: which of the two fetch sees is its affair.
    const status = await fetch(`${target.url}/keys/${KEY}`, init as RequestInit).then(
      (response) => response.status,
      () => 'hung up',
    )
    expect([400, 'hung up']).toContain(status)
    expect(pulled).toBeLessThan(HUGE / 4)
  })
})

describe('F36 a length that lies', () => {
  const body = octezBody(operation())

  it('about more than comes: nothing is signed when the client leaves, nor while it waits', async () => {
    await target.untouchedBy(async () => {
      const client = await RawClient.open(target.port)
      await client.write(plainPost(KEY, body, body.length + 1))
      await target.settles()
      client.socket.destroy()
      await client.closed
      await target.settles()
    })
  })

  it('about less than comes: the rest is no request', async () => {
    await target.untouchedBy(async () => {
      const client = await RawClient.open(target.port)
      await client.write(plainPost(KEY, body, 4))
      expect(outcome(await client.answer())).toBe('400 malformed-body')
      await client.closed
      expect(client.received).toBe('')
    })
  })

  it('about less than comes, and the rest is a sign request: it is not answered', async () => {
    await target.untouchedBy(async () => {
      const client = await RawClient.open(target.port)
      await client.write(plainPost(KEY, '"zz"' + octezPost(KEY, operation()), 4))
      expect(outcome(await client.answer())).toBe('400 malformed-body')
      await client.closed
      expect(client.received).toBe('')
    })
  })

  it.each([
    '-1',
    '+5',
    '5 5',
    '5,5',
    '0x5',
    '1e3',
    '5.0',
    '',
    'five',
    '18446744073709551616',
    '9'.repeat(400),
  ])('%j is 400', async (length) => {
    await target.untouchedBy(async () => {
      const client = await RawClient.open(target.port)
      await client.write(plainPost(KEY, body).replace(/(Content-Length: )\d+/, `$1${length}`))
      expect(outcome(await client.answer())).toMatch(/^400 (malformed-body|body-too-large)$/)
      await client.closed
    })
  })
})

describe('F36 a body that is packed', () => {
  it.each(['gzip', 'deflate', 'br', 'zstd', 'GZIP', 'identity, gzip'])(
    'by %s is refused unread',
    async (encoding) => {
      const packed = gzipSync(octezBody(operation()))
      const headers = { 'content-type': 'application/json', 'content-encoding': encoding }
      const answer = await target.untouchedBy(() =>
        fetch(`${target.url}/keys/${KEY}`, { method: 'POST', headers, body: packed }),
      )
      expect(answer.status).toBe(400)
      expect(await answer.text()).toContain('content-type-not-supported')
    },
  )

  it('in a packed transfer is no JSON', async () => {
    const packed = gzipSync(octezBody(operation()))
    await target.untouchedBy(async () => {
      const client = await RawClient.open(target.port)
      await client.write(
        octezHead(KEY).replace('transfer-encoding: chunked', 'transfer-encoding: gzip, chunked'),
      )
      await client.write(Buffer.concat([Buffer.from(`${packed.length.toString(16)}\r\n`), packed]))
      await client.write('\r\n0\r\n\r\n')
      expect(outcome(await client.answer())).toBe('400 malformed-body')
    })
  })
})
