import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { ALLOWED_KINDS } from '../../../src/config/values.js'
import {
  fromSignatory,
  leftOut,
  OTHER_TZ3,
  OTHER_TZ3_KEY,
  TZ1,
  TZ1_KEY,
  TZ2,
  TZ2_KEY,
  TZ3,
  TZ4,
} from './fixture.js'

const SAMPLE = readFileSync(new URL('../../vectors/migration/signatory.yaml', import.meta.url), 'utf8')

/** One key with some lines in flow style, and the default address on loopback. */
const oneKey = (entry: string, rest = '') =>
  fromSignatory(`server: { address: "127.0.0.1:6732" }\ntezos: { ${TZ3}: ${entry} }\n${rest}`)
/** What `allow` of the one key lists. */
const allowOf = ({ settings }: ReturnType<typeof oneKey>): readonly string[] => {
  const { policy } = settings as { policy: { signing_keys: Record<string, { allow: readonly string[] }> } }
  return policy.signing_keys[TZ3]?.allow ?? []
}
const rulesOf = ({ settings }: ReturnType<typeof oneKey>) => settings

test('a whole configuration of Signatory becomes one of ours', () => {
  const sample = fromSignatory(SAMPLE)
  expect(sample.settings).toEqual({
    policy: {
      signing_keys: {
        [TZ1]: { allowed_ops: [0x11, 0x12, 0x13], allow: ['block', 'preattestation', 'attestation'] },
        [TZ2]: { allowed_ops: [], allow: [] },
        [TZ3]: {
          allowed_ops: [0x03, 0x11, 0x12, 0x13],
          allow: [
            ...['block', 'attestation', 'preattestation', 'failing_noop'],
            ...['transaction', 'reveal', 'double_consensus_operation_evidence'],
          ],
          clients: [OTHER_TZ3],
        },
      },
      authorized_keys: [OTHER_TZ3_KEY, 'edpkuAhkJ81xGyf4PcmRMHLSaQGbDEpkGhNbcjNVnKWKR8kqkgQR3f'],
    },
    server: { listen: '0.0.0.0:6732' },
  })
  expect(leftOut(sample)).toEqual([
    ...['server.jwt', 'server.utility_address'],
    `tezos.${TZ3}.allow.generic: endorsement`,
    `tezos.${TZ3}.allow.generic: register_dal_companion`,
    ...[`tezos.${TZ3}.log_payloads`, `tezos.${TZ3}.jwt_users`],
    ...['base_dir', 'vaults.local_file', 'vaults.aws', 'policy_hook'],
  ])
})

test('no secret of the file is in what is told', () => {
  const told = JSON.stringify(fromSignatory(SAMPLE))
  for (const secret of ['hunter2', 'opensesame', 'topsecret', 'AKIDEXAMPLE', 'secret.json']) {
    expect(SAMPLE).toContain(secret)
    expect(told).not.toContain(secret)
  }
})

