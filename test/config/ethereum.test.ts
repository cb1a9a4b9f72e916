import { describe, expect, test } from 'vitest'
import { parse as parseYaml, stringify } from 'yaml'
import { effectiveSettings, showConfig } from '../../src/config/index.js'
import { KEY_SECTION, parse, refusal, TZ1, TZ2 } from './fixture.js'

const ADDRESS = `0x${'35'.repeat(20)}`
const TOKEN =
  'devices: { token: { kind: pkcs11, module: /m.so, token: { label: x }, keys: { KEY: { label: payer } } } }\n'
const claims = {
  domain: { name: 'A', version: '1', chain_id: 1, verifying_contract: ADDRESS },
  ...{ distribution: 'd.json', merkle_root: `0x${'ab'.repeat(32)}`, auth: { key_file: 'k' } },
}
const transfers = {
  ...{ destinations: [ADDRESS], max_wei: '10', max_fee_wei: '10', windows: [{ hours: 1, max_wei: '9' }] },
}

/** A file with the sections of Ethereum, `changed`, behind `rest`. */
const withEthereum = (changed: object, rest = KEY_SECTION) =>
  rest + stringify({ ethereum: { key: { address: ADDRESS }, ...changed } })
const withAccounts = (accounts: object, rest = KEY_SECTION) => rest + stringify({ accounts })

