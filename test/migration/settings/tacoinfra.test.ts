import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { ConfigError, parseConfig } from '../../../src/config/index.js'
import { fromTacoinfra, leftOut, OTHER_TZ3, OTHER_TZ3_KEY, TZ1, TZ2, TZ3, TZ3_KEY, TZ4 } from './fixture.js'

const SAMPLE = readFileSync(new URL('../../vectors/migration/tacoinfra-keys.json', import.meta.url), 'utf8')

const KEYS = [`${TZ3}:pkcs11_hsm:baker`]
const one = (settings: Readonly<Record<string, unknown>>) =>
  fromTacoinfra({ chain_ratchet: 'mockery', hsm_lib: '/lib/p11.so', keys: KEYS, ...settings })
const part = (translated: { readonly settings: unknown }) =>
  translated.settings as {
    readonly devices: { readonly hsm: Readonly<Record<string, unknown>> }
    readonly policy: {
      readonly signing_keys: Readonly<Record<string, { readonly allow: readonly string[] }>>
    }
    readonly marks?: unknown
    readonly server: { readonly listen: string }
  }

test('a whole keys.json becomes a configuration of ours', () => {
  const sample = fromTacoinfra(SAMPLE, { chains: ['mainnet'] })
  const rules = {
    devices: 'hsm',
    allowed_ops: [0x03, 0x11, 0x12, 0x13],
    allow: ['block', 'preattestation', 'attestation', 'ballot:yay', 'ballot:pass'],
  }
  expect(sample.settings).toEqual({
    chains: ['mainnet'],
    devices: {
      hsm: {
        kind: 'pkcs11',
        module: '/opt/cloudhsm/lib/libcloudhsm_pkcs11.so',
        token: null,
        keys: { [TZ3]: { label: 'baker' }, [TZ2]: null },
      },
    },
    policy: { signing_keys: { [TZ3]: { ...rules, public_key: TZ3_KEY }, [TZ2]: rules } },
    marks: { dynamodb: { table: 'signer', region: 'eu-west-1', endpoint: 'http://localhost:8000' } },
    server: { listen: '0.0.0.0:5000' },
  })
  expect(leftOut(sample)).toEqual([
    ...[`keys[1] (${TZ2})`, 'keys[2]', 'log_level', 'hsm_slot', 'hsm_username'],
  ])
  expect(sample.isComplete).toBe(false)
})

test('no private key is in the configuration, and none is told', () => {
  const secret = 'edsk-the-private-part-of-a-key-in-a-file'
  expect(SAMPLE).toContain(secret)
  const files = [
    SAMPLE,
    {
      keys: { [`${secret}:local`]: { secret_key: secret }, [`${TZ3}:pkcs11_hsm:a`]: { private_key: secret } },
    },
    { keys: [`${TZ3}:pkcs11_hsm:a`, secret, `${secret}:mockery`] },
  ]
  for (const file of files) expect(JSON.stringify(fromTacoinfra(file))).not.toContain('edsk-')
  const broken = [
    `{"keys": {"${secret}": {}, "${secret}": {}}}`,
    `{"keys": ["${secret}" "${secret}"]}`,
    `{"keys": ["${secret}:pkcs11_hsm:a"]}`,
    `{"keys": ["${secret}"]}`,
    `{"keys": "${secret}"}`,
    `{"keys": {"${secret}": "${secret}"}}`,
    secret,
  ]
  for (const text of broken) {
    expect(() => fromTacoinfra(text)).toThrow(expect.objectContaining({ name: 'Error' }))
    expect(() => fromTacoinfra(text)).not.toThrow(/edsk-/)
  }
})

describe('a key', () => {
  test.each([
    ['by its address', { [TZ3]: { signer: 'pkcs11_hsm', signer_args: ['baker'] } }, { label: 'baker' }],
    ['by its public key', { [`${TZ3_KEY}:pkcs11_hsm:baker`]: {} }, { label: 'baker' }],
    ['by its older signer', { [`${TZ3}:amazon_hsm:baker`]: null }, { label: 'baker' }],
    ['by a handle of the oldest files', { [TZ3]: { private_handle: 7, public_handle: 9 } }, null],
    ['by a number', { [`${TZ3}:pkcs11_hsm:7`]: {} }, null],
  ])('is taken %s', (_name, keys, entry) => {
    const translated = one({ keys })
    expect(part(translated).devices.hsm['keys']).toEqual({ [TZ3]: entry })
    const said = leftOut(translated).filter((setting) => setting.startsWith('keys'))
    expect(said).toEqual(entry !== null ? [] : [`keys[0] (${TZ3})`])
  })

  test('has its public key when the file has it, and it is its own', () => {
    const ofKey = (public_key: string) =>
      part(one({ keys: { [`${TZ3}:pkcs11_hsm:a`]: { public_key } } })).policy.signing_keys[TZ3]
    expect(ofKey(TZ3_KEY)).toMatchObject({ public_key: TZ3_KEY })
    expect(ofKey(OTHER_TZ3_KEY)).not.toHaveProperty('public_key')
  })

  test('of BLS is left out, and so is one that --key does not name', () => {
    const keys = [
      `${TZ3}:pkcs11_hsm:a`,
      `${OTHER_TZ3}:pkcs11_hsm:b`,
      `${TZ4}:pkcs11_hsm:c`,
      `${TZ1}:pkcs11_hsm:d`,
    ]
    const translated = fromTacoinfra({ keys }, { keys: [OTHER_TZ3] })
    expect(Object.keys(part(translated).policy.signing_keys)).toEqual([OTHER_TZ3])
    expect(leftOut(translated).slice(0, 3)).toEqual([`keys[2] (${TZ4})`, `key ${TZ3}`, `key ${TZ1}`])
    expect(() => fromTacoinfra({ keys }, { keys: [TZ2] })).toThrow(`--key ${TZ2}`)
  })

  test('must be on a token: without one there is nothing to configure', () => {
    expect(() => fromTacoinfra({ keys: ['edsk:local'] })).toThrow('no key of it is on a PKCS#11 token')
    expect(() => fromTacoinfra({ policy: {} })).toThrow('no keys')
    expect(() => fromTacoinfra({ keys: [7] })).toThrow('keys[0]')
  })
})