describe('what a key may sign', () => {
  test.each([
    ['{ allow: { block: , attestation: } }', [0x11, 0x13], ['block', 'attestation']],
    ['{ allow: { block: , endorsement: , preendorsement: } }', [0x11, 0x12, 0x13], undefined],
    ['{ allow: { attestation_with_dal: } }', [0x13], ['attestation']],
    ['{ allow: { generic: [delegation] } }', [0x03], ['delegation']],
    ['{ allow: { generic: } }', [], []],
    ['{ allow: { generic: [] } }', [], []],
    ['{ log_payloads: false }', [], []],
    ['{ allowed_operations: [block, generic], allowed_kinds: [reveal] }', [0x03, 0x11], ['block', 'reveal']],
    ['{ allowed_operations: [block], allowed_kinds: [reveal] }', [0x11], ['block']],
  ])('with %s', (entry, bytes, kinds = ['block', 'attestation', 'preattestation']) => {
    expect(rulesOf(oneKey(entry))).toMatchObject({
      policy: { signing_keys: { [TZ3]: { allowed_ops: bytes, allow: kinds } } },
    })
  })

  test('is what Signatory signs by default where its entry is empty, and that is said', () => {
    const empty = oneKey('')
    expect(empty.settings).toMatchObject({
      policy: { signing_keys: { [TZ3]: { allow: ['block', 'preattestation', 'attestation'] } } },
    })
    expect(empty.assumptions).toContainEqual(expect.stringContaining(`tezos.${TZ3} is empty`))
  })

  test('is never more than can be named: every operation is carried over or listed, none is dropped', () => {
    const names = [
      ...ALLOWED_KINDS.slice(3),
      'stake',
      'attestation',
      'double_preattestation_evidence',
      'made_up',
    ]
    const result = oneKey(`{ allow: { generic: [${names.join(', ')}] } }`)
    const told = new Set(result.notCarriedOver.map(({ setting }) => setting.split(': ')[1]))
    const allowed = allowOf(result)
    for (const name of names) {
      const here = name.startsWith('double_pre') ? 'double_consensus_operation_evidence' : name
      const isAllowed = allowed.includes(here)
      expect(isAllowed !== told.has(name), name).toBe(true)
    }
    expect(told).toContain('made_up')
    expect(told).toContain('attestation')
  })

  test('as an operation is an operation: a block among them opens nothing', () => {
    const result = oneKey('{ allow: { generic: [block, michelson_data, reveal] } }')
    expect(result.settings).toMatchObject({
      policy: { signing_keys: { [TZ3]: { allowed_ops: [0x03], allow: ['reveal'] } } },
    })
    expect(leftOut(result)).toHaveLength(2)
  })

  test('counts both forms of an attestation as one, and says so unless both were allowed', () => {
    const sentence = expect.stringContaining('both forms of the vote') as string
    expect(oneKey('{ allow: { attestation: } }').assumptions).toContainEqual(sentence)
    expect(oneKey('{ allow: { attestation_with_dal: } }').assumptions).toContainEqual(sentence)
    const both = oneKey('{ allow: { attestation: , attestation_with_dal: } }')
    expect(both.assumptions).not.toContainEqual(sentence)
  })
})

describe('the address', () => {
  const serverOf = (address: string) => fromSignatory(`server: { address: ${address} }\ntezos: { ${TZ3}: }`)

  test.each([':6732', '"0.0.0.0:6732"'])('%s is every interface, and that is said', (address) => {
    const result = serverOf(address)
    expect(result.settings).toMatchObject({ server: { listen: '0.0.0.0:6732' } })
    expect(result.assumptions[0]).toMatch(/^server\.address listens on every interface/)
  })

  test('that is left out is Signatory’s own default, every interface', () => {
    expect(fromSignatory(`tezos: { ${TZ3}: }`).settings).toMatchObject({ server: { listen: '0.0.0.0:6732' } })
  })

  test.each(['127.0.0.1:1234', 'localhost:1234', '[::1]:1234'])('%s stays what it is', (address) => {
    const result = serverOf(`"${address}"`)
    expect(result.settings).toMatchObject({ server: { listen: address } })
    expect(result.assumptions.filter((text) => text.includes('server.'))).toEqual([])
  })

  test.each(['"signer.example.org:6732"', '"127.0.0.1:99999"', '"6732"', '5'])(
    '%s cannot be taken over and is listed',
    (address) => {
      const result = serverOf(address)
      expect(result.config).not.toContain('listen')
      expect(leftOut(result)).toEqual(['server.address'])
    },
  )

  test('of its metrics is taken over only where it is this machine’s', () => {
    const open = fromSignatory(`server: { utility_address: ":9583" }\ntezos: { ${TZ3}: }`)
    expect(open.settings).not.toHaveProperty('admin')
    expect(leftOut(open)).toEqual(['server.utility_address'])
    const local = fromSignatory(`server: { utility_address: "127.0.0.1:9583" }\ntezos: { ${TZ3}: }`)
    expect(local.settings).toMatchObject({ admin: { listen: '127.0.0.1:9583' } })
  })
})

describe('keys that one board cannot hold together', () => {
  const file = `tezos: { ${TZ3}: , ${OTHER_TZ3}: , ${TZ1}: , ${TZ4}: }`

  test('are listed, and none of them is guessed', () => {
    const result = fromSignatory(file)
    expect(Object.keys((result.settings as Policy).policy.signing_keys)).toEqual([TZ1])
    expect(leftOut(result).toSorted()).toEqual([`key ${TZ3}`, `key ${OTHER_TZ3}`, `key ${TZ4}`].toSorted())
  })

  test('are chosen among with --key', () => {
    const result = fromSignatory(file, { keys: [OTHER_TZ3] })
    expect(Object.keys((result.settings as Policy).policy.signing_keys)).toEqual([OTHER_TZ3])
    expect(leftOut(result)).toContain(`key ${TZ1}`)
  })

  test('end the import where none is left', () => {
    expect(() => fromSignatory(`tezos: { ${TZ4}: }`)).toThrow(/no key is left.*--key ADDRESS/)
    expect(() => fromSignatory(file, { keys: [TZ2] })).toThrow(/the settings name no such key/)
  })
})

