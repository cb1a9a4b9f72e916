import type { IncomingMessage, ServerResponse } from 'node:http'
import { gzipSync } from 'node:zlib'
import { describe, expect, onTestFinished, test } from 'vitest'
import { octezHead, octezHeader } from '../../src/octez/index.js'
import { parseChainId } from '../../src/tezos/index.js'
import { FakeNode } from './fake-node.js'

const MAINNET = parseChainId('mainnet')!
const PATH = '/chains/main/blocks/head/header'

/** A node, and one question to it. */
async function setUp(answer?: (request: IncomingMessage, response: ServerResponse) => void) {
  const node = await FakeNode.start(1234)
  onTestFinished(() => node.close())
  if (answer !== undefined) node.answer = answer
  const asker = new AbortController()
  const ask = (rpc = node.rpc) => octezHead(rpc).head(MAINNET, asker.signal)
  return { node, ask, asker }
}

const text = (body: string | Buffer) => (_: unknown, response: ServerResponse) => response.end(body)
const headerOf = (fields: object) => text(JSON.stringify({ chain_id: MAINNET, level: 1, ...fields }))
const NO_HEADER = 'its answer is not the header of a block'

describe('a node that answers', () => {
  test('tells its head, over connections that are kept', async () => {
    const { node, ask } = await setUp()
    const levels = [0, 1234, 0x7fffffff, ...Array.from({ length: 17 }, (_, index) => index)]
    for (const level of levels) {
      node.level = level
      expect(await ask()).toEqual({ outcome: 'head', level })
    }
    expect(node.questions).toEqual(levels.map(() => PATH))
    expect(node.connections).toBeLessThanOrEqual(2)
  })

  test('is asked below the prefix of its path', async () => {
    const { node, ask } = await setUp()
    expect(await ask(`${node.rpc}/a/b`)).toEqual({ outcome: 'head', level: 1234 })
    expect(node.questions).toEqual([`/a/b${PATH}`])
  })

  test('is not believed when it speaks of another chain', async () => {
    const { node, ask } = await setUp()
    node.chain = 'NetXnHfVqm9iesp'
    expect(await ask()).toEqual({ outcome: 'unknown', reason: 'it is a node of NetXnHfVqm9iesp' })
  })
})

describe('a header', () => {
  const read = async (fields: object) => {
    const { node } = await setUp(headerOf(fields))
    return octezHeader(node.rpc, new AbortController().signal)
  }

  test('tells any chain, and its time where that is one', async () => {
    const known = { outcome: 'header', chain: MAINNET, level: 1 }
    const timestamp = new Date('2026-11-21T16:19:11Z')
    expect(await read({ timestamp: '2026-11-21T16:19:11Z' })).toEqual({ ...known, timestamp })
    expect(await read({})).toEqual(known)
    expect(await read({ timestamp: 'yesterday' })).toEqual(known)
    expect(await read({ chain_id: 'NetXnHfVqm9iesp' })).toEqual({ ...known, chain: 'NetXnHfVqm9iesp' })
  })
})

describe('an answer that is none', () => {
  test.each([
    ['nothing', text('')],
    ['garbage', text('<html>busy</html>')],
    ['no UTF-8', text(Buffer.from([0x22, 0xff, 0x22]))],
    ['an array', text('[]')],
    ['no level', text(JSON.stringify({ chain_id: MAINNET }))],
    ['no chain', text('{"level":1}')],
    ['a chain without a right checksum', headerOf({ chain_id: 'NetXdQprcVkpaWV' })],
    ['a negative level', headerOf({ level: -1 })],
    ['a level with a fraction', headerOf({ level: 1.5 })],
    ['a level as text', headerOf({ level: '1' })],
    ['a level over int32', headerOf({ level: 0x80000000 })],
  ])('for saying %s', async (_, answer) => {
    const { ask } = await setUp(answer)
    expect(await ask()).toEqual({ outcome: 'unknown', reason: NO_HEADER })
  })

  test.each([201, 204, 400, 401, 404, 500, 503])('for its status %i', async (status) => {
    const { ask } = await setUp((_, response) => {
      response.writeHead(status)
      response.end(status === 204 ? undefined : JSON.stringify({ chain_id: MAINNET, level: 1 }))
    })
    expect(await ask()).toEqual({ outcome: 'unknown', reason: `it answered with status ${status}` })
  })

  test.each([301, 302, 303, 307, 308])(
    'because status %i leads elsewhere, and nobody goes there',
    async (status) => {
      const { node, ask } = await setUp()
      node.answer = (request, response) => {
        if (request.url !== PATH) node.tellHead(response)
        else response.writeHead(status, { location: '/elsewhere' }).end()
      }
      expect(await ask()).toEqual({ outcome: 'unknown', reason: `it answered with status ${status}` })
      expect(node.questions).toEqual([PATH])
    },
  )
})

