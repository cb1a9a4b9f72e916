import { describe, expect, it, vi } from 'vitest'
import { encodeFrame } from '../../../src/server/socket/frame.js'
import { encodeRequest, type SocketRequest } from '../../../src/server/socket/request.js'
import {
  concatBytes,
  encodeSignature,
  fromHex,
  publicKeyHashBytes,
  signatureBytes,
  type PublicKeyHash,
} from '../../../src/tezos/index.js'
import {
  attestation,
  AUTHENTICATION,
  authenticate,
  block,
  gate,
  isSignatureBy,
  operation,
  pairOf,
  preattestation,
  TZ1,
  TZ2,
  TZ3,
  TZ4,
  UNKNOWN_KEY,
} from '../fixture.js'
import { socketBench, TRANSPORTS } from './socket-bench.js'
import { codeOf, SocketClient } from './socket-client.js'

const sign = (key: PublicKeyHash, data: Uint8Array, authentication?: Uint8Array): SocketRequest => ({
  ...{ kind: 'sign', version: undefined, key, data, authentication },
})

const curveOf = (key: PublicKeyHash) => pairOf(key).publicKey.curve

describe.each(TRANSPORTS)('over %s', (transport) => {
  it.each([TZ1, TZ2, TZ3])('%s signs blocks, votes and operations', async (key) => {
    const { address } = await socketBench(transport)
    const client = await SocketClient.open(address)
    for (const data of [
      block({ level: 5 }),
      preattestation({ level: 5 }),
      attestation({ level: 5 }),
      operation(),
    ]) {
      const reply = await client.exchange(sign(key, data))
      expect(reply).toMatchObject({ kind: 'sign' })
      const text = reply.kind === 'sign' ? encodeSignature(curveOf(key), reply.signature) : ''
      expect(isSignatureBy(key, data, text)).toBe(true)
    }
  })

  it('an identical request has the stored signature, and another one for its level is refused', async () => {
    const { address, device } = await socketBench(transport)
    const client = await SocketClient.open(address)
    const first = await client.exchange(sign(TZ3, block({ level: 5 })))
    expect(await client.exchange(sign(TZ3, block({ level: 5 })))).toEqual(first)
    expect(codeOf(await client.exchange(sign(TZ3, block({ level: 5, seed: 1 }))))).toBe('conflicts-with-mark')
    expect(codeOf(await client.exchange(sign(TZ3, block({ level: 4 }))))).toBe('below-mark')
    expect(device.signatures).toBe(1)
  })

  it('what is asked beside signatures is answered', async () => {
    const { address } = await socketBench(transport, { knownKeys: true })
    const client = await SocketClient.open(address)
    expect(await client.exchange({ kind: 'public-key', key: TZ3 })).toEqual({
      kind: 'public-key',
      publicKey: pairOf(TZ3).publicKey,
    })
    expect(await client.exchange({ kind: 'authorized-keys' })).toEqual({
      kind: 'authorized-keys',
      keys: undefined,
    })
    expect(await client.exchange({ kind: 'known-keys' })).toEqual({
      kind: 'known-keys',
      keys: [TZ1, TZ2, TZ3],
    })
    expect(await client.exchange({ kind: 'supports-deterministic-nonces', key: TZ1 })).toEqual({
      kind: 'supports-deterministic-nonces',
      isSupported: false,
    })
  })

  it('what is refused is refused by name, and the connection goes on', async () => {
    const { address, device, faults } = await socketBench(transport)
    const client = await SocketClient.open(address)
    const data = operation()
    const nonce = { key: TZ1, data, authentication: undefined }
    const cases: readonly (readonly [SocketRequest, string])[] = [
      [{ kind: 'public-key', key: UNKNOWN_KEY }, 'unknown-key'],
      [{ kind: 'public-key', key: TZ4 }, 'unknown-key'],
      [{ kind: 'known-keys' }, 'known-keys-not-allowed'],
      [{ kind: 'supports-deterministic-nonces', key: UNKNOWN_KEY }, 'unknown-key'],
      [{ kind: 'deterministic-nonce', ...nonce }, 'not-supported'],
      [{ kind: 'deterministic-nonce-hash', ...nonce }, 'not-supported'],
      [{ kind: 'bls-prove-possession', key: TZ4, override: undefined }, 'not-supported'],
      [{ kind: 'bls-prove-possession', key: TZ4, override: new Uint8Array(48) }, 'not-supported'],
      [sign(UNKNOWN_KEY, data), 'unknown-key'],
      [
        { ...sign(TZ4, data), kind: 'sign', key: TZ4, data, authentication: undefined, version: 2 },
        'unknown-key',
      ],
      [sign(TZ1, new Uint8Array()), 'malformed-body'],
      [sign(TZ1, new Uint8Array(1016).fill(3)), 'payload-too-long'],
      [sign(TZ1, Uint8Array.of(0x04, 1)), 'magic-byte-not-allowed'],
    ]
    for (const [request, code] of cases) {
      expect([request.kind, codeOf(await client.exchange(request))]).toEqual([request.kind, code])
    }
    expect(device.touches).toEqual([])
    expect(await client.exchange(sign(TZ1, data))).toMatchObject({ kind: 'sign' })
    expect(faults).toEqual([])
  })

  it('a message that is none is refused with an error frame, told to the log, and the next one is read', async () => {
    const { address, refusals } = await socketBench(transport)
    const client = await SocketClient.open(address)
    const messages = { '': 'malformed-frame', '09': 'malformed-frame', '0200': 'malformed-frame' }
    for (const [hex, code] of Object.entries({ ...messages, [`0104${'00'.repeat(20)}`]: 'malformed-key' })) {
      await client.write(encodeFrame(fromHex(hex)!))
      expect([hex, await client.code()]).toEqual([hex, code])
    }
    expect(await client.exchange({ kind: 'authorized-keys' })).toMatchObject({ kind: 'authorized-keys' })
    expect(refusals.map(({ listener, code }) => [listener, code])).toEqual(
      ['malformed-frame', 'malformed-frame', 'malformed-frame', 'malformed-key'].map((code) => [
        transport,
        code,
      ]),
    )
    const peers = new Set(refusals.map(({ peer }) => peer))
    expect([...peers]).toEqual([transport === 'tcp' ? '127.0.0.1' : undefined])
    expect(new Set(refusals.map(({ requestId }) => requestId)).size).toBe(4)
  })

  it('requests of one connection are answered strictly one after another', async () => {
    const { address, device } = await socketBench(transport)
    const client = await SocketClient.open(address)
    const held = gate()
    device.gate = held.passed
    const requests = [1, 2, 3].map((level) => encodeFrame(encodeRequest(sign(TZ3, block({ level })))))
    const question = encodeFrame(encodeRequest({ kind: 'public-key', key: TZ1 }))
    await client.write(concatBytes(requests[0]!, question, ...requests.slice(1)))
    await vi.waitUntil(() => device.signatures === 1)
    const other = await SocketClient.open(address)
    expect(await other.exchange({ kind: 'public-key', key: TZ3 })).toMatchObject({ kind: 'public-key' })
    expect(device.touches.filter((touch) => touch === 'ready')).toHaveLength(1)
    held.open()
    for (const level of [1, 2, 3]) {
      const reply = await client.reply()
      const text = reply.kind === 'sign' ? encodeSignature('p256', reply.signature) : ''
      expect(isSignatureBy(TZ3, block({ level }), text)).toBe(true)
      // it could have been answered at once, and was not: it stood behind the first signature
      if (level === 1) expect(await client.reply('public-key')).toMatchObject({ kind: 'public-key' })
    }
  })

  it('authentication is the raw signature behind the data', async () => {
    const rules = { requiresAuthentication: true }
    const { address, device } = await socketBench(transport, { rules, authorized: [AUTHENTICATION.hash] })
    const client = await SocketClient.open(address)
    const data = attestation({ level: 5 })
    const by = (key: PublicKeyHash, payload = data, pair = AUTHENTICATION) =>
      signatureBytes(authenticate(key, payload, pair))!
    expect(await client.exchange({ kind: 'authorized-keys' })).toEqual({
      kind: 'authorized-keys',
      keys: [AUTHENTICATION.hash],
    })
    for (const [authentication, code] of [
      [undefined, 'authentication-missing'],
      [new Uint8Array(64), 'authentication-invalid'],
      [new Uint8Array(96).fill(7), 'authentication-invalid'],
      [by(TZ2), 'authentication-invalid'],
      [by(TZ3, attestation({ level: 6 })), 'authentication-invalid'],
      [by(TZ3, data, pairOf(TZ3)), 'authentication-invalid'],
    ] as const) {
      expect(codeOf(await client.exchange(sign(TZ3, data, authentication)))).toBe(code)
    }
    expect(device.touches).toEqual([])
    expect(await client.exchange(sign(TZ3, data, by(TZ3)))).toMatchObject({ kind: 'sign' })
  })

  it('the version of a tz4 key is read in both forms that Octez writes', async () => {
    const { address } = await socketBench(transport)
    const client = await SocketClient.open(address)
    for (const version of [0, 2, 3]) {
      const body = concatBytes(Uint8Array.of(0, 0, 0, 1, 0x03))
      const message = concatBytes(
        Uint8Array.of(0x00, 0x03),
        publicKeyHashBytes(TZ4),
        Uint8Array.of(version),
        body,
      )
      await client.write(encodeFrame(message))
      expect(await client.code()).toBe('unknown-key')
    }
  })

  it('other questions are answered as soon as the service is exchanged, also on an open connection', async () => {
    const { address, listener, service } = await socketBench(transport)
    const { questions } = await socketBench(transport, { knownKeys: true })
    const client = await SocketClient.open(address)
    expect(codeOf(await client.exchange({ kind: 'known-keys' }))).toBe('known-keys-not-allowed')
    listener.replaceService({ ...service, questions })
    expect(codeOf(await client.exchange({ kind: 'known-keys' }))).toBe('known-keys')
  })
})

