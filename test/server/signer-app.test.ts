import { describe, expect, it, vi } from 'vitest'
import {
  ask,
  askSignature,
  attestation,
  AUTHENTICATION,
  authenticate,
  block,
  gate,
  isSignatureBy,
  octezBody,
  operation,
  outcome,
  pairOf,
  preattestation,
  testBridge,
  TZ1,
  TZ2,
  TZ3,
  TZ4,
  UNKNOWN_KEY,
} from './fixture.js'
import { encodePublicKey } from '../../src/tezos/index.js'

describe('a signature', () => {
  it.each([TZ1, TZ2, TZ3])('is answered for %s in a body with exactly one field', async (key) => {
    const { app } = testBridge()
    for (const payload of [
      block({ level: 5 }),
      preattestation({ level: 5 }),
      attestation({ level: 5 }),
      operation(),
    ]) {
      const { status, body } = await askSignature(app, key, payload)
      expect(status).toBe(200)
      expect(Object.keys(body as object)).toEqual(['signature'])
      expect(isSignatureBy(key, payload, (body as { signature: string }).signature)).toBe(true)
    }
  })

  it('is in the form of its curve', async () => {
    const { app } = testBridge()
    const bodies = await Promise.all(
      [TZ1, TZ2, TZ3].map((key) => askSignature(app, key, attestation({ level: 5 }))),
    )
    const texts = bodies.map(({ body }) => (body as { signature: string }).signature)
    expect(texts.map((text) => text.replace(/(sig1?).*/, '$1'))).toEqual(['edsig', 'spsig1', 'p2sig'])
  })

  it('is the stored one for an identical request, and a conflicting one is refused', async () => {
    const { app, device } = testBridge()
    const first = await askSignature(app, TZ3, block({ level: 5 }))
    expect(await askSignature(app, TZ3, block({ level: 5 }))).toMatchObject({ status: 200, body: first.body })
    expect(outcome(await askSignature(app, TZ3, block({ level: 5, seed: 1 })))).toBe(
      '409 conflicts-with-mark',
    )
    expect(outcome(await askSignature(app, TZ3, block({ level: 4 })))).toBe('409 below-mark')
    expect(device.signatures).toBe(1)
  })

  it('is made for every version that Octez sends, and no other', async () => {
    const { app, device, journal } = testBridge()
    for (const [index, version] of ['0', '1', '2', '3'].entries()) {
      const query = `?version=${version}`
      expect(outcome(await askSignature(app, TZ2, block({ level: index + 1 }), { query }))).toBe('200')
    }
    const before = [device.touches.length, journal()]
    for (const version of ['4', '-1', '', '03', '3.0', '0x3', 'x', '%zz', '3%00', '3'.repeat(2000)]) {
      const query = `?version=${version}`
      const answer = await askSignature(app, TZ2, block({ level: 9 }), { query })
      expect([version, outcome(answer)]).toEqual([version, '400 malformed-query'])
      expect(JSON.stringify(answer.body).length).toBeLessThan(150)
    }
    expect([device.touches.length, journal()]).toEqual(before)
  })

  it('is refused to a query that says a thing twice', async () => {
    const { app, device } = testBridge()
    for (const query of ['?version=3&version=3', '?authentication=a&authentication=b', '?version&version']) {
      expect(outcome(await askSignature(app, TZ2, block({ level: 9 }), { query }))).toBe(
        '400 malformed-query',
      )
    }
    expect(device.touches).toEqual([])
  })

  it('needs no query, and does not mind one that it does not know', async () => {
    const { app } = testBridge()
    expect(outcome(await askSignature(app, TZ1, block({ level: 1 })))).toBe('200')
    expect(outcome(await askSignature(app, TZ1, block({ level: 2 }), { query: '?foo=1&foo=2' }))).toBe('200')
  })
})

describe('F40 a request that must be authenticated', () => {
  const options = { rules: { requiresAuthentication: true }, authorized: [AUTHENTICATION.hash] }
  const payload = attestation({ level: 5 })

  it('is signed with the signature of the authentication key', async () => {
    const { app } = testBridge(options)
    const query = `?authentication=${authenticate(TZ3, payload)}&version=3`
    expect(outcome(await askSignature(app, TZ3, payload, { query }))).toBe('200')
  })

  it('is refused without it, and nothing goes to the device', async () => {
    const { app, device, journal } = testBridge(options)
    const before = journal()
    const cases = {
      '?version=3': 'authentication-missing',
      '?authentication=': 'authentication-invalid',
      '?authentication=p2sigx': 'authentication-invalid',
      [`?authentication=${authenticate(TZ2, payload)}`]: 'authentication-invalid',
      [`?authentication=${authenticate(TZ3, attestation({ level: 6 }))}`]: 'authentication-invalid',
      [`?authentication=${authenticate(TZ3, payload, pairOf(TZ3))}`]: 'authentication-invalid',
      [`?authentication=${authenticate(TZ3, payload, pairOf(TZ1))}`]: 'authentication-invalid',
    }
    for (const [query, code] of Object.entries(cases)) {
      expect([query, outcome(await askSignature(app, TZ3, payload, { query }))]).toEqual([
        query,
        `401 ${code}`,
      ])
    }
    expect(device.touches).toEqual([])
    expect(journal()).toBe(before)
  })
})

