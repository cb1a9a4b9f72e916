import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import {
  GuardedSigner,
  MarksJournal,
  systemFiles,
  type DeviceAnswer,
  type DeviceFailure,
  type GuardedSignerOptions,
  type KeyRules,
  type MarksJournalOptions,
  type SignerEvent,
  type SigningDevice,
  type SignRequest,
  type SignResult,
  UNKNOWN_CALLER,
} from '../../src/policy/index.js'
import { nonceUse, NonceWatch } from '../../src/policy/nonce-watch.js'
import {
  concatBytes,
  decodeSignature,
  encodeChainId,
  encodeSignature,
  MARK_KINDS,
  payloadDigest,
  publicKeyHashBytes,
  toHex,
  verifySignature,
  type PublicKeyHash,
} from '../../src/tezos/index.js'
import { block, operation, TRANSACTION, vote } from '../tezos/build-payload.js'
import {
  aroundFiles,
  FailingFiles,
  MAINNET,
  ManualClock,
  authorized,
  onlyDevice,
  signWith,
  signWithNonce,
  temporaryDirectory,
  testKey,
  TZ1,
  withOtherS,
  type TestKey,
} from './fixture.js'

const AUTHENTICATION = testKey('p256', 0x77)
const AUTHORIZED = {
  keys: [authorized(AUTHENTICATION.hash, AUTHENTICATION.publicKey)],
}

const OTHER_CHAIN_BYTES = Uint8Array.of(1, 2, 3, 4)
const OTHER_CHAIN = encodeChainId(OTHER_CHAIN_BYTES)

/** A device whose answers are values; nothing it is asked for is judged. */
class FakeDevice implements SigningDevice {
  readonly name = 'board'
  readonly asked: Uint8Array[] = []
  notReady: DeviceFailure | undefined
  answer: (payload: Uint8Array) => DeviceAnswer | Promise<DeviceAnswer>
  whenReady: (ms: number) => void | Promise<void> = () => undefined

  constructor(key: TestKey) {
    this.answer = (payload) => ({ outcome: 'signed', signature: signWith(key, payload) })
  }

  readonly isReady = () => this.notReady === undefined

  readonly ready = async (ms: number) => {
    await this.whenReady(ms)
    return this.notReady
  }

  readonly sign = async (_key: PublicKeyHash, payload: Uint8Array) => {
    this.asked.push(payload)
    await Promise.resolve()
    return this.answer(payload)
  }
}

type Options = {
  readonly key?: TestKey
  readonly rules?: Partial<KeyRules>
  readonly seedLevel?: number
  readonly journal?: Partial<MarksJournalOptions>
  readonly signer?: Partial<GuardedSignerOptions>
}

function setUp({
  key = testKey('ed25519'),
  rules = {},
  seedLevel = 999,
  journal = {},
  signer = {},
}: Options = {}) {
  const directory = join(temporaryDirectory(), 'state')
  const clock = new ManualClock()
  const device = new FakeDevice(key)
  const events: SignerEvent[] = []
  const options = { directory, maxLevelGap: 14_400, ...journal } as const
  MarksJournal.create(
    { directory, maxLevelGap: 'off' },
    MARK_KINDS.map((kind) => ({ chain: MAINNET, key: key.hash, kind, level: seedLevel, round: 0 })),
  )
  let store = MarksJournal.open(options)
  const all: KeyRules = {
    ...{
      publicKeyHash: key.hash,
      allowedMagicBytes: [0x03, 0x05, 0x11, 0x12, 0x13],
      allow: undefined,
      chains: [MAINNET],
    },
    ...{ requiresAuthentication: false, ...rules },
  }
  const start = () =>
    new GuardedSigner({
      ...{ keys: [all], store, devices: onlyDevice(device), clock, publicKeyOf: () => key.publicKey },
      ...{ queueCapacity: 100 },
      ...{ authentication: AUTHORIZED, onEvent: (event) => void events.push(event) },
      ...signer,
    })
  let current = start()
  const sign = (payload: Uint8Array, rest: Partial<SignRequest> = {}) =>
    current.sign({
      ...{
        requestId: 'r1',
        publicKeyHash: key.hash,
        payload,
        authentication: undefined,
        caller: UNKNOWN_CALLER,
      },
      ...{ deadlineAt: clock.now() + 1000, signal: undefined, ...rest },
    })
  return {
    ...{ key, directory, clock, device, events, sign },
    signer: () => current,
    store: () => store,
    restart: () => {
      store.close()
      store = MarksJournal.open(options)
      current = start()
    },
  }
}

const codeOf = (result: SignResult) => (result.outcome === 'refused' ? result.refusal.code : result.outcome)

const code = async (result: Promise<SignResult>) => codeOf(await result)

/** One of many payloads for one level and round. */
const variant = (index: number, level = 1000) => block({ level, predecessorRound: -1 - index })