describe('an answer without end', () => {
  const TOO_LONG = { outcome: 'unknown', reason: 'its answer is longer than 16384 bytes' }

  test('is read no further than its bound, and the connection is given up', async () => {
    let written = 0
    const { node, ask } = await setUp((_, response) => {
      const chunk = Buffer.alloc(4096, ' ')
      const write = () => {
        while (!response.destroyed && response.write(chunk)) written += chunk.length
      }
      response.on('drain', write)
      write()
    })
    expect(await ask()).toEqual(TOO_LONG)
    await node.settled()
    expect(written).toBeLessThan(16 * 1024 * 1024)
  })

  test('is measured as it is read, not as it is packed', async () => {
    const packed = gzipSync(Buffer.alloc(8 * 1024 * 1024, ' '))
    expect(packed.length).toBeLessThan(16_384)
    const { ask } = await setUp((_, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(packed)
    })
    expect(await ask()).toEqual(TOO_LONG)
  })
})

describe('a node that does not answer', () => {
  const GIVEN_UP = { outcome: 'unknown', reason: 'the question was given up' }

  test.each([
    ['at all', () => undefined],
    [
      'beyond its head',
      (_: unknown, response: ServerResponse) => {
        response.writeHead(200).flushHeaders()
      },
    ],
    ['beyond the first bytes', (_: unknown, response: ServerResponse) => response.write('{"chain_id":')],
  ])('%s is left when the question is given up', async (_, answer) => {
    const { node, ask, asker } = await setUp(answer)
    const asked = ask()
    await node.asked(1)
    asker.abort()
    expect(await asked).toEqual(GIVEN_UP)
    await node.settled()
  })

  test('is not asked when the question was given up before', async () => {
    const { node, ask, asker } = await setUp()
    asker.abort()
    expect(await ask()).toEqual(GIVEN_UP)
    expect(node.questions).toEqual([])
  })

  test.each([
    ['before its answer', (request: IncomingMessage) => request.socket.destroy()],
    [
      'within its answer',
      (request: IncomingMessage, response: ServerResponse) => {
        response.writeHead(200, { 'content-length': 1000 })
        response.write('{"chain_id":', () => request.socket.destroy())
      },
    ],
  ])('because it hangs up %s is no fault of ours', async (_, answer) => {
    const { ask } = await setUp(answer)
    expect(await ask()).toEqual({
      outcome: 'unknown',
      reason: expect.stringMatching(/^the connection failed \((?:UND_ERR_SOCKET|ECONNRESET)\)$/) as string,
    })
  })

  test('because nobody listens is named, without its address', async () => {
    const { node, ask } = await setUp()
    const { rpc } = node
    await node.close()
    const answer = await ask(`${rpc}/secret`)
    expect(answer).toEqual({ outcome: 'unknown', reason: 'the connection failed (ECONNREFUSED)' })
  })

  test('because its port is one that fetch never asks is named', async () => {
    const { ask } = await setUp()
    expect(await ask('http://127.0.0.1:6000')).toEqual({
      ...{ outcome: 'unknown', reason: 'the connection failed (bad port)' },
    })
  })
})
