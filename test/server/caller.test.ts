import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { callerOf, type CallerRules } from '../../src/server/index.js'
import { ask, askSignature, authenticate, operation, outcome, testBridge, TZ3 } from './fixture.js'

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')
const TOKEN = 'correct-horse-battery-staple'
const FINGERPRINT = 'ab'.repeat(32)
const SHOWN = FINGERPRINT.toUpperCase().replace(/..(?!$)/g, '$&:')

const RULES: CallerRules = {
  tokenHeader: 'x-tezio-token',
  tokens: [
    { client: 'scripted', sha256: sha256(TOKEN) },
    { client: 'other', sha256: sha256('something-else-entirely') },
  ],
  certificates: [
    { client: 'baker', kind: 'common-name', value: 'baker' },
    { client: 'pinned', kind: 'fingerprint', value: FINGERPRINT },
  ],
}

const noHeader = () => undefined
const certified = (CN: string | readonly string[] | undefined, fingerprint256 = '00') =>
  callerOf(RULES, { certificate: { subject: { CN }, fingerprint256 }, header: noHeader })
const withToken = (token: string, rules = RULES) =>
  callerOf(rules, {
    certificate: undefined,
    header: (name) => (name === 'x-tezio-token' ? token : undefined),
  })

describe('who a connection proves', () => {
  test('is nobody without a certificate and a token', () => {
    expect(callerOf(RULES, { certificate: undefined, header: noHeader })).toEqual({ clients: [] })
  })

  test('is known by the common name, whole and in its own case, or by the fingerprint', () => {
    expect(certified('baker').clients).toEqual(['baker'])
    expect(certified('Baker').clients).toEqual([])
    expect(certified('baker2').clients).toEqual([])
    expect(certified(undefined).clients).toEqual([])
    expect(certified(['baker', 'x']).clients).toEqual([]) // two names: which of them is it?
    expect(certified('x', SHOWN).clients).toEqual(['pinned'])
    expect(certified('baker', SHOWN).clients).toEqual(['baker', 'pinned'])
    expect(certified('x', SHOWN.replace('AB', 'AC')).clients).toEqual([])
    expect(certified(FINGERPRINT).clients).toEqual([]) // a fingerprint is no name that one can choose
  })

  test('is known by a token, of which every byte counts', () => {
    expect(withToken(TOKEN)).toEqual({ clients: ['scripted'] })
    for (const wrong of [
      '',
      TOKEN.slice(1),
      `${TOKEN}x`,
      TOKEN.toUpperCase(),
      sha256(TOKEN),
      `${TOKEN}, ${TOKEN}`,
    ]) {
      expect(withToken(wrong)).toEqual({
        clients: [],
        invalid: 'the token in x-tezio-token is no client’s'.replace('’', "'"),
      })
    }
  })

  test('is nobody by a token where no client has one, and that is not held against it', () => {
    expect(withToken(TOKEN, { ...RULES, tokens: [] })).toEqual({ clients: [] })
  })

  test('is nobody with a wrong token, whatever the certificate says', () => {
    const certificate = { subject: { CN: 'baker' }, fingerprint256: '00' }
    const caller = callerOf(RULES, { certificate, header: () => 'wrong' })
    expect(caller.clients).toEqual([])
    expect(caller.invalid).not.toContain('wrong')
  })
})

describe('the signer’s app', () => {
  const rules = { requiresAuthentication: true }
  const payload = operation('1')
  const byToken = (token: string) => ({ headers: { 'x-tezio-token': token } })

  test('takes a token instead of a signature, and names its client in the audit line', async () => {
    const { app, events } = testBridge({ rules, callers: RULES })
    expect(outcome(await askSignature(app, TZ3, payload))).toBe('401 authentication-missing')
    expect(outcome(await askSignature(app, TZ3, payload, byToken('wrong')))).toBe(
      '401 authentication-invalid',
    )
    expect(outcome(await askSignature(app, TZ3, payload, byToken(TOKEN)))).toBe('200')
    expect(events.map((event) => ('client' in event ? event.client : undefined))).toEqual([
      ...[undefined, undefined, 'scripted'],
    ])
  })

  test('refuses a wrong signature although the token is right', async () => {
    const { app } = testBridge({ rules, callers: RULES })
    const signedFor = (signed: Uint8Array) =>
      askSignature(app, TZ3, payload, {
        ...byToken(TOKEN),
        query: `?authentication=${authenticate(TZ3, signed)}`,
      })
    expect(outcome(await signedFor(operation('2')))).toBe('401 authentication-invalid')
    expect(outcome(await signedFor(payload))).toBe('200')
  })

  test('lists the keys where nothing is proven, and none where the connection proves a client', async () => {
    const { app } = testBridge({ rules, callers: RULES, authorized: [TZ3] })
    const listed = async (headers: Record<string, string>) =>
      (await ask(app, '/authorized_keys', { headers })).body
    expect(await listed({})).toEqual({ authorized_keys: [TZ3] })
    expect(await listed({ 'x-tezio-token': 'wrong' })).toEqual({ authorized_keys: [TZ3] })
    expect(await listed({ 'x-tezio-token': TOKEN })).toEqual({})
  })
})