const failed = (rest: Partial<DeviceFailure> = {}): DeviceFailure => ({
  ...{ outcome: 'failed', code: 'device-timeout', message: 'no reply within 1000 ms', sent: true },
  ...rest,
})

/** Lets everything that is ready to go on go on. */
const settled = () => new Promise<void>((resolve) => setImmediate(resolve))

describe.each(['ed25519', 'secp256k1', 'p256'] as const)('an %s key', (curve) => {
  test('signs what its marks let through, as a client accepts it', async () => {
    const { sign, key, device } = setUp({ key: testKey(curve) })
    const operations = [operation(TRANSACTION), Uint8Array.of(0x05, 1)]
    const votes = [vote({ tag: 0x14 }), vote({ tag: 0x17 })]
    for (const payload of [block(), ...votes, ...operations]) {
      const result = await sign(payload)
      expect(result).toMatchObject({ outcome: 'signed', repeated: false })
      const text = result.outcome === 'signed' ? result.signature : ''
      const signature = decodeSignature(curve, text)
      expect(verifySignature(key.publicKey, payloadDigest(payload), signature!)).toBe(true)
    }
    expect(device.asked).toHaveLength(5)
  })

  test('F2 repeats a signature after a restart without asking the device', async () => {
    const { sign, device, restart } = setUp({ key: testKey(curve) })
    const first = await sign(block())
    const again = { ...first, repeated: true }
    expect(await sign(block())).toEqual(again)
    restart()
    expect(await sign(block())).toEqual(again)
    expect(device.asked).toHaveLength(1)
  })
})

describe('many at once', () => {
  test('F10 of 50 payloads for one level and round exactly one is signed and the device is asked once', async () => {
    const { sign, device } = setUp()
    const results = await Promise.all(Array.from({ length: 50 }, (_, index) => sign(variant(index))))
    const codes = results.map(codeOf)
    expect(codes.filter((one) => one === 'signed')).toHaveLength(1)
    expect(codes.filter((one) => one === 'conflicts-with-mark')).toHaveLength(49)
    expect(device.asked).toHaveLength(1)
  })

  test('F10 also when the first one’s device fails: nobody else gets its place', async () => {
    const { sign, device } = setUp()
    device.answer = () => failed()
    const results = await Promise.all(Array.from({ length: 50 }, (_, index) => sign(variant(index))))
    expect(results.map(codeOf).filter((one) => one === 'conflicts-with-mark')).toHaveLength(49)
    expect(device.asked).toHaveLength(1)
  })

  test('F10 also across the forms of one attestation', async () => {
    const { sign, device } = setUp()
    const codes = await Promise.all([code(sign(vote({ tag: 0x15 }))), code(sign(vote({ tag: 0x17 })))])
    expect(codes).toEqual(['signed', 'conflicts-with-mark'])
    expect(device.asked).toHaveLength(1)
  })

  test('F11 of 50 equal requests the device gets one, and all get its signature', async () => {
    const { sign, device } = setUp()
    const results = await Promise.all(Array.from({ length: 50 }, () => sign(block())))
    expect(new Set(results.map((one) => (one.outcome === 'signed' ? one.signature : codeOf(one)))).size).toBe(
      1,
    )
    expect(results.filter((one) => one.outcome === 'signed' && !one.repeated)).toHaveLength(1)
    expect(device.asked).toHaveLength(1)
  })

  test('F11 the second of two is answered although the device is lost meanwhile', async () => {
    const { sign, device } = setUp()
    const { answer } = device
    device.answer = (payload) => {
      device.notReady = failed({ code: 'device-unavailable', sent: false })
      return answer(payload)
    }
    expect(await Promise.all([sign(block()), sign(block())])).toMatchObject([
      { outcome: 'signed', repeated: false },
      { outcome: 'signed', repeated: true },
    ])
    expect(device.asked).toHaveLength(1)
  })

  test('F25 as many wait as there is room for, and one more is refused', async () => {
    const { sign, signer } = setUp({ signer: { queueCapacity: 2 } })
    const results = [0, 1, 2, 3].map((index) => sign(variant(0, 1000 + index)))
    await settled()
    expect(await code(results[3]!)).toBe('queue-full')
    expect(await Promise.all(results.slice(0, 3).map(code))).toEqual(['signed', 'signed', 'signed'])
    expect(signer().waiting).toBe(0)
  })
})

