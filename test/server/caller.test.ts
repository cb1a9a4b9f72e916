import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { callerOf, type CallerRules } from '../../src/server/index.js'
import { authenticate, octezBody, operation, testBridge, TZ3 } from './fixture.js'

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
  const post = (app: ReturnType<typeof testBridge>['app'], headers: Record<string, string>, query = '') =>
    app.request(
      `http://127.0.0.1/keys/${TZ3}${query}`,
      {
        method: 'POST',
        body: octezBody(operation('1')),
        headers: { host: '127.0.0.1', 'content-type': 'application/json', ...headers },
      },
      {
        incoming: {
          socket: { remoteAddress: '127.0.0.1', localAddress: '127.0.0.1' },
          url: `/keys/${TZ3}${query}`,
        },
      },
    )
  const codeOf = async (response: Response) => {
    const body: unknown = await response.json()
    return Array.isArray(body)
      ? `${response.status} ${String((body[0] as { msg: string }).msg).split(':')[0]}`
      : '200'
  }

  test('takes a token instead of a signature, and names its client in the audit line', async () => {
    const { app, events } = testBridge({ rules, callers: RULES })
    expect(await codeOf(await post(app, {}))).toBe('401 authentication-missing')
    expect(await codeOf(await post(app, { 'x-tezio-token': 'wrong' }))).toBe('401 authentication-invalid')
    expect(await codeOf(await post(app, { 'x-tezio-token': TOKEN }))).toBe('200')
    expect(events.map((event) => ('client' in event ? event.client : undefined))).toEqual([
      ...[undefined, undefined, 'scripted'],
    ])
  })

  test('refuses a wrong signature although the token is right', async () => {
    const { app } = testBridge({ rules, callers: RULES })
    const headers = { 'x-tezio-token': TOKEN }
    const wrong = `?authentication=${authenticate(TZ3, operation('2'))}`
    expect(await codeOf(await post(app, headers, wrong))).toBe('401 authentication-invalid')
    const right = `?authentication=${authenticate(TZ3, operation('1'))}`
    expect(await codeOf(await post(app, headers, right))).toBe('200')
  })

  test('lists the keys for whom nothing is proven, and none for whom the connection proves', async () => {
    const { app } = testBridge({ rules, callers: RULES, authorized: [TZ3] })
    const ask = async (headers: Record<string, string>) => {
      const incoming = {
        socket: { remoteAddress: '127.0.0.1', localAddress: '127.0.0.1' },
        url: '/authorized_keys',
      }
      const asked = { headers: { host: '127.0.0.1', 'content-type': 'application/json', ...headers } }
      return (await app.request('http://127.0.0.1/authorized_keys', asked, { incoming })).json()
    }
    expect(await ask({})).toEqual({ authorized_keys: [TZ3] })
    expect(await ask({ 'x-tezio-token': 'wrong' })).toEqual({ authorized_keys: [TZ3] })
    expect(await ask({ 'x-tezio-token': TOKEN })).toEqual({})
  })
})