describe('a peer that is not among allowed_ips', () => {
  const allowedPeers = [{ family: 'ipv4', address: '10.0.0.0', prefixLength: 8 }] as const

  it('hears so over TCP, and nothing that it sends is read', async () => {
    const { address, refusals } = await socketBench('tcp', { accept: { allowedPeers } })
    const client = await SocketClient.open(address)
    await client.ask({ kind: 'authorized-keys' })
    expect(await client.code()).toBe('peer-not-allowed')
    expect(await client.message()).toBeUndefined()
    expect(await client.closed).toBeUndefined()
    expect(refusals).toMatchObject([{ code: 'peer-not-allowed', peer: '127.0.0.1', listener: 'tcp' }])
  })

  it('is refused from the next request on when a reload takes its address away', async () => {
    const { address, listener, service } = await socketBench('tcp')
    const client = await SocketClient.open(address)
    expect(codeOf(await client.exchange({ kind: 'authorized-keys' }))).toBe('authorized-keys')
    listener.replaceService({ ...service, allowedPeers })
    expect(codeOf(await client.exchange({ kind: 'authorized-keys' }))).toBe('peer-not-allowed')
  })

  it('is nobody on a Unix socket, whose file says who may connect', async () => {
    const { address } = await socketBench('unix', { accept: { allowedPeers } })
    const client = await SocketClient.open(address)
    expect(codeOf(await client.exchange({ kind: 'authorized-keys' }))).toBe('authorized-keys')
  })
})