describe('marks', () => {
  test('F7 that are missing are refused, and the remedy is named', async () => {
    const { sign, device } = setUp({ rules: { chains: [MAINNET, OTHER_CHAIN] } })
    const result = await sign(block({ chainId: OTHER_CHAIN_BYTES }))
    expect(result).toMatchObject({
      refusal: { code: 'no-mark', message: expect.stringMatching(/marks seed/) as string },
    })
    expect(device.asked).toHaveLength(0)
    expect(await code(sign(block()))).toBe('signed')
  })

  test('F24 F34 below, at and far above are refused, before the device is asked', async () => {
    const { sign, device, store } = setUp()
    const marks = store().marks()
    expect(await code(sign(variant(0, 998)))).toBe('below-mark')
    expect(await code(sign(block({ level: 999, round: 0, payloadRound: 0 })))).toBe('conflicts-with-mark')
    expect(await code(sign(variant(0, 999 + 14_401)))).toBe('level-gap')
    expect(await code(sign(variant(0, 0x7fffffff)))).toBe('level-gap')
    expect(device.asked).toHaveLength(0)
    expect(store().marks()).toEqual(marks)
    expect(await code(sign(variant(0, 999 + 14_400)))).toBe('signed')
  })

  test('that an operator raises while the device gets ready are those that count', async () => {
    const { sign, device, store, key } = setUp()
    device.whenReady = () => {
      store().raise({ chain: MAINNET, key: key.hash, kind: 'block', level: 1000, round: 3 })
    }
    expect(await code(sign(block()))).toBe('below-mark')
    expect(device.asked).toHaveLength(0)
  })

  test('F24 stand after a restart, whatever the device thinks', async () => {
    const { sign, device, restart } = setUp()
    await sign(variant(0, 1001))
    restart()
    expect(await code(sign(variant(0, 1000)))).toBe('below-mark')
    expect(await code(sign(variant(1, 1001)))).toBe('conflicts-with-mark')
    expect(device.asked).toHaveLength(1)
  })

  test('F35 are not touched by a request that the rules refuse', async () => {
    const { sign, device, store } = setUp({ rules: { allowedMagicBytes: [0x12], chains: [MAINNET] } })
    const marks = store().marks()
    expect(await code(sign(block()))).toBe('magic-byte-not-allowed')
    expect(await code(sign(vote({ tag: 0x14, chainId: Uint8Array.of(1, 2, 3, 4) })))).toBe(
      'chain-not-allowed',
    )
    expect(await code(sign(vote({ tag: 0x28 })))).toBe('malformed-payload')
    expect(await code(sign(new Uint8Array()))).toBe('malformed-payload')
    expect(await code(sign(new Uint8Array(1016).fill(5)))).toBe('payload-too-long')
    expect(await code(sign(block(), { publicKeyHash: TZ1 }))).toBe('unknown-key')
    expect(store().marks()).toEqual(marks)
    expect(device.asked).toHaveLength(0)
  })

  test('F13 and deadlines do not change with the wall clock', async () => {
    let date = '2027-06-01T00:00:00Z'
    const { sign, restart } = setUp({ journal: { wallClock: () => new Date(date) } })
    expect(await code(sign(variant(0, 1000)))).toBe('signed')
    date = '2026-05-31T00:00:00Z'
    expect(await code(sign(variant(1, 1000)))).toBe('conflicts-with-mark')
    expect(await code(sign(variant(0, 1001)))).toBe('signed')
    restart()
    expect(await sign(variant(0, 1001))).toMatchObject({ repeated: true })
    expect(await code(sign(variant(1, 1001)))).toBe('conflicts-with-mark')
  })
})

describe('authentication', () => {
  const message = (target: PublicKeyHash, payload: Uint8Array) =>
    concatBytes(Uint8Array.of(0x04, 0x01), publicKeyHashBytes(target), payload)

  test('F40 is asked for where the rules say so, and nothing reaches the device without it', async () => {
    const { sign, device, key, store } = setUp({ rules: { requiresAuthentication: true } })
    const marks = store().marks()
    const by = (payload: Uint8Array) =>
      encodeSignature('p256', signWith(AUTHENTICATION, message(key.hash, payload)))
    expect(await code(sign(block()))).toBe('authentication-missing')
    expect(await code(sign(block(), { authentication: 'p2sig' }))).toBe('authentication-invalid')
    expect(await code(sign(block(), { authentication: by(variant(3)) }))).toBe('authentication-invalid')
    expect(device.asked).toHaveLength(0)
    expect(store().marks()).toEqual(marks)
    expect(await code(sign(block(), { authentication: by(block()) }))).toBe('signed')
    // a repeat needs it too
    expect(await code(sign(block()))).toBe('authentication-missing')
  })

  test('F40 cannot be checked before its key is known', async () => {
    const authentication = { keys: [{ client: AUTHENTICATION.hash, verifier: () => undefined }] }
    const { sign, device } = setUp({
      ...{ rules: { requiresAuthentication: true }, signer: { authentication } },
    })
    expect(await code(sign(block(), { authentication: 'p2sig' }))).toBe('device-unavailable')
    expect(device.asked).toHaveLength(0)
  })
})