describe('GET', () => {
  it('/ names the bridge and its version', async () => {
    expect((await ask(testBridge().app, '/')).body).toEqual({ name: 'tezio-bridge', version: '1.2.3' })
  })

  it('/authorized_keys leaves the field out where requests need no signature', async () => {
    const answer = await ask(testBridge().app, '/authorized_keys')
    expect([answer.status, answer.body]).toEqual([200, {}])
  })

  it('/authorized_keys lists the keys that sign requests, also when there is none', async () => {
    const { app } = testBridge({ authorized: [AUTHENTICATION.hash] })
    expect((await ask(app, '/authorized_keys')).body).toEqual({ authorized_keys: [AUTHENTICATION.hash] })
    const none = testBridge({ authorized: [] })
    expect((await ask(none.app, '/authorized_keys')).body).toEqual({ authorized_keys: [] })
  })

  it('/known_keys is refused unless it was opened', async () => {
    expect(outcome(await ask(testBridge().app, '/known_keys'))).toBe('403 known-keys-not-allowed')
    const { app } = testBridge({ knownKeys: true })
    expect((await ask(app, '/known_keys')).body).toEqual({ known_keys: [TZ1, TZ2, TZ3] })
  })

  it.each([TZ1, TZ2, TZ3])('/keys/%s answers with its public key alone', async (key) => {
    const answer = await ask(testBridge().app, `/keys/${key}`)
    expect([answer.status, answer.body]).toEqual([
      200,
      { public_key: encodePublicKey(pairOf(key).publicKey) },
    ])
  })

  it('/keys/:pkh says that the device was not reached yet', async () => {
    expect(outcome(await ask(testBridge({ isReached: false }).app, `/keys/${TZ1}`))).toBe(
      '500 device-unavailable',
    )
  })

  it('/bls_prove_possession says by name that there is no BLS key', async () => {
    const answer = await ask(testBridge().app, `/bls_prove_possession/${TZ4}`)
    expect(outcome(answer)).toBe('404 not-supported')
    expect(JSON.stringify(answer.body)).toContain('BLS')
  })

  it('never touches the device or the journal', async () => {
    const { app, device, journal } = testBridge({ knownKeys: true })
    const before = journal()
    const paths = ['/', '/authorized_keys', '/known_keys', `/keys/${TZ3}`, `/keys/${UNKNOWN_KEY}`, '/nothing']
    for (const path of [...paths, `/bls_prove_possession/${TZ4}`]) await ask(app, path)
    expect(device.touches).toEqual([])
    expect(journal()).toBe(before)
  })
})

describe('what is not there', () => {
  it('F35 an unknown key is 404, whether it is read or asked to sign', async () => {
    const { app, device } = testBridge()
    for (const key of [UNKNOWN_KEY, TZ4]) {
      expect(outcome(await ask(app, `/keys/${key}`))).toBe('404 unknown-key')
      expect(outcome(await askSignature(app, key, block({ level: 5 })))).toBe('404 unknown-key')
    }
    expect(device.touches).toEqual([])
  })

  it('unknown paths and methods are 404', async () => {
    const { app, device } = testBridge()
    for (const path of ['/x', '/keys', `/keys/${TZ1}/x`, `/KEYS/${TZ1}`, '/keys/', '/metrics', '/readyz']) {
      expect([path, outcome(await ask(app, path))]).toEqual([path, '404 not-found'])
    }
    for (const method of ['PUT', 'DELETE', 'PATCH', 'OPTIONS']) {
      const answer = await askSignature(app, TZ1, block({ level: 5 }), { method })
      expect([method, outcome(answer)]).toEqual([method, '404 not-found'])
    }
    expect(outcome(await ask(app, '/', { method: 'POST', body: '{}' }))).toBe('404 not-found')
    expect(outcome(await ask(app, '/authorized_keys', { method: 'POST', body: '{}' }))).toBe('404 not-found')
    expect(device.touches).toEqual([])
  })
})