type Policy = { readonly policy: { readonly signing_keys: object } }

describe('authorized keys', () => {
  test('that cannot be used are listed, and without any nothing is translated: everybody could ask', () => {
    const withKeys = (list: string) =>
      fromSignatory(`server: { authorized_keys: ${list} }\ntezos: { ${TZ3}: }`)
    const some = withKeys(`[BLpk1, ${TZ1_KEY}]`)
    expect(some.settings).toMatchObject({ policy: { authorized_keys: [TZ1_KEY] } })
    expect(leftOut(some)).toEqual(['server.authorized_keys'])
    expect(() => withKeys('[BLpk1]')).toThrow(/has no key that requests can be authenticated by/)
    expect(() => withKeys('[]')).toThrow(/has no key that requests can be authenticated by/)
  })

  test('of a key alone are those who may ask for it, where the server knows them too', () => {
    const withKeys = (shared: string, own: string) =>
      fromSignatory(`server: { ${shared} }\ntezos: { ${TZ3}: { authorized_keys: ${own} }, ${TZ1}: }`)
    const both = withKeys(`authorized_keys: [${TZ1_KEY}, ${TZ2_KEY}]`, `[${TZ2_KEY}]`)
    expect(both.settings).toMatchObject({
      policy: { authorized_keys: [TZ1_KEY, TZ2_KEY], signing_keys: { [TZ3]: { clients: [TZ2] } } },
    })
    expect(both.config.match(/clients/g)).toHaveLength(1)
    expect(withKeys('', TZ2_KEY).settings).toMatchObject({
      policy: { authorized_keys: [TZ2_KEY], signing_keys: { [TZ3]: { clients: [TZ2] } } },
    })
    expect(() => withKeys(`authorized_keys: ${TZ1_KEY}`, TZ2_KEY)).toThrow(/nobody may ask for it/)
  })
})

test('chains are those of --chain, or of a key, or else mainnet with a word about it', () => {
  expect(fromSignatory(`tezos: { ${TZ3}: }`, { chains: ['ghostnet'] }).settings).toMatchObject({
    chains: ['ghostnet'],
  })
  const own = oneKey('{ allowed_chains: [NetXnHfVqm9iesp] }')
  expect(own.settings).toMatchObject({ policy: { signing_keys: { [TZ3]: { chains: ['ghostnet'] } } } })
  const sentence = expect.stringContaining('mainnet alone') as string
  expect(own.assumptions).not.toContainEqual(sentence)
  expect(oneKey('').assumptions).toContainEqual(sentence)
})

test.each([
  ['tracing: { on: true }', 'tracing'],
  ['watermark: { driver: mem }', 'watermark'],
])('%s is listed, for nothing is dropped in silence', (line, setting) => {
  expect(leftOut(oneKey('', line))).toEqual([setting])
})

test.each([
  ['a: [', /line 1: it is not valid YAML/],
  [`tezos: { ${TZ3}: , ${TZ3}: }`, /line 1: it is not valid YAML \(DUPLICATE_KEY\)/],
  ['a: *b', /alias/],
  ['- tezos', /the file is not a mapping/],
  ['server: {}', /no section tezos/],
  ['tezos: { alice: }', /tezos\.alice is not an address/],
  [`tezos: { ${TZ3}: yes }`, /is not a mapping of settings/],
  [`tezos: { ${TZ3}: { allow: [block] } }`, /allow is not a mapping/],
  [`tezos: { ${TZ3}: { allow: { generic: reveal } } }`, /allow\.generic is not a list/],
  [`tezos: { ${TZ3}: { allowed_chains: [sandbox] } }`, /"sandbox" is not a chain/],
])('%s is refused, with its file and place and none of its content', (text, message) => {
  expect(() => fromSignatory(text)).toThrow(message)
  expect(() => fromSignatory(text)).toThrow(/signatory\.yaml: /)
})

test('a file beyond any configuration is not read', () => {
  expect(() => fromSignatory('#'.repeat(1024 * 1024 + 1))).toThrow(/1048576 are read at most/)
})
