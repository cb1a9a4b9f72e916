import { describe, expect, test } from 'vitest'
import { effectiveSettings } from '../../src/config/index.js'
import { oneKey, PUBLIC_KEY, refusal, TZ3 } from './fixture.js'

const URL_LINE = 'url: "http://127.0.0.1:9000/s3cret"'
const withHook = (inside: string, ops = '[0x03]') => oneKey(TZ3, `allowed_ops: ${ops}, hook: {${inside}}`)
const hookOf = (inside: string) => withHook(inside).keys[0]?.hook
const messageOf = (inside: string) => refusal(() => withHook(inside)).message

describe('the hook of a key', () => {
  test('is none until a service is named', () => {
    expect(oneKey(TZ3, 'allowed_ops: [0x03]').keys[0]?.hook).toBeUndefined()
    expect(oneKey(TZ3, 'allowed_ops: [0x03], hook: ').keys[0]?.hook).toBeUndefined()
  })

  test('needs a URL alone; the rest has defaults', () => {
    expect(hookOf(URL_LINE)).toEqual({
      ...{ url: 'http://127.0.0.1:9000/s3cret', timeoutMs: 1000, onError: 'refuse', publicKey: undefined },
      kinds: ['block', 'preattestation', 'attestation', 'operation', 'michelson_data'],
    })
  })

  test('is taken as it is written, and shown without the path of its URL', () => {
    const key = PUBLIC_KEY[TZ3]
    const rest = `timeout_ms: 250, on_error: allow, public_key: ${key}, kinds: [operation, operation]`
    const config = withHook(`${URL_LINE}, ${rest}`)
    expect(config.keys[0]?.hook).toMatchObject({ timeoutMs: 250, onError: 'allow', kinds: ['operation'] })
    expect(effectiveSettings(config).policy.signing_keys[TZ3]).toMatchObject({
      hook: {
        ...{ url: 'http://127.0.0.1:9000/***', timeout_ms: 250, on_error: 'allow' },
        ...{ public_key: key, kinds: ['operation'] },
      },
    })
  })

  test.each([
    ['timeout_ms: 100', 'hook.url: is missing, and without it nobody can be asked'],
    ['url: "ftp://x"', 'hook.url: is not an http or https URL; write it like http://127.0.0.1:9000/sign'],
    ['url: "http://u:hunter2@x/"', 'hook.url: holds a user name or a password'],
    ['url: "http://x/?token=hunter2"', 'hook.url: holds a query or a fragment'],
    [
      `${URL_LINE}, timeout_ms: 49`,
      'hook.timeout_ms: 49 is not a whole number from 50 to 10000 (milliseconds)',
    ],
    [`${URL_LINE}, timeout_ms: 10001`, 'is not a whole number from 50 to 10000'],
    [`${URL_LINE}, on_error: maybe`, 'hook.on_error: "maybe" is neither allow nor refuse'],
    [`${URL_LINE}, public_key: ${TZ3}`, 'is not a public key'],
    [`${URL_LINE}, kinds: []`, 'hook.kinds: lists nothing'],
    [
      `${URL_LINE}, kinds: [transaction]`,
      'hook.kinds[0]: "transaction" is not a kind that a hook is asked about',
    ],
    [`${URL_LINE}, onerror: allow`, 'did you mean "on_error"?'],
  ])('is refused with {%s}', (inside, message) => {
    expect(messageOf(inside)).toContain(message)
    expect(messageOf(inside)).not.toContain('hunter2')
  })

  test.each([
    [URL_LINE, '[0x11, 0x12]', /blocks and votes wait for its answer, and are refused while/],
    [`${URL_LINE}, on_error: allow`, '[0x13]', /blocks and votes wait for its answer, up to 1000 ms/],
    ['url: "http://10.0.0.9/x"', '[0x03]', /over plain HTTP from another machine/],
  ])('is warned of with {%s} and %s', (inside, ops, warning) => {
    const { warnings } = withHook(inside, ops)
    expect(warnings).toHaveLength(1)
    expect(warnings[0]).toMatch(warning)
  })

  test.each([
    [URL_LINE, '[0x03]'],
    [`${URL_LINE}, kinds: [operation]`, '[0x03, 0x11]'],
    ['url: "https://10.0.0.9/x"', '[0x03]'],
    [`url: "http://10.0.0.9/x", public_key: ${PUBLIC_KEY[TZ3]}`, '[0x03]'],
  ])('is not warned of with {%s} and %s', (inside, ops) => {
    expect(withHook(inside, ops).warnings).toEqual([])
  })
})