describe('F42 paths', () => {
  it('with repeated slashes are what an Octez client with a trailing slash sends', async () => {
    const { app } = testBridge()
    expect(outcome(await ask(app, `//keys/${TZ1}`))).toBe('200')
    expect(outcome(await ask(app, `http://localhost//keys///${TZ1}`))).toBe('200')
    const signed = await ask(app, `http://localhost//keys/${TZ1}?version=3`, {
      method: 'POST',
      body: octezBody(block({ level: 5 })),
    })
    expect(outcome(signed)).toBe('200')
    expect(outcome(await ask(app, 'http://localhost//authorized_keys'))).toBe('200')
  })

  it('that name no key are 400 or 404, and the signer is not asked', async () => {
    const { app, device } = testBridge()
    const damaged = `${TZ1.slice(0, -1)}${TZ1.endsWith('a') ? 'b' : 'a'}`
    const names = {
      '%00': '400 malformed-key',
      [`${TZ1}%00`]: '400 malformed-key',
      '%zz': '400 malformed-key',
      '%ff': '400 malformed-key',
      [`${TZ1}%20`]: '400 malformed-key',
      [`${TZ1}%2f..`]: '400 malformed-key',
      [damaged]: '400 malformed-key',
      [TZ1.toLowerCase()]: '400 malformed-key',
      [TZ1.slice(0, -1)]: '400 malformed-key',
      KT1PWx2mnDueood7fEmfbBDKx1D9BAnnXitn: '400 malformed-key',
      ['t'.repeat(10_240)]: '400 malformed-key',
      __proto__x: '400 malformed-key',
      constructor: '400 malformed-key',
      [encodePublicKey(pairOf(TZ1).publicKey)]: '400 malformed-key',
    }
    for (const [name, expected] of Object.entries(names)) {
      expect([name, outcome(await ask(app, `/keys/${name}`))]).toEqual([name, expected])
      expect([name, outcome(await askSignature(app, name, block({ level: 5 })))]).toEqual([name, expected])
    }
    expect(device.touches).toEqual([])
  })

  it('in messages are cut short', async () => {
    const answer = await ask(testBridge().app, `/${'x'.repeat(10_000)}`)
    expect(outcome(answer)).toBe('404 not-found')
    expect(JSON.stringify(answer.body).length).toBeLessThan(250)
  })
})

describe('what fails', () => {
  it('in the device is 500 with its code, and the mark stands', async () => {
    const { app, device } = testBridge()
    device.failure = { outcome: 'failed', code: 'device-lost', message: 'the port is gone', sent: true }
    expect(outcome(await askSignature(app, TZ3, block({ level: 5 })))).toBe('500 device-lost')
    device.failure = undefined
    expect(outcome(await askSignature(app, TZ3, block({ level: 5, seed: 1 })))).toBe(
      '409 conflicts-with-mark',
    )
    expect(outcome(await askSignature(app, TZ3, block({ level: 5 })))).toBe('200')
  })

  it('in the bridge itself is 500 without the reason, which goes to the log', async () => {
    const { app, device, faults } = testBridge()
    device.sign = () => Promise.reject(new Error('secret words'))
    const answer = await askSignature(app, TZ3, block({ level: 5 }))
    expect(outcome(answer)).toBe('500 internal-error')
    expect(JSON.stringify(answer.body)).not.toContain('secret')
    expect(faults).toEqual([new Error('secret words')])
  })

  it('closes the connection, for a part of the request may be unread', async () => {
    const { app } = testBridge()
    expect((await ask(app, '/x')).headers.get('connection')).toBe('close')
    expect((await ask(app, '/')).headers.get('connection')).toBeNull()
  })

  it('for want of room in the queue is 500 at once', async () => {
    const { app, device, signer } = testBridge({ queueCapacity: 1 })
    const { passed, open } = gate()
    device.gate = passed
    const first = askSignature(app, TZ3, block({ level: 5 }))
    await vi.waitUntil(() => device.signatures === 1)
    const second = askSignature(app, TZ3, block({ level: 6 }))
    await vi.waitUntil(() => signer.waiting === 1)
    expect(outcome(await askSignature(app, TZ3, block({ level: 7 })))).toBe('500 queue-full')
    open()
    expect([outcome(await first), outcome(await second)]).toEqual(['200', '200'])
  })

  it('while the bridge shuts down says so', async () => {
    const { app, signer } = testBridge()
    await signer.close()
    expect(outcome(await askSignature(app, TZ3, block({ level: 5 })))).toBe('500 shutting-down')
  })
})
