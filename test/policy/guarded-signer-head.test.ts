import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  GuardedSigner,
  MarksJournal,
  type DeviceAnswer,
  type HeadCheck,
  type KeyRules,
  type SignerEvent,
  type SignResult,
  UNKNOWN_CALLER,
} from '../../src/policy/index.js'
import { MARK_KINDS } from '../../src/tezos/index.js'
import { be32, block, operation, TRANSACTION, vote } from '../tezos/build-payload.js'
import { MAINNET, ManualClock, onlyDevice, signWith, temporaryDirectory, testKey } from './fixture.js'
import { HandHead, headCheck, settled } from './head-fixture.js'

const KEY = testKey('ed25519')

/** A signer whose marks are seeded at `seedLevel`, with a head check behind a node. */
function setUp(node: HandHead, seedLevel = 0) {
  const directory = join(temporaryDirectory(), 'state')
  const seeds = MARK_KINDS.map((kind) => ({
    chain: MAINNET,
    key: KEY.hash,
    kind,
    level: seedLevel,
    round: 0,
  }))
  MarksJournal.create({ directory, maxLevelGap: 'off' }, seeds)
  const store = MarksJournal.open({ directory, maxLevelGap: 'off' })
  const clock = new ManualClock()
  const asked: Uint8Array[] = []
  const device = {
    name: 'board',
    isReady: () => true,
    ready: () => Promise.resolve(undefined),
    answer: (payload: Uint8Array): DeviceAnswer | Promise<DeviceAnswer> => ({
      outcome: 'signed',
      signature: signWith(KEY, payload),
    }),
    sign: async (_: unknown, payload: Uint8Array) => {
      asked.push(payload)
      return device.answer(payload)
    },
  }
  const rules: KeyRules = {
    ...{
      publicKeyHash: KEY.hash,
      allowedMagicBytes: [0x03, 0x05, 0x11, 0x12, 0x13],
      allow: undefined,
      chains: [MAINNET],
    },
    requiresAuthentication: false,
  }
  const events: SignerEvent[] = []
  const checks = headCheck(node, { clock, marks: () => store.marks() })
  const start = (check: HeadCheck | undefined) =>
    new GuardedSigner({
      ...{ keys: [rules], headCheck: check, store, devices: onlyDevice(device), clock, queueCapacity: 100 },
      ...{ publicKeyOf: () => KEY.publicKey, authentication: { keys: [] } },
      onEvent: (event) => events.push(event),
    })
  const signer = start(checks.check)
  const sign = (payload: Uint8Array) =>
    signer.sign({
      ...{
        requestId: 'r1',
        publicKeyHash: KEY.hash,
        payload,
        authentication: undefined,
        caller: UNKNOWN_CALLER,
      },
      ...{ deadlineAt: clock.now() + 10_000, signal: undefined },
    })
  return { signer, sign, store, clock, device, asked, rules, events }
}

const codeOf = (result: SignResult) => (result.outcome === 'refused' ? result.refusal.code : result.outcome)
const code = async (result: Promise<SignResult>) => codeOf(await result)
const preattestation = (level: number, round = 0) => vote({ tag: 0x14, level, round })
const attestation = (level: number, round = 0) => vote({ tag: 0x15, level, round })

describe('with a head check', () => {
  test('blocks, preattestations and attestations are compared with the head, and nothing else is', async () => {
    const node = new HandHead(100)
    const { sign, asked, store } = setUp(node)
    const marks = store.marks()
    for (const payload of [block({ level: 103 }), preattestation(103), attestation(103), attestation(89)]) {
      expect(await code(sign(payload))).toBe('level-gap')
    }
    expect(asked).toHaveLength(0)
    expect(store.marks()).toEqual(marks)
    const { length } = node.questions
    for (const payload of [operation(TRANSACTION), Uint8Array.of(0x05, 1)]) {
      expect(await code(sign(payload))).toBe('signed')
    }
    expect(node.questions).toHaveLength(length)
    for (const payload of [block({ level: 102 }), preattestation(102), attestation(102)]) {
      expect(await code(sign(payload))).toBe('signed')
    }
  })

  test('what the marks settle needs no node: a repeat, and whatever is below or against a mark', async () => {
    const node = new HandHead(100)
    const { sign } = setUp(node)
    const first = await sign(attestation(100, 2))
    await settled()
    const { length } = node.questions
    node.hang()
    expect(await sign(attestation(100, 2))).toEqual({ ...first, repeated: true })
    expect(await code(sign(vote({ tag: 0x15, level: 100, round: 2, slot: be32(7).slice(2) })))).toBe(
      'conflicts-with-mark',
    )
    expect(await code(sign(attestation(100, 1)))).toBe('below-mark')
    expect(await code(sign(attestation(50)))).toBe('below-mark')
    expect(node.questions).toHaveLength(length)
  })

  test('a node that hangs holds nobody else: the device goes on signing what needs no answer', async () => {
    const node = new HandHead()
    const { sign, clock } = setUp(node)
    const waiting = sign(attestation(100))
    await settled()
    expect(await code(sign(operation(TRANSACTION)))).toBe('signed')
    clock.advance(300)
    expect(await code(waiting)).toBe('head-unknown')
  })

  test('a request whose node hangs holds no turn, and is marked only when its turn comes', async () => {
    const node = new HandHead()
    const { sign, signer, store, device } = setUp(node)
    let finish = () => {}
    const held = new Promise<void>((resolve) => {
      finish = resolve
    })
    const { answer } = device
    device.answer = async (payload) => {
      await held
      return answer(payload)
    }
    const first = sign(operation(TRANSACTION))
    const second = sign(attestation(100))
    await settled()
    expect(signer.waiting).toBe(0)
    node.tell(100)
    await settled()
    expect(signer.waiting).toBe(1)
    expect(store.marks().map(({ level }) => level)).toEqual([0, 0, 0])
    finish()
    expect([await code(first), await code(second)]).toEqual(['signed', 'signed'])
  })

  test('a refusal has its line in the audit log', async () => {
    const { sign, events } = setUp(new HandHead(100))
    await sign(attestation(103))
    expect(events).toMatchObject([
      { event: 'signature.decided', outcome: 'refused', code: 'level-gap', level: 103 },
    ])
  })

  test('a bridge that stops does not wait for its node', async () => {
    const node = new HandHead()
    const { sign, signer, clock } = setUp(node)
    const asked = sign(attestation(100))
    await settled()
    await signer.close()
    expect(await code(asked)).toBe('head-unknown')
    expect(clock.timers).toBe(0)
  })
})