describe('a signature that is not one', () => {
  const key = testKey('ed25519')
  const wrong: readonly (readonly [string, (payload: Uint8Array) => Uint8Array])[] = [
    ['a flipped bit in R', (payload) => flipped(signWith(key, payload), 3)],
    ['a flipped bit in S', (payload) => flipped(signWith(key, payload), 40)],
    ['another key’s', (payload) => signWith(testKey('ed25519', 0x22), payload)],
    ['another message’s', () => signWith(key, variant(7))],
    ['zeros', () => new Uint8Array(64)],
    ['63 bytes', (payload) => signWith(key, payload).subarray(1)],
    ['65 bytes', (payload) => concatBytes(signWith(key, payload), Uint8Array.of(0))],
    ['none', () => new Uint8Array()],
  ]

  function flipped(signature: Uint8Array, at: number): Uint8Array {
    const bytes = signature.slice()
    bytes[at] = (bytes[at] ?? 0) ^ 0x10
    return bytes
  }

  test.each(wrong)('F21 (%s) is never released, and the payload may be asked for again', async (_, make) => {
    const { sign, device, store, restart } = setUp({ key })
    const { answer } = device
    device.answer = (payload) => ({ outcome: 'signed', signature: make(payload) })
    for (const payload of [block(), operation(TRANSACTION)]) {
      expect(await code(sign(payload))).toBe('signature-invalid')
    }
    expect(
      store()
        .marks()
        .map(({ signature }) => signature),
    ).toEqual([undefined, undefined, undefined])
    restart()
    expect(await code(sign(block()))).toBe('signature-invalid')
    expect(await code(sign(variant(1)))).toBe('conflicts-with-mark')
    device.answer = answer
    expect(await sign(block())).toMatchObject({ outcome: 'signed', repeated: false })
  })

  test.each(['secp256k1', 'p256'] as const)('F21 of an %s key is never released either', async (curve) => {
    const ecdsa = testKey(curve)
    const { sign, device } = setUp({ key: ecdsa })
    const makes: readonly ((payload: Uint8Array) => Uint8Array)[] = [
      (payload) => flipped(signWith(ecdsa, payload), 40),
      () => new Uint8Array(64),
      () => new Uint8Array(64).fill(0xff),
      () => signWith(ecdsa, variant(7)),
      (payload) => signWith(testKey(curve, 0x22), payload),
      (payload) => signWith(ecdsa, payload).subarray(0, 63),
    ]
    for (const make of makes) {
      device.answer = (payload) => ({ outcome: 'signed', signature: make(payload) })
      expect(await code(sign(block()))).toBe('signature-invalid')
    }
  })

  test('F21 is all there is while the public key is not known', async () => {
    const { sign } = setUp({ key, signer: { publicKeyOf: () => undefined } })
    expect(await code(sign(block()))).toBe('signature-invalid')
  })
})

describe('the numbers of an ECDSA signature', () => {
  test('F22 a high S of secp256k1 becomes the low one', async () => {
    const key = testKey('secp256k1')
    const { sign, device, restart } = setUp({ key })
    device.answer = (payload) => ({
      ...{ outcome: 'signed', signature: withOtherS('secp256k1', signWith(key, payload)) },
    })
    const expected = encodeSignature('secp256k1', signWith(key, block()))
    expect(await sign(block())).toEqual({ outcome: 'signed', signature: expected, repeated: false })
    restart()
    expect(await sign(block())).toEqual({ outcome: 'signed', signature: expected, repeated: true })
  })

  test('F22 a high S of P-256 is released as it is', async () => {
    const key = testKey('p256')
    const { sign, device } = setUp({ key })
    const high = withOtherS('p256', signWith(key, block()))
    device.answer = () => ({ outcome: 'signed', signature: high })
    expect(await sign(block())).toMatchObject({ signature: encodeSignature('p256', high) })
  })
})

