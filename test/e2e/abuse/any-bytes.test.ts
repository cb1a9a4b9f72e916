import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { octezBody, operation } from '../../server/fixture.js'
import { octezGet, octezPost, plainPost, RawClient } from '../../server/raw-client.js'
import { ADDRESS } from '../daemon.js'
import { START_MS, Target } from './target.js'

let target: Target
beforeAll(async () => {
  target = await Target.start()
}, START_MS)
afterAll(() => target.close())

const KEY = ADDRESS.tz3
/** What is thrown often enough that a mutation of it gets past the first checks. */
const REQUESTS = [
  octezPost(KEY, operation()),
  plainPost(KEY, octezBody(operation())),
  octezGet(`/keys/${KEY}`),
  octezGet('//authorized_keys'),
].map((text) => Buffer.from(text))

const SYNTAX = [
  '\r\n',
  '\n',
  '\r',
  '\0',
  ':',
  ' ',
  '0\r\n\r\n',
  'Content-Length: 3\r\n',
  'Host: x\r\n',
  '"',
  '/../',
  '%',
  '?',
]

const edit = fc.record({
  at: fc.nat(),
  removed: fc.nat({ max: 20 }),
  put: fc.oneof(
    fc.uint8Array({ maxLength: 12 }),
    fc.constantFrom(...SYNTAX).map((text) => Uint8Array.from(Buffer.from(text))),
  ),
})

/** A right request with some bytes of it changed, and the rest of it perhaps cut off. */
const mutated = fc
  .record({
    request: fc.constantFrom(...REQUESTS),
    edits: fc.array(edit, { minLength: 1, maxLength: 4 }),
    kept: fc.nat(),
  })
  .map(({ request, edits, kept }) => {
    const whole = edits.reduce<Uint8Array>((bytes, { at, removed, put }) => {
      const from = at % (bytes.length + 1)
      return Buffer.concat([bytes.subarray(0, from), put, bytes.subarray(from + removed)])
    }, request)
    return kept % 3 === 0 ? whole.subarray(0, kept % (whole.length + 1)) : whole
  })

const anyBytes = fc.oneof(
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 4096 }) },
  { weight: 3, arbitrary: mutated },
  { weight: 1, arbitrary: fc.tuple(mutated, mutated).map((parts) => Buffer.concat(parts)) },
)

it('F42 any bytes thrown at the port are answered by no fault: an honest signature follows, and the process lives', async () => {
  const { pid } = target.daemon
  await fc.assert(
    fc.asyncProperty(anyBytes, fc.nat({ max: 3 }), async (bytes, pieces) => {
      const client = await RawClient.open(target.port)
      const size = Math.ceil(bytes.length / (pieces + 1))
      for (let at = 0; at < bytes.length; at += size) await client.write(bytes.subarray(at, at + size))
      if (pieces === 0) client.socket.end()
      await target.signsHonestly()
      expect(client.received.match(/^HTTP\/1\.1 (?!100|200|40[0134])\d+/gm)).toBeNull()
      client.socket.destroy()
      await client.closed
    }),
    { numRuns: 400 },
  )
  expect(target.faults).toEqual([])
  process.kill(pid, 0) // throws when there is no such process
  const levels = target.journal.filter((line) => /"type":"mark".*"why":"request"/.test(line))
  // Nothing but the honest requests has raised a mark: what was thrown carried none.
  expect(levels).toHaveLength(target.honestLevel)
})