describe('rules that are replaced', () => {
  const authentication = { keys: [] }

  test('count for the next request, and a request that came before ends under its own', async () => {
    const node = new HandHead()
    const { sign, signer, rules, asked } = setUp(node)
    const before = sign(attestation(100))
    await settled()
    signer.replaceRules({
      keys: [{ ...rules, allowedMagicBytes: [0x03] }],
      authentication,
      headCheck: undefined,
    })
    expect(await code(sign(attestation(101)))).toBe('magic-byte-not-allowed')
    node.tell(98)
    expect(await code(before)).toBe('signed')
    expect(asked).toHaveLength(1)
  })

  test('are not those of a request that came a moment before', async () => {
    const { sign, signer, rules, asked } = setUp(new HandHead(50))
    const before = sign(attestation(100))
    signer.replaceRules({ keys: [rules], authentication })
    expect(await code(before)).toBe('level-gap')
    expect(asked).toHaveLength(0)
  })

  test('may end the head check, and begin another', async () => {
    const { sign, signer, rules, store, clock } = setUp(new HandHead(100))
    expect(await code(sign(attestation(500)))).toBe('level-gap')
    signer.replaceRules({ keys: [rules], authentication })
    expect(await code(sign(attestation(500)))).toBe('signed')
    const { check } = headCheck(new HandHead(600), { clock, marks: () => store.marks() })
    signer.replaceRules({ keys: [rules], authentication, headCheck: check })
    // The mark at 500 is judged as it stood when the check began.
    expect(await code(sign(attestation(602)))).toBe('level-gap')
    expect(await code(sign(block({ level: 602 })))).toBe('signed')
  })

  test('may limit the level gap otherwise, from the next decision on', async () => {
    const { sign, signer, rules, store } = setUp(new HandHead(100))
    signer.replaceRules({ keys: [rules], authentication })
    expect(await code(sign(attestation(100)))).toBe('signed')
    store.limitLevelGap(10)
    expect(await code(sign(attestation(111)))).toBe('level-gap')
    store.limitLevelGap(11)
    expect(await code(sign(attestation(111)))).toBe('signed')
  })
})

test('for no sequence of heads and requests the device signs a block or vote outside the window of the head', async () => {
  let signed = 0
  const request = fc.record({
    grow: fc.nat({ max: 4 }),
    offset: fc.integer({ min: -14, max: 5 }),
    tag: fc.constantFrom(0x11, 0x14, 0x15),
    round: fc.nat({ max: 3 }),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(request, { maxLength: 12 }), async (requests) => {
      const node = new HandHead(1000)
      const { sign, asked, clock, store } = setUp(node)
      let head = 1000
      for (const { grow, offset, tag, round } of requests) {
        // No chain grows faster than a level in a second.
        clock.advance(grow * 1000)
        head += grow
        node.tell(head)
        const level = head + offset
        const before = asked.length
        const payload = tag === 0x11 ? block({ level, round }) : vote({ tag, level, round })
        await sign(payload)
        await settled()
        if (asked.length === before) continue
        signed += 1
        expect(level).toBeGreaterThanOrEqual(head - 10)
        expect(level).toBeLessThanOrEqual(head + 2)
      }
      store.close()
    }),
    { numRuns: 40 },
  )
  expect(signed).toBeGreaterThan(20)
})