describe('a nonce', () => {
  describe.each(['secp256k1', 'p256'] as const)('of an %s key', (curve) => {
    const key = testKey(curve)
    const bench = (nonceOf: (payload: Uint8Array) => bigint, journal: Partial<MarksJournalOptions> = {}) => {
      const all = setUp({ key, journal })
      const answer = (payload: Uint8Array): DeviceAnswer => ({
        ...{ outcome: 'signed', signature: signWithNonce(key, payload, nonceOf(payload)) },
      })
      all.device.answer = answer
      return all
    }

    test('F22 that is used for two payloads: the second signature is withheld, and the key is quarantined', async () => {
      let nonce = 12345n
      const { sign, device, events, store, restart } = bench(() => nonce)
      const first = await sign(variant(0, 1000))
      expect(first.outcome).toBe('signed')
      expect(await code(sign(variant(0, 1001)))).toBe('nonce-repeated')
      expect(store().marks()[0]).toMatchObject({ level: 1001, signature: undefined })
      expect(store().quarantines()).toMatchObject([{ key: key.hash }])
      expect(events.filter(({ event }) => event === 'key.quarantined')).toHaveLength(1)
      nonce = 23456n
      const expectQuarantined = async () => {
        for (const payload of [variant(0, 1001), variant(0, 1002), operation(TRANSACTION)]) {
          expect(await sign(payload)).toMatchObject({
            refusal: {
              code: 'nonce-repeated',
              message: expect.stringMatching(/keys clear-quarantine/) as string,
            },
          })
        }
        expect(device.asked).toHaveLength(2)
        expect(store().marks()[0]).toMatchObject({ level: 1001 })
      }
      await expectQuarantined()
      restart()
      await expectQuarantined()
      expect(store().clearQuarantine(key.hash)).toBe(true)
      expect(await code(sign(variant(0, 1002)))).toBe('signed')
      restart()
      expect(store().quarantines()).toEqual([])
      nonce = 34567n
      expect(await code(sign(variant(0, 1003)))).toBe('signed')
    })

    test('F22 what was signed before is still answered in quarantine', async () => {
      const { sign, store } = bench(() => 12345n)
      const first = await sign(variant(0, 1000))
      store().quarantine(key.hash, '0'.repeat(64))
      expect(await sign(variant(0, 1000))).toEqual({ ...first, repeated: true })
    })

    test('F22 of another key stops nobody', async () => {
      const { sign, store } = bench(() => 12345n)
      store().quarantine(testKey(curve, 0x55).hash, '0'.repeat(64))
      expect(await code(sign(variant(0, 1000)))).toBe('signed')
    })

    test('F22 a store that fails in a way nobody foresaw is not taken for a quarantine', async () => {
      const { sign, store } = bench(() => 12345n)
      expect(await code(sign(variant(0, 1000)))).toBe('signed')
      Object.assign(store(), {
        quarantine: () => {
          throw new TypeError('broken')
        },
      })
      await expect(sign(variant(0, 1001))).rejects.toThrow('broken')
    })

    test('F22 a quarantine that cannot be written down holds all the same, and is written with the next segment', async () => {
      const failing = new FailingFiles()
      const { sign, device, store, restart } = bench(() => 12345n, { files: failing.files })
      expect(await code(sign(variant(0, 1000)))).toBe('signed')
      const { answer } = device
      device.answer = (payload) => {
        failing.operation = 'writeSync' // after the mark, before the quarantine
        return answer(payload)
      }
      expect(await code(sign(variant(0, 1001)))).toBe('nonce-repeated')
      expect(await code(sign(variant(0, 1002)))).toBe('nonce-repeated')
      failing.operation = undefined
      expect(await code(sign(variant(0, 1002)))).toBe('nonce-repeated')
      store().check()
      restart()
      expect(await code(sign(variant(0, 1002)))).toBe('nonce-repeated')
      expect(device.asked).toHaveLength(2)
    })

    test('F22 is remembered over a restart from every signature in the journal, not only the last', async () => {
      let nonce = 12345n
      const { sign, restart } = bench(() => nonce)
      expect(await code(sign(variant(0, 1000)))).toBe('signed')
      nonce = 23456n
      for (const level of [1001, 1002]) {
        expect(await code(sign(variant(0, level)))).toBe('signed')
        nonce++
      }
      restart()
      nonce = 12345n
      expect(await code(sign(variant(0, 1003)))).toBe('nonce-repeated')
    })

    test('F22 is remembered over a restart by the marks', async () => {
      const { sign, restart } = bench(() => 12345n)
      expect(await code(sign(variant(0, 1000)))).toBe('signed')
      restart()
      expect(await code(sign(variant(0, 1001)))).toBe('nonce-repeated')
    })

    test('F22 is remembered for what carries no mark too', async () => {
      const { sign } = bench(() => 12345n)
      expect(await code(sign(operation(TRANSACTION)))).toBe('signed')
      expect(await code(sign(operation(TRANSACTION)))).toBe('signed')
      expect(await code(sign(operation(TRANSACTION, TRANSACTION)))).toBe('nonce-repeated')
    })

    test('of each signature its own: nothing is withheld', async () => {
      let nonce = 12345n
      const { sign } = bench(() => nonce++)
      for (let level = 1000; level < 1005; level++) expect(await code(sign(variant(0, level)))).toBe('signed')
    })
  })

  test('F22 of one key does not matter to another, and the latest 10,000 of a key are remembered', () => {
    const [one, other] = [testKey('p256').hash, testKey('p256', 0x22).hash]
    const use = (key: PublicKeyHash, digest: string, nonce: number) => {
      return { key, digest, r: nonce.toString(16).padStart(64, '0') }
    }
    const watch = new NonceWatch([use(one, 'a', 0)])
    expect(watch.accepts(use(other, 'b', 0))).toBe(true)
    for (let nonce = 1; nonce < 10_000; nonce++) expect(watch.accepts(use(one, 'a', nonce))).toBe(true)
    expect(watch.accepts(use(one, 'c', 0))).toBe(false)
    expect(watch.accepts(use(one, 'a', 0))).toBe(true)
    expect(watch.accepts(use(one, 'a', 10_000))).toBe(true)
    expect(watch.accepts(use(one, 'c', 0))).toBe(true)
    expect(watch.accepts(use(one, 'd', 10_000))).toBe(false)
  })

  test('F22 of Ed25519 follows from key and payload and is not watched', () => {
    const signature = '5'.repeat(128)
    expect(nonceUse(testKey('ed25519').hash, 'a', signature)).toBeUndefined()
    const { hash } = testKey('secp256k1')
    expect(nonceUse(hash, 'a', signature)).toEqual({ key: hash, digest: 'a', r: '5'.repeat(64) })
  })
})

