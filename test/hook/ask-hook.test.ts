import { describe, expect, onTestFinished, test } from 'vitest'
import { hookClient } from '../../src/hook/index.js'
import type { PublicKey } from '../../src/tezos/index.js'
import { testKey } from '../policy/fixture.js'
import { BAD_ANSWERS, FakeHook, signed, type Behaviour } from './fake-hook.js'

const QUESTION = { key: 'tz3', kind: 'operation', payload: '03', digest: 'aa' }

/** A hook that behaves in some way, and one question to it. */
async function setUp(
  behaviour?: Behaviour,
  options: { readonly isSigned?: boolean; readonly key?: PublicKey } = {},
) {
  const hook = await FakeHook.start()
  onTestFinished(() => hook.close())
  if (behaviour !== undefined) hook.behaviour = behaviour
  const publicKey = options.key ?? (options.isSigned === true ? hook.publicKey : undefined)
  let count = 0
  const newNonce = () => `nonce-${(count += 1)}`
  const asker = new AbortController()
  const client = hookClient({ url: hook.url, publicKey, newNonce })
  const ask = () => client(QUESTION, asker.signal)
  return { hook, ask, asker }
}

describe('a hook that answers', () => {
  test('is told the question with a nonce of its own, over connections that are kept', async () => {
    const { hook, ask } = await setUp()
    const count = 20
    for (let index = 0; index < count; index += 1) expect(await ask()).toEqual({ outcome: 'allowed' })
    expect(hook.questions[0]).toEqual({ version: 1, nonce: 'nonce-1', ...QUESTION })
    expect(new Set(hook.questions.map(({ nonce }) => nonce)).size).toBe(count)
    expect(hook.paths[0]).toBe('/s3cret/sign')
    expect(hook.connections).toBeLessThanOrEqual(2)
  })

  test.each([
    ['{"allow":false,"reason":"not on a Sunday"}', 'not on a Sunday'],
    ['{"allow":false}', 'it gave no reason'],
    ['{"allow":false,"reason":"a\\u001b[2Jb\\nc"}', 'a [2Jb c'],
    [JSON.stringify({ allow: false, reason: 'x'.repeat(999) }), `${'x'.repeat(200)}...`],
  ])('with %s refuses, and its reason is short and printable', async (body, reason) => {
    const { ask } = await setUp((_, response) => response.end(body))
    expect(await ask()).toEqual({ outcome: 'refused', reason })
  })
})

test.each(BAD_ANSWERS)('%s is no answer', async (_, code, behaviour) => {
  const { hook, ask } = await setUp(behaviour)
  const answer = await ask()
  expect(answer).toMatchObject({ outcome: 'silent', code })
  expect(JSON.stringify(answer)).not.toContain('s3cret')
  expect(hook.paths).toEqual(['/s3cret/sign'])
})

test.each([
  [16 * 1024, { outcome: 'allowed' }],
  [16 * 1024 + 1, { outcome: 'silent', code: 'too-long' }],
])('a body of %i bytes is measured to the byte', async (size, expected) => {
  const { ask } = await setUp((_, response) => response.end('{"allow":true}'.padEnd(size)))
  expect(await ask()).toMatchObject(expected)
})

describe('where a key is configured', () => {
  test.each([
    [{ allow: true }, { outcome: 'allowed' }],
    [
      { allow: false, reason: 'no' },
      { outcome: 'refused', reason: 'no' },
    ],
  ])('the signed answer %j counts', async (body, expected) => {
    const { hook, ask } = await setUp(undefined, { isSigned: true })
    hook.behaviour = ({ nonce }, response) => {
      hook.answer(response, { ...body, nonce })
    }
    expect(await ask()).toEqual(expected)
  })

  test('the signature may be generic or name its curve, of any curve that is verified here', async () => {
    for (const curve of ['ed25519', 'secp256k1', 'p256'] as const) {
      const key = testKey(curve)
      const { ask } = await setUp(
        ({ nonce }, response) => {
          const body = JSON.stringify({ allow: true, nonce })
          response.setHeader('x-tezio-signature', signed(body, key)).end(body)
        },
        { key: key.publicKey },
      )
      expect(await ask()).toEqual({ outcome: 'allowed' })
    }
  })

  test.each<readonly [string, Behaviour]>([
    ['no signature', ({ nonce }, response) => response.end(JSON.stringify({ allow: true, nonce }))],
    [
      'a signature by another key',
      ({ nonce }, response) => {
        const body = JSON.stringify({ allow: true, nonce })
        response.setHeader('x-tezio-signature', signed(body, testKey('p256', 0x44))).end(body)
      },
    ],
    [
      'a signature over other bytes',
      ({ nonce }, response) => {
        const body = JSON.stringify({ allow: true, nonce })
        response.setHeader('x-tezio-signature', signed(`${body} `)).end(body)
      },
    ],
    ['no base58', (_, response) => response.setHeader('x-tezio-signature', 'p2sig').end('{"allow":true}')],
  ])('an answer with %s is none', async (_, behaviour) => {
    const { ask } = await setUp(behaviour, { isSigned: true })
    expect(await ask()).toMatchObject({ outcome: 'silent', code: 'not-signed' })
  })

  test('an old answer cannot be given again: it must repeat the nonce of this question', async () => {
    const { hook, ask } = await setUp(undefined, { isSigned: true })
    let first: string | undefined
    hook.behaviour = ({ nonce }, response) => {
      first ??= JSON.stringify({ allow: true, nonce })
      hook.send(response, first, signed(first))
    }
    expect(await ask()).toEqual({ outcome: 'allowed' })
    expect(await ask()).toMatchObject({ outcome: 'silent', code: 'wrong-nonce' })
    hook.behaviour = (_, response) => {
      hook.answer(response, { allow: true })
    }
    expect(await ask()).toMatchObject({ outcome: 'silent', code: 'wrong-nonce' })
  })
})

describe('a hook that does not answer', () => {
  test.each<readonly [string, Behaviour]>([
    ['at all', () => undefined],
    [
      'beyond its head',
      (_, response) => {
        response.writeHead(200).flushHeaders()
      },
    ],
    ['beyond the first bytes', (_, response) => response.write('{"allow":')],
  ])('%s is left when the question is given up', async (_, behaviour) => {
    const { hook, ask, asker } = await setUp(behaviour)
    const asked = ask()
    await hook.asked(1)
    asker.abort()
    expect(await asked).toMatchObject({ outcome: 'silent', reason: 'the question was given up' })
    await hook.settled()
  })

  test('because nobody listens is named, without its address', async () => {
    const { hook, ask } = await setUp()
    await hook.close()
    const answer = await ask()
    expect(answer).toMatchObject({ outcome: 'silent', code: 'connection-failed' })
    expect(JSON.stringify(answer)).not.toMatch(/s3cret|127\.0\.0\.1/)
  })
})
