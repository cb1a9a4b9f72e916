import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parse as parseYaml } from 'yaml'
import { effectiveSettings, showConfig, type Config } from '../../src/config/index.js'
import { fileSchema } from '../../src/config/schema.js'
import { AUTH, KEY_SECTION, parse, PUBLIC_KEY, TZ1, TZ3 } from './fixture.js'

/** What a configuration means: all of it but the words about the file it came from. */
function meaning(config: Config) {
  return { ...config, warnings: [] }
}

const roundTrip = (text: string) => {
  const config = parse(text)
  expect(meaning(parse(showConfig(config)))).toEqual(meaning(config))
}

describe('the configuration that is shown', () => {
  test('has every default', () => {
    const shown = effectiveSettings(parse(KEY_SECTION))
    expect(shown).toMatchObject({
      marks: { max_level_gap: 14_400 },
      device: { port: 'auto', timeout_ms: 1500 },
      server: { listen: '127.0.0.1:6732', known_keys: false, queue_timeout_ms: 4000 },
      admin: { listen: '127.0.0.1:6733' },
    })
  })

  test('has every section there is', () => {
    const full = `${KEY_SECTION}head_check: { rpc: "http://127.0.0.1:8732" }
high_water_marks: { level: { 0x11: 1, 0x12: 2, 0x13: 3 } }
`
    const several = `${full}devices: { left: { kind: tezio }, }
failover: { return_after_s: 5 }
`
    const eth = `${full}ethereum: { key: { address: '0x${'35'.repeat(20)}' }, rpc: {} }
accounts: { vault: {} }
`
    const shown = [full, several, eth].flatMap((text) => Object.keys(effectiveSettings(parse(text))))
    expect([...new Set(shown)].toSorted()).toEqual(Object.keys(fileSchema.shape).toSorted())
  })

  test('hides the path of a node, where a token may be', () => {
    const shown = showConfig(parse(`${KEY_SECTION}head_check: { rpc: "https://node.example/v1/s3cr3t" }\n`))
    expect(shown).toContain('rpc: https://node.example/***')
    expect(shown).not.toContain('s3cr3t')
  })

  test('read again means the same, whatever was configured', () => {
    const list = <T>(of: fc.Arbitrary<T>) => fc.uniqueArray(of, { maxLength: 3 })
    const settings = fc.record({
      ips: fc.constantFrom('', 'allowed_ips: [127.0.0.1, "10.0.0.0/8", "fd00::/16"]\n', 'allowed_ips: []\n'),
      off: fc.constantFrom(
        '',
        'security: { remote_ip_check: false }\n',
        'security: { signing_policy_check: false }\n',
      ),
      chains: fc.constantFrom('', 'chains: [ghostnet, mainnet]\n'),
      bytes: list(fc.constantFrom('0x03', '0x05', '0x11', '0x12', '0x13')),
      allow: fc.option(list(fc.constantFrom('block', 'attestation', 'reveal', 'transaction'))),
      auth: fc.boolean(),
      gap: fc.constantFrom('', 'marks: { max_level_gap: off }\n', 'marks: { max_level_gap: 7 }\n'),
      seeds: fc.constantFrom(
        '',
        'high_water_marks: { level: { 0x11: 5, 0x12: 6, 0x13: 7 }, round: { 0x12: 2 } }\n',
      ),
      head: fc.constantFrom(
        '',
        'head_check: { rpc: "http://127.0.0.1:8732", on_error: refuse, max_ahead: 9 }\n',
      ),
      server: fc.constantFrom(
        '',
        'server: { listen: "[::1]:7000", known_keys: true, trusted_proxies: [10.0.0.1] }\n',
        'server: { unix: run/a.sock, tcp: "127.0.0.1:7732", path_prefix: /signer }\n',
        'server: { unix: { path: /run/a.sock, mode: "0660", group: baker } }\n',
      ),
      verbose: fc.constantFrom('', 'verbose: true\n'),
    })
    fc.assert(
      fc.property(settings, ({ bytes, allow, auth, ...sections }) => {
        const rules = `allowed_ops: [${bytes.join(', ')}]${allow === null ? '' : `, allow: [${allow.join(', ')}]`}`
        const key = auth ? `  auth_key: { pkh: ${AUTH} }\n` : ''
        const policy = `policy:\n  signing_keys:\n    ${TZ1}: { ${rules} }\n    ${TZ3}: { ${rules}, auth_req: false }\n${key}`
        roundTrip(Object.values(sections).join('') + policy)
      }),
      { numRuns: 100 },
    )
  })

  test('keeps a public key that was given', () => {
    const entry = `policy:\n  signing_keys:\n    ${TZ1}: { allowed_ops: [0x03], public_key: ${PUBLIC_KEY[TZ1]} }\n`
    roundTrip(entry)
    expect(JSON.stringify(parseYaml(showConfig(parse(entry))))).toContain(PUBLIC_KEY[TZ1])
  })
})