describe('a device that fails', () => {
  test('F16 after the mark may be asked for the same payload again, and never for another', async () => {
    const { sign, device, restart } = setUp()
    const { answer } = device
    device.answer = () => failed({ code: 'device-lost' })
    expect(await code(sign(block()))).toBe('device-lost')
    expect(await code(sign(variant(1)))).toBe('conflicts-with-mark')
    restart()
    expect(await code(sign(variant(1)))).toBe('conflicts-with-mark')
    device.answer = answer
    expect(await sign(block())).toMatchObject({ outcome: 'signed', repeated: false })
    expect(device.asked).toHaveLength(2)
  })

  test('F2 by its own mark on a repeat is a lost signature, and on a first request it is not', async () => {
    const { sign, device } = setUp()
    device.answer = () => failed({ code: 'device-watermark' })
    expect(await code(sign(block()))).toBe('device-watermark')
    expect(await code(sign(block()))).toBe('signature-lost')
    device.answer = () => failed({ code: 'device-timeout' })
    expect(await code(sign(block()))).toBe('device-timeout')
    device.answer = () => failed({ code: 'device-watermark' })
    expect(await code(sign(operation(TRANSACTION)))).toBe('device-watermark')
  })

  test('F15 before anything was sent raises no mark and says so', async () => {
    const { sign, device, store } = setUp()
    const marks = store().marks()
    device.notReady = failed({ code: 'device-unavailable', sent: false, message: 'the port is closed' })
    expect(await code(sign(block()))).toBe('device-unavailable')
    expect(store().marks()).toEqual(marks)
    expect(device.asked).toHaveLength(0)
    device.notReady = undefined
    device.answer = () => failed({ code: 'device-busy', sent: false, message: 'busy' })
    expect(await sign(block())).toMatchObject({ refusal: { message: 'busy; nothing was sent to it' } })
  })

  test('is waited for no longer than the request waits', async () => {
    const { sign, device, clock } = setUp()
    const waits: number[] = []
    device.whenReady = (ms) => void waits.push(ms)
    await sign(block(), { deadlineAt: clock.now() + 321 })
    expect(waits).toEqual([321])
  })

  test('by throwing gives its turn on', async () => {
    const { sign, device } = setUp()
    const { answer } = device
    device.answer = () => Promise.reject(new Error('broken'))
    await expect(sign(block())).rejects.toThrow('broken')
    device.answer = answer
    expect(await code(sign(block()))).toBe('signed')
  })
})

