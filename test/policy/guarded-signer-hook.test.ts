import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { monotonicClock } from '../../src/clock.js'
import { hookClient } from '../../src/hook/index.js'
import {
  GuardedSigner,
  MarksJournal,
  PolicyHook,
  UNKNOWN_CALLER,
  type HookEvent,
  type SignResult,
} from '../../src/policy/index.js'
import { HOOK_KINDS } from '../../src/config/hook-values.js'
import { MARK_KINDS, payloadDigest, toHex } from '../../src/tezos/index.js'
import { BAD_ANSWERS, FakeHook, type Behaviour } from '../hook/fake-hook.js'
import { operation, TRANSACTION, vote } from '../tezos/build-payload.js'
import { MAINNET, onlyDevice, signWith, temporaryDirectory, testKey } from './fixture.js'

const KEY = testKey('ed25519')
const PAYLOAD = operation(TRANSACTION)
const PATIENCE_MS = 10_000

type Settings = {
  readonly onError?: 'allow' | 'refuse'
  readonly timeoutMs?: number
  readonly kinds?: readonly string[]
  readonly isSigned?: boolean
  readonly behaviour?: Behaviour
}

/** A signer with a real journal, and a hook that is a real HTTP server. */
async function setUp({
  onError = 'refuse',
  timeoutMs = 5000,
  kinds = HOOK_KINDS,
  isSigned = true,
  behaviour,
}: Settings = {}) {
  const server = await FakeHook.start()
  onTestFinished(() => server.close())
  if (behaviour !== undefined) server.behaviour = behaviour
  const directory = join(temporaryDirectory(), 'state')
  const seeds = MARK_KINDS.map((kind) => ({ chain: MAINNET, key: KEY.hash, kind, level: 0, round: 0 }))
  MarksJournal.create({ directory, maxLevelGap: 'off' }, seeds)
  const store = MarksJournal.open({ directory, maxLevelGap: 'off' })
  onTestFinished(() => {
    store.close()
  })
  const signed: Uint8Array[] = []
  const device = {
    name: 'board',
    isReady: () => true,
    ready: () => Promise.resolve(undefined),
    sign: (_: unknown, payload: Uint8Array) => {
      signed.push(payload)
      return Promise.resolve({ outcome: 'signed' as const, signature: signWith(KEY, payload) })
    },
  }
  const events: HookEvent[] = []
  let nonces = 0
  const hook = new PolicyHook({
    ...{ key: KEY.hash, timeoutMs, onError, kinds, clock: monotonicClock },
    ask: hookClient({
      url: server.url,
      publicKey: isSigned ? server.publicKey : undefined,
      newNonce: () => String((nonces += 1)),
    }),
    onEvent: (event) => events.push(event),
  })
  const rules = {
    ...{ publicKeyHash: KEY.hash, allowedMagicBytes: 'any' as const, allow: undefined, chains: [MAINNET] },
    requiresAuthentication: false,
  }
  const signer = new GuardedSigner({
    ...{
      keys: [rules],
      hooks: new Map([[KEY.hash, hook]]),
      store,
      devices: onlyDevice(device),
      clock: monotonicClock,
    },
    ...{ publicKeyOf: () => KEY.publicKey, authentication: { keys: [] }, queueCapacity: 100 },
    onEvent: () => undefined,
  })
  const sign = (payload: Uint8Array, signal?: AbortSignal) =>
    signer.sign({
      ...{ requestId: 'r', publicKeyHash: KEY.hash, payload, authentication: undefined },
      ...{ caller: UNKNOWN_CALLER, deadlineAt: monotonicClock.now() + PATIENCE_MS, signal },
    })
  return { server, sign, signed, events, store, signer }
}

const code = async (result: Promise<SignResult>) => {
  const made = await result
  return made.outcome === 'refused' ? made.refusal.code : made.outcome
}
const attestation = (level: number, round = 0) => vote({ tag: 0x15, level, round })