describe('its policy', () => {
  test.each([
    [{ baking: 1 }, ['block', 'preattestation', 'attestation']],
    [{ baking: true, voting: [] }, ['block', 'preattestation', 'attestation']],
    [{ baking: 0, voting: ['nay'] }, ['ballot:nay']],
    [{ voting: ['pass', 'pass', 'yay'] }, ['ballot:pass', 'ballot:yay']],
    [
      { allow_all: true },
      ['block', 'preattestation', 'attestation', 'ballot:yay', 'ballot:nay', 'ballot:pass'],
    ],
    [{}, []],
    [undefined, []],
  ])('%j allows no more than it did', (policy, allow) => {
    expect(part(one({ policy })).policy.signing_keys[TZ3]?.allow).toEqual(allow)
  })

  test('that names what nobody knows is told', () => {
    const translated = one({ policy: { voting: ['aye'], signing: true } })
    expect(part(translated).policy.signing_keys[TZ3]?.allow).toEqual([])
    expect(leftOut(translated).slice(0, 2)).toEqual(['policy.signing', 'policy.voting'])
  })
})

describe('its marks', () => {
  test('in memory are none here', () => {
    const translated = one({})
    expect(part(translated).marks).toBeUndefined()
    expect(translated.assumptions.join()).toContain('init --level')
  })

  test('elsewhere are told, and so is what a table needs', () => {
    expect(leftOut(one({ chain_ratchet: 'sqlite' }))).toContain('chain_ratchet')
    const without = one({ chain_ratchet: 'dynamodb' })
    expect(leftOut(without)).toEqual(expect.arrayContaining(['ddb_table', 'aws_region']))
    expect(part(without).marks).toEqual({ dynamodb: {} })
  })

  test.each([
    'http://user:secret@localhost:8000',
    'file:///etc/passwd',
    'localhost',
    'http://h/?token=secret',
  ])('are never asked for at %s', (boto3_endpoint) => {
    const settings = { chain_ratchet: 'dynamodb', ddb_table: 't', aws_region: 'r', boto3_endpoint }
    const translated = one(settings)
    expect(leftOut(translated)).toContain('boto3_endpoint')
    expect(part(translated).marks).toEqual({ dynamodb: { table: 't', region: 'r' } })
    expect(JSON.stringify(translated)).not.toContain('secret')
  })
})

test('it listens where it did, and on loopback unless told', () => {
  expect(part(one({})).server.listen).toBe('127.0.0.1:5000')
  expect(part(one({ bind_addr: 'localhost', bind_port: '8080' })).server.listen).toBe('localhost:8080')
})

test('the module is needed', () => {
  const translated = one({ hsm_lib: undefined })
  expect(leftOut(translated)).toContain('hsm_lib')
  expect(part(translated).devices.hsm).not.toHaveProperty('module')
})

/** Whether `parseConfig` knows `devices` and `marks` yet; the test below begins to count with them. */
const parserKnowsTokens = (() => {
  try {
    parseConfig('devices: {}\nmarks: { dynamodb: {} }\n', { file: 'config.yaml', defaultStateDir: 'state' })
    return true
  } catch (error) {
    return error instanceof ConfigError && !error.message.includes('is not a known key')
  }
})()
if (!parserKnowsTokens) console.warn('skipped: the configuration does not know devices and marks yet')

test.skipIf(!parserKnowsTokens)('the result is taken once the token and its keys are named', () => {
  const { config } = fromTacoinfra(SAMPLE)
  const completed = config
    .replace(/token: null.*/, 'token: {label: tezos}')
    .replace(new RegExp(`${TZ2}: null.*`), `${TZ2}: {id: 01ab}`)
  expect(completed).not.toContain('null')
  expect(() => parseConfig(config, { file: 'config.yaml', defaultStateDir: 'state' })).toThrow(ConfigError)
  const parsed = parseConfig(completed, { file: 'config.yaml', defaultStateDir: 'state' })
  expect(parsed).toMatchObject({ file: 'config.yaml' })
})