describe('a request that is no longer worth it', () => {
  /** A signer whose device is at work until it is let go. */
  function busy() {
    const bench = setUp()
    let letGo = () => {}
    const held = new Promise<void>((resolve) => {
      letGo = resolve
    })
    const { answer } = bench.device
    bench.device.answer = async (payload) => {
      await held
      return answer(payload)
    }
    return {
      ...bench,
      first: bench.sign(variant(0, 1000)),
      letGo: () => {
        letGo()
      },
    }
  }

  const level = (bench: { readonly store: () => MarksJournal }) => bench.store().marks()[0]?.level

  test('F41 because its client left while it waited: nothing is marked and the device is not asked', async () => {
    const bench = busy()
    const client = new AbortController()
    const second = bench.sign(variant(0, 1001), { signal: client.signal })
    await settled()
    client.abort()
    expect(await code(second)).toBe('client-gone')
    bench.letGo()
    expect(await code(bench.first)).toBe('signed')
    expect(level(bench)).toBe(1000)
    expect(bench.device.asked).toHaveLength(1)
  })

  test('F41 because its deadline passed while it waited: nothing is marked and the device is not asked', async () => {
    const bench = busy()
    const second = bench.sign(variant(0, 1001), { deadlineAt: bench.clock.now() + 5 })
    await settled()
    bench.clock.advance(5)
    expect(await code(second)).toBe('deadline-passed')
    bench.letGo()
    expect(await code(bench.first)).toBe('signed')
    expect(level(bench)).toBe(1000)
    expect(bench.device.asked).toHaveLength(1)
  })

  test('because its mark settles it is told so at once, while the device is at work for another', async () => {
    const bench = busy()
    await settled()
    expect(await code(bench.sign(variant(1, 1000)))).toBe('conflicts-with-mark')
    expect(await code(bench.sign(variant(0, 998)))).toBe('below-mark')
    bench.letGo()
    expect(await code(bench.first)).toBe('signed')
    expect(bench.device.asked).toHaveLength(1)
  })

  test('F41 because it came too late, or its client was gone already', async () => {
    const { sign, device, clock, store } = setUp()
    expect(await code(sign(block(), { deadlineAt: clock.now() }))).toBe('deadline-passed')
    expect(await code(sign(block(), { signal: AbortSignal.abort() }))).toBe('client-gone')
    expect(store().marks()[0]?.level).toBe(999)
    expect(device.asked).toHaveLength(0)
  })

  test('F41 because both happened while the device got ready: nothing is marked', async () => {
    const { sign, device, clock, store } = setUp()
    const client = new AbortController()
    device.whenReady = () => {
      client.abort()
    }
    expect(await code(sign(block(), { signal: client.signal }))).toBe('client-gone')
    device.whenReady = () => {
      clock.advance(1000)
    }
    expect(await code(sign(block()))).toBe('deadline-passed')
    expect(store().marks()[0]?.level).toBe(999)
    expect(device.asked).toHaveLength(0)
  })

  test('F41 is finished and stored when its client left after the mark, and the retry gets it', async () => {
    const { sign, device } = setUp()
    const client = new AbortController()
    const { answer } = device
    device.answer = (payload) => {
      client.abort()
      return answer(payload)
    }
    const first = await sign(block(), { signal: client.signal })
    expect(first.outcome).toBe('signed')
    expect(await sign(block())).toEqual({ ...first, repeated: true })
    expect(device.asked).toHaveLength(1)
  })

  test('F14 because the bridge shuts down: the one in hand is finished, nobody else is served', async () => {
    const bench = busy()
    const second = bench.sign(variant(0, 1001))
    await settled()
    const closed = bench.signer().close()
    expect(await code(second)).toBe('shutting-down')
    expect(await code(bench.sign(variant(0, 1002)))).toBe('shutting-down')
    bench.letGo()
    expect(await code(bench.first)).toBe('signed')
    await closed
    expect(level(bench)).toBe(1000)
    expect(bench.device.asked).toHaveLength(1)
  })

  test('F14 because the bridge shuts down while its device gets ready: nothing is marked', async () => {
    const { sign, device, signer, store } = setUp()
    device.whenReady = () => {
      void signer().close()
    }
    expect(await code(sign(block()))).toBe('shutting-down')
    expect(store().marks()[0]?.level).toBe(999)
    expect(device.asked).toHaveLength(0)
  })
})

describe('a state that fails', () => {
  test.each(['writeSync', 'fdatasyncSync'] as const)(
    'F5 at %s: the device is asked for nothing, not even for what carries no mark, until it is sound again',
    async (operationName) => {
      const failing = new FailingFiles()
      const { sign, device, store } = setUp({ journal: { files: failing.files } })
      failing.operation = operationName
      expect(await code(sign(variant(0)))).toBe('state-write-failed')
      failing.operation = 'renameSync'
      expect(await code(sign(operation(TRANSACTION)))).toBe('state-write-failed')
      expect(await code(sign(variant(0, 1001)))).toBe('state-write-failed')
      expect(await code(sign(variant(1)))).toBe('state-write-failed')
      expect(device.asked).toHaveLength(0)
      expect(store().marks()).toHaveLength(3)
      failing.operation = undefined
      expect(await code(sign(operation(TRANSACTION)))).toBe('signed')
      expect(await code(sign(variant(0)))).toBe('signed')
    },
  )

  test('F5 when a signature is to be kept: it is answered, and repeated from memory', async () => {
    const failing = new FailingFiles()
    const { sign, device, events, key } = setUp({ journal: { files: failing.files } })
    const { answer } = device
    device.answer = (payload) => {
      failing.operation = 'writeSync'
      return answer(payload)
    }
    const first = await sign(block())
    expect(first.outcome).toBe('signed')
    expect(events[0]).toMatchObject({ event: 'signature.not-stored', key: key.hash })
    expect(await sign(block())).toEqual({ ...first, repeated: true })
    expect(await code(sign(variant(0, 1001)))).toBe('state-write-failed')
    expect(device.asked).toHaveLength(1)
  })

  test('F6 because it was deleted: nothing is signed, marked or not', async () => {
    const { sign, device, directory } = setUp()
    await sign(block())
    systemFiles.unlinkSync(join(directory, 'marks.journal'))
    expect(await code(sign(operation(TRANSACTION)))).toBe('journal-replaced')
    expect(await code(sign(variant(0, 1001)))).toBe('journal-replaced')
    expect(device.asked).toHaveLength(1)
  })

  test('in a way nobody foresaw is not taken for an answer', async () => {
    const broken = () => {
      throw new TypeError('broken')
    }
    const { sign, device } = setUp({
      signer: {
        store: {
          ...{ check: broken, peek: broken, reserve: broken, peekSpend: broken, reserveSpend: broken },
          keepSignature: broken,
          ...{
            marks: () => [],
            spends: () => [],
            quarantine: broken,
            quarantines: () => [],
            nonces: () => [],
          },
        },
      },
    })
    await expect(sign(block())).rejects.toThrow('broken')
    expect(device.asked).toHaveLength(0)
  })
})

