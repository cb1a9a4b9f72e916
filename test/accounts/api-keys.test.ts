import { closeSync, openSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { tryLock } from 'fs-native-extensions'
import { describe, expect, test } from 'vitest'
import { ApiKeyRing } from '../../src/accounts/api-keys/api-key-ring.js'
import { createApiKey, listApiKeys, revokeApiKey } from '../../src/accounts/api-keys/api-keys.js'
import { ManualClock, temporaryDirectory } from '../policy/fixture.js'
import { outcomeOf } from './vault/fixture.js'

const ALL = { scopes: ['accounts:create', 'accounts:read', 'accounts:sign'], perMinute: 100 } as const

function bench() {
  const stateDir = temporaryDirectory()
  const clock = new ManualClock()
  const ring = new ApiKeyRing(stateDir, clock)
  const ask = (text: string | undefined) => outcomeOf(ring.authenticate(text))
  return { stateDir, clock, ring, ask, path: join(stateDir, 'api-keys.json') }
}

describe('an API key', () => {
  test('proves who asks, as soon as it is made and until it is revoked, in a ring that was there before', async () => {
    const { stateDir, ring, ask } = bench()
    expect(ask(`tz_${'0'.repeat(16)}_${'0'.repeat(64)}`)).toBe('api-key-invalid')
    const { text, key } = await createApiKey(stateDir, ALL)
    expect(ring.authenticate(text)).toEqual({
      outcome: 'proven',
      caller: { keyId: key.id, owner: key.id, scopes: ALL.scopes },
    })
    const other = await createApiKey(stateDir, { ...ALL, owner: 'alice' })
    expect(ring.authenticate(other.text)).toMatchObject({ caller: { owner: 'alice' } })
    expect(await revokeApiKey(stateDir, key.id)).toBe(true)
    expect([ask(text), ask(other.text)]).toEqual(['api-key-invalid', 'proven'])
    expect(await revokeApiKey(stateDir, key.id)).toBe(false)
  })

  test('is its id and 32 bytes in hex; of them only the digest is kept, in a file that only its owner reads', async () => {
    const { stateDir, path } = bench()
    const { text, key } = await createApiKey(stateDir, ALL)
    expect(text).toMatch(/^tz_[0-9a-f]{16}_[0-9a-f]{64}$/)
    expect(text).toContain(`tz_${key.id}_`)
    expect(readFileSync(path, 'utf8')).not.toContain(text.slice(-64))
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(listApiKeys(stateDir)).toEqual([key])
    expect(JSON.stringify(listApiKeys(stateDir))).not.toContain('sha256')
  })

  test('with anything changed is refused in the same words, and without one it says how to make it', async () => {
    const { stateDir, ring, ask } = bench()
    const { text } = await createApiKey(stateDir, ALL)
    const other = await createApiKey(stateDir, ALL)
    const last = text.endsWith('0') ? '1' : '0'
    const swapped = `${text.slice(0, 20)}${other.text.slice(20)}`
    const unknown = `tz_${'f'.repeat(16)}${text.slice(19)}`
    for (const wrong of [
      `${text.slice(0, -1)}${last}`,
      swapped,
      unknown,
      text.toUpperCase(),
      ` ${text}`,
      `${text}0`,
      '',
    ]) {
      expect(ring.authenticate(wrong)).toMatchObject({
        refusal: { code: 'api-key-invalid', message: 'the API key is unknown, revoked or misspelt' },
      })
    }
    expect(ask(undefined)).toBe('api-key-missing')
    expect(ask(text)).toBe('proven')
  })

  test('asks no more often than it may, by itself', async () => {
    const { stateDir, clock, ring, ask } = bench()
    const { text } = await createApiKey(stateDir, { ...ALL, perMinute: 2 })
    const other = await createApiKey(stateDir, { ...ALL, perMinute: 2 })
    expect([ask(text), ask(text), ask(text), ask(other.text)]).toEqual([
      'proven',
      'proven',
      'rate-limit',
      'proven',
    ])
    clock.advance(59_000)
    expect(ring.authenticate(text)).toMatchObject({
      refusal: { message: expect.stringContaining('again in 1 s') as string },
    })
    clock.advance(1_000)
    expect(ask(text)).toBe('proven')
  })

  test('that does not verify takes nothing from the minute of the one whose id it names', async () => {
    const { stateDir, ask } = bench()
    const { text } = await createApiKey(stateDir, { ...ALL, perMinute: 1 })
    for (let round = 0; round < 5; round += 1) ask(`${text.slice(0, -64)}${'0'.repeat(64)}`)
    expect(ask(text)).toBe('proven')
  })

  test('is made when nobody else changes the keys, also in another process', async () => {
    const { stateDir } = bench()
    const fd = openSync(join(stateDir, 'api-keys.lock'), 'w')
    expect(tryLock(fd)).toBe(true)
    const making = createApiKey(stateDir, ALL)
    await new Promise<void>((resolve) => setImmediate(resolve))
    expect(listApiKeys(stateDir)).toEqual([])
    closeSync(fd)
    await making
    expect(listApiKeys(stateDir)).toHaveLength(1)
  })

  test('made by many at the same time is lost by none', async () => {
    const { stateDir, ask } = bench()
    const made = await Promise.all(Array.from({ length: 12 }, () => createApiKey(stateDir, ALL)))
    expect(listApiKeys(stateDir)).toHaveLength(12)
    expect(new Set(made.map(({ text }) => ask(text)))).toEqual(new Set(['proven']))
  })
})

describe('a file of API keys', () => {
  test.each(['', '{}', '{"version":2,"keys":[]}', '{"version":1,"keys":[{"id":"x"}]}'])(
    'that reads %j proves nobody, and is read again when it is whole',
    async (spoilt) => {
      const { stateDir, ask, path } = bench()
      const { text } = await createApiKey(stateDir, ALL)
      const whole = readFileSync(path)
      expect(ask(text)).toBe('proven')
      writeFileSync(path, spoilt)
      expect([ask(text), ask(text)]).toEqual(['store-damaged', 'store-damaged'])
      writeFileSync(path, whole)
      utimesSync(path, 1, 1)
      expect(ask(text)).toBe('proven')
    },
  )
})
