import { readdirSync, readFileSync } from 'node:fs'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { encodeFrame } from '../../../src/server/socket/frame.js'
import { decodeReply } from '../../../src/server/socket/reply.js'
import { encodeRequest, type SocketRequest } from '../../../src/server/socket/request.js'
import { concatBytes, parsePublicKeyHash } from '../../../src/tezos/index.js'
import { attestation, operation } from '../../server/fixture.js'
import { codeOf, SocketClient } from '../../server/socket/socket-client.js'
import { ADDRESS, BAKING_CONFIG } from '../daemon.js'
import { START_MS, Target } from './target.js'

let target: Target
const addresses: string[] = []
beforeAll(async () => {
  const settings = 'server: { listen: "127.0.0.1:0", unix: signer.sock, tcp: "127.0.0.1:0" }'
  target = await Target.start(BAKING_CONFIG.replace('server: { listen: "127.0.0.1:0" }', settings))
  for (const event of ['unix.listening', 'tcp.listening']) {
    addresses.push(String((await target.daemon.line(event))['address']))
  }
}, START_MS)
afterAll(() => target.close())

const KEY = parsePublicKeyHash(ADDRESS.tz1)!
const KINDS: readonly SocketRequest['kind'][] = [
  ...(['sign', 'public-key', 'authorized-keys', 'deterministic-nonce', 'deterministic-nonce-hash'] as const),
  ...(['supports-deterministic-nonces', 'known-keys', 'bls-prove-possession'] as const),
]
const signed = { key: KEY, data: Uint8Array.of(0x04, 1, 2, 3), authentication: undefined }
/** One of every request, none of which may reach the board. */
const REAL: readonly Uint8Array[] = [
  { kind: 'sign', version: undefined, ...signed } as const,
  { kind: 'sign', version: undefined, ...signed, authentication: new Uint8Array(64) } as const,
  { kind: 'public-key', key: KEY } as const,
  { kind: 'authorized-keys' } as const,
  { kind: 'known-keys' } as const,
  { kind: 'deterministic-nonce', ...signed } as const,
  { kind: 'supports-deterministic-nonces', key: KEY } as const,
  { kind: 'bls-prove-possession', key: KEY, override: new Uint8Array(48) } as const,
].map((request) => encodeFrame(encodeRequest(request)))

const frame = fc.constantFrom(...REAL)
const mutated = fc
  .tuple(frame, fc.nat(200), fc.nat(255), fc.constantFrom('change', 'insert', 'remove', 'cut'))
  .map(([bytes, place, value, how]) => {
    const at = place % bytes.length
    const [before, after] = [bytes.subarray(0, at), bytes.subarray(at + 1)]
    if (how === 'cut') return before
    if (how === 'remove') return concatBytes(before, after)
    const rest = how === 'change' ? after : bytes.subarray(at)
    return concatBytes(before, Uint8Array.of(value), rest)
  })
const anything = fc.oneof(fc.uint8Array({ maxLength: 300 }), frame, mutated)
const streams = fc.array(anything, { minLength: 1, maxLength: 6 }).map((parts) => concatBytes(...parts))

/** Everything that comes back until the end, each message a reply; and how the connection ended. */
async function repliesOf(client: SocketClient): Promise<{ readonly count: number; readonly last: string }> {
  let count = 0
  let last = ''
  for (;;) {
    const message = await client.message()
    if (message === undefined) return { count, last }
    count += 1
    const replies = KINDS.map((kind) => decodeReply(kind, message)).filter((reply) => reply !== undefined)
    expect(replies).not.toEqual([])
    last = codeOf(replies.find(({ kind }) => kind === 'error') ?? replies[0]!)
  }
}

/** How many whole frames a stream has before its end or its first frame that is too long, and what ends it. */
function expectedOf(stream: Uint8Array): { readonly whole: number; readonly ending: string | undefined } {
  let at = 0
  let whole = 0
  while (at < stream.length) {
    if (stream.length - at < 2) return { whole, ending: 'malformed-frame' }
    const size = ((stream[at] ?? 0) << 8) | (stream[at + 1] ?? 0)
    if (size > 4096) return { whole, ending: 'body-too-large' }
    if (stream.length - at - 2 < size) return { whole, ending: 'malformed-frame' }
    whole += 1
    at += 2 + size
  }
  return { whole, ending: undefined }
}

const descriptors = () => readdirSync(`/proc/${target.daemon.pid}/fd`).length
const memoryKiB = () =>
  Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${target.daemon.pid}/status`, 'utf8'))?.[1])

describe.each([
  ['a Unix socket', 0],
  ['TCP', 1],
])('whatever is sent over %s', (_name, index) => {
  it('is answered frame by frame, and the end of a broken stream is told with an error frame', async () => {
    const { pid } = target.daemon
    await target.untouchedBy(() =>
      fc.assert(
        fc.asyncProperty(streams, fc.array(fc.nat(400), { maxLength: 4 }), async (stream, cuts) => {
          const client = await SocketClient.open(addresses[index]!, true)
          let at = 0
          for (const cut of [
            ...cuts.filter((one) => one < stream.length).sort((a, b) => a - b),
            stream.length,
          ]) {
            await client.write(stream.subarray(at, cut))
            at = cut
          }
          client.socket.end()
          const { whole, ending } = expectedOf(stream)
          const { count, last } = await repliesOf(client)
          expect(count).toBe(whole + (ending === undefined ? 0 : 1))
          if (ending !== undefined) expect(last).toBe(ending)
          expect(await client.closed).toBeUndefined()
        }),
        { numRuns: 300 },
      ),
    )
    expect([target.daemon.pid, target.faults]).toEqual([pid, []])
    await target.signsHonestly()
  }, 60_000)

  it('by 300 clients at a time, who leave wherever they are, costs no descriptor and no memory that stays', async () => {
    await target.signsHonestly()
    const before = descriptors()
    const startKiB = memoryKiB()
    const pieces = fc.sample(streams, { numRuns: 300, seed: 7 })
    for (let turn = 0; turn < 3; turn += 1) {
      const clients: SocketClient[] = []
      while (clients.length < pieces.length) {
        const client = await SocketClient.open(addresses[index]!)
        await client.exchange({ kind: 'authorized-keys' }) // or the backlog of a Unix socket would be full
        clients.push(client)
      }
      await Promise.all(clients.map((client, at) => client.write(pieces[at]!)))
      for (const { socket } of clients) socket.destroy()
      await Promise.all(clients.map(({ closed }) => closed))
    }
    await vi.waitUntil(() => descriptors() <= before, { timeout: 10_000 })
    expect(memoryKiB() - startKiB).toBeLessThan(100 * 1024)
    expect(target.faults).toEqual([])
    await target.signsHonestly()
  }, 60_000)
})

it('a signature is made for a frame that comes byte by byte', async () => {
  const client = await SocketClient.open(addresses[0]!)
  const data = operation('drip')
  const request = encodeFrame(encodeRequest({ ...signed, kind: 'sign', version: undefined, data }))
  for (const byte of request) await client.write(Uint8Array.of(byte))
  expect(codeOf(await client.reply())).toBe('sign')
  await client.ask({ ...signed, kind: 'sign', version: undefined, data: attestation({ level: 5 }) })
  expect(await client.code()).toBe('magic-byte-not-allowed')
})