test('F46 the mark is written and synced before the device is asked', async () => {
  const calls: string[] = []
  const files = aroundFiles((name, call) => {
    const result = call()
    if (/^(write|fdatasync)/.test(name)) calls.push(name)
    return result
  })
  const { sign, device } = setUp({ journal: { files } })
  const { answer } = device
  device.answer = (payload) => {
    calls.push('sign')
    return answer(payload)
  }
  for (const payload of [block(), vote({ tag: 0x14 }), vote({ tag: 0x15 })]) {
    calls.length = 0
    await sign(payload)
    expect(calls).toEqual(['writeSync', 'fdatasyncSync', 'sign', 'writeSync'])
  }
  calls.length = 0
  device.answer = () => failed()
  await sign(variant(0, 1001))
  expect(calls).toEqual(['writeSync', 'fdatasyncSync'])
})

describe('the audit log', () => {
  test('has one line for each request, with what was asked and what became of it', async () => {
    const { sign, events, key, device, clock } = setUp()
    device.whenReady = () => {
      clock.advance(2)
    }
    const { answer } = device
    device.answer = (payload) => {
      clock.advance(7.1234)
      return answer(payload)
    }
    await sign(block())
    await sign(block())
    await sign(variant(1))
    await sign(operation(TRANSACTION, TRANSACTION))
    await sign(new Uint8Array())
    const line = { event: 'signature.decided', key: key.hash, admitted: true }
    const position = { kind: 'block', chain: MAINNET, level: 1000, round: 2 }
    const digest = toHex(payloadDigest(block())).slice(0, 8)
    const times = { queueMs: 0, syncMs: 0, deviceMs: 7.123, totalMs: 9.123 }
    expect(events).toMatchObject([
      { ...line, ...position, outcome: 'signed', digest, ...times },
      { ...line, ...position, outcome: 'repeated', digest, deviceMs: 0 },
      { ...line, ...position, outcome: 'refused', code: 'conflicts-with-mark' },
      { ...line, kind: 'operation', contents: ['transaction', 'transaction'], outcome: 'signed' },
      { ...line, outcome: 'refused', code: 'malformed-payload', admitted: false },
    ])
    expect(events).toHaveLength(5)
    expect(events[0]).not.toHaveProperty('code')
    expect(events[4]).not.toHaveProperty('kind')
  })

  test('tells what asking the rules and verifying took', async () => {
    const key = testKey('p256')
    let advance: (ms: number) => void = () => undefined
    const { sign, events, clock } = setUp({
      key,
      signer: {
        wallClock: () => {
          advance(0.25)
          return new Date(0)
        },
        publicKeyOf: () => {
          advance(3)
          return key.publicKey
        },
      },
    })
    advance = (ms) => {
      clock.advance(ms)
    }
    await sign(block())
    expect(events).toMatchObject([{ outcome: 'signed', parseMs: 0, policyMs: 0.25, verifyMs: 3 }])
  })

  test('makes the verifiers of the keys that are known, once', async () => {
    const key = testKey('p256')
    const asked = { times: 0, known: false }
    const publicKeyOf = () => {
      asked.times += 1
      return asked.known ? key.publicKey : undefined
    }
    const { signer, sign } = setUp({ key, signer: { publicKeyOf } })
    await signer().prepare()
    asked.known = true
    await signer().prepare()
    expect(asked.times).toBe(2)
    expect(await code(sign(block()))).toBe('signed')
    expect(asked.times).toBe(2)
  })

  test('F40 shows no payload, no signature and no authentication', async () => {
    const { sign, events, device } = setUp({ rules: { requiresAuthentication: true } })
    const key = setUp()
    const authentication = encodeSignature('p256', signWith(AUTHENTICATION, block()))
    await sign(block(), { authentication })
    device.answer = () => ({ outcome: 'signed', signature: new Uint8Array(64).fill(7) })
    const results = [await key.sign(block()), await key.sign(block()), await key.sign(operation(TRANSACTION))]
    const text = JSON.stringify([...events, ...key.events])
    for (const secret of [
      toHex(block()).slice(0, 40),
      toHex(operation(TRANSACTION)).slice(0, 40),
      authentication,
    ]) {
      expect(text).not.toContain(secret)
    }
    for (const result of results)
      expect(text).not.toContain(result.outcome === 'signed' ? result.signature : '-')
    expect(text).not.toContain(toHex(payloadDigest(block())))
  })
})