describe('the section ethereum', () => {
  test('has defaults that allow as little as there is', () => {
    const { ethereum, warnings } = parse(withEthereum({ claims, transfers, rpc: null }))
    expect(warnings).toEqual([])
    expect(ethereum).toMatchObject({
      key: { device: 'board', address: ADDRESS, label: undefined },
      chains: [{ id: 1, types: ['legacy', 'eip1559'] }],
      stockGrind: false,
      claims: {
        ...{ leaf: 'gitcoin-v1', reissue: 'deny', oldRoutes: false, distributionFile: '/etc/tezio/d.json' },
        auth: {
          scheme: 'hmac-v0-rawbody',
          header: 'x-gitcoin-sig',
          keyFile: '/etc/tezio/k',
          maxSkewMs: 300_000,
        },
      },
      transfers: { destinations: [{ gasLimit: 21_000n }], oldGasPriceWei: undefined, clients: undefined },
      rpc: { clients: undefined },
    })
  })

  test('is nothing where it is missing', () => {
    expect(parse(KEY_SECTION)).toMatchObject({ ethereum: undefined, accounts: undefined })
  })

  test('needs no key of Tezos beside it', () => {
    expect(parse(withEthereum({ rpc: null }, '')).keys).toEqual([])
    expect(refusal(() => parse('verbose: true')).message).toContain('no signing key is given')
  })

  test.each<readonly [string, string, string]>([
    ['a job that is none', withEthereum({}), 'asks for nothing'],
    [
      'an amount that YAML has read as a number',
      withEthereum({ transfers: { ...transfers, max_wei: 10 } }),
      'in quotes',
    ],
    [
      'a negative amount',
      withEthereum({ transfers: { ...transfers, max_wei: '-1' } }),
      'is no amount in wei',
    ],
    [
      'an amount over 256 bits',
      withEthereum({ transfers: { ...transfers, max_wei: String(2n ** 256n) } }),
      'is no amount in wei',
    ],
    [
      'destinations that are a text',
      withEthereum({ transfers: { ...transfers, destinations: ADDRESS } }),
      'is not a list',
    ],
    ['no destination', withEthereum({ transfers: { ...transfers, destinations: [] } }), 'lists nobody'],
    ['no window', withEthereum({ transfers: { ...transfers, windows: [] } }), 'lists nothing'],
    ['a short address', withEthereum({ key: { address: '0x35' }, rpc: null }), 'is no Ethereum address'],
    [
      'a key that is no device’s',
      withEthereum({ key: { address: ADDRESS, device: 'x' }, rpc: null }),
      '"x", which is no device',
    ],
    [
      'a label on a board',
      withEthereum({ key: { address: ADDRESS, label: 'x' }, rpc: null }),
      'a board has neither',
    ],
    ['typed data that nobody can ask for', withEthereum({ claims, message_prefixes: ['abcd'] }), 'add rpc'],
    [
      'a prefix of three letters',
      withEthereum({ rpc: null, message_prefixes: ['abc'] }),
      'is no beginning of a message',
    ],
    ['a chain by name', withEthereum({ rpc: null, chains: ['mainnet'] }), 'chains[0].id'],
    ['a client that there is not', withEthereum({ rpc: { clients: ['x'] } }), '"x" is no client'],
    [
      'old routes on two chains',
      withEthereum({ chains: [1, 5], transfers: { ...transfers, old_routes: { gas_price_wei: '1' } } }),
      'names no chain',
    ],
    [
      'nobody named where others can ask',
      withEthereum({ rpc: null }, `${KEY_SECTION}server: { listen: "0.0.0.0:6732" }\n`),
      'does not say who may ask',
    ],
    [
      'nobody named behind a proxy',
      withEthereum({ transfers }, `${KEY_SECTION}server: { trusted_proxies: [127.0.0.1] }\n`),
      'does not say who may ask',
    ],
    [
      'a board’s place that Tezos has',
      withEthereum({ rpc: null }, `policy: { signing_keys: { ${TZ2}: { allowed_ops: [0x03] } } }\n`),
      'a key is tezos or ethereum, never both',
    ],
    [
      'an object of a token that Tezos has',
      withEthereum(
        { key: { address: ADDRESS, label: 'payer' }, rpc: null },
        `policy: { signing_keys: { ${TZ2}: { allowed_ops: [0x03] } } }\n${TOKEN.replace('KEY', TZ2)}`,
      ),
      'a key is tezos or ethereum, never both',
    ],
    [
      'nothing that finds it on a token',
      withEthereum(
        { rpc: null },
        `policy: { signing_keys: { ${TZ1}: { allowed_ops: [0x03] } } }\n${TOKEN.replace('KEY', TZ1)}`,
      ),
      'is found by nothing',
    ],
    ['accounts that are kept nowhere', withAccounts({}), 'says nowhere'],
    [
      'a custody without its section',
      withAccounts({ custody: 'hsm', vault: null }),
      'there is no section hsm',
    ],
    ['a vault that no board opens', withAccounts({ vault: { devices: 'x' } }), '"x" is no board'],
    ['transactions without chains', withAccounts({ vault: null, sign: 'transaction' }), 'add chains'],
    [
      'a token by two names',
      withAccounts({ hsm: { module: 'm', token: { label: 'a', serial: 'b' } } }),
      'and not both',
    ],
  ])('refuses %s', (_, text, words) => {
    expect(refusal(() => parse(text)).message).toContain(words)
  })

  test('warns of what protects nothing, and of a ledger that is not shared', () => {
    expect(parse(withEthereum({ rpc: null, stock_grind: true })).warnings.join()).toContain(
      'protects nothing',
    )
    const shared = `${KEY_SECTION}marks: { postgresql: { url: "postgresql://a/b" } }\n`
    expect(parse(withEthereum({ rpc: null }, shared)).warnings.join()).toContain('on one host only')
  })

  test('shown and read again means the same', () => {
    const text =
      withEthereum({
        ...{
          claims,
          transfers: { ...transfers, old_routes: { gas_price_wei: '5' } },
          rpc: null,
          chains: [7],
        },
        typed_data: [
          {
            domain: { name: 'x', chain_id: 7 },
            primary_type: 'A',
            types: { A: [{ name: 'a', type: 'bool' }] },
          },
        ],
        message_prefixes: ['login: '],
      }) +
      stringify({
        accounts: { vault: null, sign: ['message', 'transaction'], chains: [1], max_fee_wei: '9' },
      })
    const config = parse(text)
    expect(parse(showConfig(config))).toEqual(config)
    expect(parseYaml(showConfig(config))).toEqual(JSON.parse(JSON.stringify(effectiveSettings(config))))
  })
})