describe('a hook', () => {
  test('is told what is to be signed, decoded and raw, and lets it through', async () => {
    const { server, sign } = await setUp()
    expect(await code(sign(PAYLOAD))).toBe('signed')
    expect(await code(sign(attestation(7, 1)))).toBe('signed')
    const [first, second] = server.questions
    expect(first).toMatchObject({
      ...{ version: 1, nonce: '1', key: KEY.hash, kind: 'operation', payload: toHex(PAYLOAD) },
      ...{ digest: toHex(payloadDigest(PAYLOAD)), clients: [], contents: [{ kind: 'transaction' }] },
    })
    expect(second).toMatchObject({ kind: 'attestation', chain: MAINNET, level: 7, round: 1 })
  })

  test('that refuses keeps the device and the marks untouched', async () => {
    const { server, sign, signed, store } = await setUp({ isSigned: false })
    server.behaviour = (_, response) => response.end('{"allow":false,"reason":"not on a Sunday"}')
    const before = store.marks()
    for (const payload of [PAYLOAD, attestation(7)]) {
      expect(await sign(payload)).toMatchObject({
        refusal: { code: 'hook-refused', message: expect.stringContaining('not on a Sunday') as string },
      })
    }
    expect(signed).toEqual([])
    expect(store.marks()).toEqual(before)
  })

  test('is not asked about a repeat, nor about what the marks or a rule refuse', async () => {
    const { server, sign, signed } = await setUp()
    const first = await sign(attestation(7, 1))
    server.behaviour = (_, response) => response.end('{"allow":false}')
    expect(await sign(attestation(7, 1))).toEqual({ ...first, repeated: true })
    expect(await code(sign(attestation(7, 0)))).toBe('below-mark')
    expect(await code(sign(Uint8Array.of(0x80, 1)))).toBe('magic-byte-not-allowed')
    expect(server.questions).toHaveLength(1)
    expect(signed).toHaveLength(1)
  })

  test('may be kept out of baking: what it is not asked about is signed although it hangs', async () => {
    const { server, sign } = await setUp({ kinds: ['operation'], behaviour: () => undefined })
    const waiting = sign(PAYLOAD)
    await server.asked(1)
    // the device's queue is not held up by the one that waits
    expect(await code(sign(attestation(7)))).toBe('signed')
    await server.close()
    expect(await code(waiting)).toBe('hook-unavailable')
  })
})

describe('a hook that gives no answer', () => {
  test.each(BAD_ANSWERS)('but %s refuses the request', async (_, fault, behaviour) => {
    const { sign, signed, events } = await setUp({ isSigned: false, behaviour })
    expect(await code(sign(PAYLOAD))).toBe('hook-unavailable')
    expect(signed).toEqual([])
    expect(events).toMatchObject([{ event: 'hook.unavailable', code: fault }])
  })

  test.each<readonly [string, Behaviour]>([
    ['at all', () => undefined],
    [
      'beyond its headers',
      (_, response) => {
        response.writeHead(200).flushHeaders()
      },
    ],
    ['beyond the first bytes', (_, response) => response.write('{"allow":')],
  ])('%s in time refuses the request, and is left', async (_, behaviour) => {
    const { server, sign, signed, events } = await setUp({ timeoutMs: 50, behaviour })
    expect(await code(sign(PAYLOAD))).toBe('hook-unavailable')
    await server.settled()
    expect(signed).toEqual([])
    expect(events).toMatchObject([{ code: 'timeout', reason: 'it did not answer within 50 ms' }])
  })

  test('that can be relied on, for it is replayed, refuses the request', async () => {
    const { server, sign, signed } = await setUp()
    server.behaviour = (_, response) => {
      server.answer(response, { allow: true, nonce: '1' })
    }
    expect(await code(sign(PAYLOAD))).toBe('signed')
    expect(await code(sign(PAYLOAD))).toBe('hook-unavailable')
    expect(signed).toHaveLength(1)
  })

  test('forbids nothing with on_error: allow, and that is told', async () => {
    const { sign, events } = await setUp({
      ...{ onError: 'allow', behaviour: (_, response) => response.writeHead(503).end() },
    })
    expect(await code(sign(attestation(7)))).toBe('signed')
    expect(events).toMatchObject([{ event: 'hook.unavailable', code: 'bad-status', onError: 'allow' }])
  })

  test('is left when the client leaves, and nothing is signed', async () => {
    const { server, sign, signed } = await setUp({ onError: 'allow', behaviour: () => undefined })
    const client = new AbortController()
    const waiting = sign(PAYLOAD, client.signal)
    await server.asked(1)
    client.abort()
    expect(await code(waiting)).toBe('client-gone')
    await server.settled()
    expect(signed).toEqual([])
  })

  test('does not hold up the end of the bridge', async () => {
    const { server, sign, signer } = await setUp({ onError: 'allow', behaviour: () => undefined })
    const waiting = sign(PAYLOAD)
    await server.asked(1)
    await signer.close()
    expect(await code(waiting)).toBe('shutting-down')
  })
})
