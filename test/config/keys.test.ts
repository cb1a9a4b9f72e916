import { describe, expect, test } from 'vitest'
import { encodeBase58, encodePublicKey } from '../../src/tezos/index.js'
import { AUTH, oneKey, parse, PUBLIC_KEY, refusal, TZ1, TZ2, TZ3 } from './fixture.js'

const TZ4 = encodeBase58('tz4', new Uint8Array(20))
const authKey = (inside: string) => `  auth_key: {${inside}}\n`

describe('signing keys', () => {
  test.each([
    [TZ1, 'ed25519', 1],
    [TZ2, 'secp256k1', 2],
    [TZ3, 'p256', 3],
  ] as const)('%s has its curve and place by its address', (address, curve, curveAlias) => {
    const [key] = oneKey(address, `allowed_ops: [3], public_key: ${PUBLIC_KEY[address]}`).keys
    expect(key).toMatchObject({ publicKeyHash: address, curve, curveAlias })
    expect(key?.publicKey && encodePublicKey(key.publicKey)).toBe(PUBLIC_KEY[address])
  })

  test.each([
    [TZ1, 'curve_alias: 3', 'curve_alias', "3 is another curve's; tz1 is 1"],
    [TZ1, 'curve_alias: 0', 'curve_alias', '0 is not a whole number from 1 to 3'],
    [TZ1, 'auth_prefix: "040102"', 'auth_prefix', 'write "040100", or remove the line'],
    [TZ2, 'auth_prefix: "0x040101"', 'auth_prefix', 'write "040101"'],
    [TZ3, 'auth_prefix: 40102', 'auth_prefix', '40102 is not text; write it in quotes'],
    [TZ1, `public_key: ${PUBLIC_KEY[TZ2]}`, 'public_key', `is the key of ${TZ2}, not of ${TZ1}`],
    [TZ1, 'public_key: edpkuMtz', 'public_key', 'is not a public key'],
    [TZ1, 'chains: [nonet]', 'chains[0]', '"nonet" is not a chain'],
    [TZ1, 'chains: []', 'chains', 'no chain is listed'],
    [TZ1, 'allow: [blok]', 'allow[0]', '"blok" is not a kind of payload (did you mean "block"?)'],
    [TZ1, 'allow: [unknown]', 'allow[0]', '"unknown" is not a kind of payload'],
    [TZ1, 'allow: block', 'allow', '"block" is not a list'],
    [TZ1, 'auth_req: maybe', 'auth_req', '"maybe" is not a switch'],
  ])('%s with %s is refused', (address, rules, path, message) => {
    const error = refusal(() => oneKey(address, `allowed_ops: [3], ${rules}`))
    expect(error.problems).toHaveLength(1)
    expect(error.problems[0]).toMatchObject({ line: 3, path: `policy.signing_keys.${address}.${path}` })
    expect(error.message).toContain(message)
  })

  test.each([
    [TZ4, 'no Tezio HSM holds BLS keys'],
    [TZ1.replace('3g', '3h'), 'is not a tz1, tz2 or tz3 address with a right checksum'],
    ['KT1', 'is not a tz1, tz2 or tz3 address'],
  ])('%s is refused as an address', (address, message) => {
    const error = refusal(() => oneKey(address, 'allowed_ops: [3]'))
    expect(error.problems).toMatchObject([{ line: 3, path: `policy.signing_keys.${address}` }])
    expect(error.message).toContain(message)
  })

  test('a right auth_prefix, a right alias and chains of its own are taken', () => {
    const rules = 'curve_alias: 2, auth_prefix: "040101", allowed_ops: [5], chains: ghostnet'
    const config = oneKey(TZ2, rules)
    expect(config.keys[0]?.chains).toEqual(['NetXnHfVqm9iesp'])
    expect(config.chains).toEqual(['NetXdQprcVkpaWU'])
  })

  test('an entry without rules is refused', () => {
    expect(refusal(() => parse(`policy:\n  signing_keys:\n    ${TZ1}:\n`)).message).toContain(
      'nothing is not a mapping',
    )
    expect(refusal(() => oneKey(TZ1, '')).message).toContain('allowed_ops: is missing')
  })
})

describe('allowed_ops', () => {
  test('are numbers or hex text, each once', () => {
    const config = oneKey(TZ3, "allowed_ops: [3, '0x03', 0x11, '0X5']")
    expect(config.keys[0]?.allowedMagicBytes).toEqual([0x03, 0x11, 0x05])
    expect(config.warnings).toEqual([])
  })

  test.each(['256', '-1', '1.5', '"3"', '"0x100"', 'transfer', 'true', '[3]', '{}', 'null'])(
    '%s is not a byte',
    (value) => {
      const error = refusal(() => oneKey(TZ3, `allowed_ops: [${value}]`))
      expect(error.problems).toMatchObject([{ path: `policy.signing_keys.${TZ3}.allowed_ops[0]` }])
      expect(error.message).toContain('is not a byte; write one from 0x00 to 0xff')
    },
  )

  test.each([
    [0x00, 'not a watermark of Tezos'],
    [0x01, 'obsolete consensus watermark'],
    [0x02, 'obsolete consensus watermark'],
    [0x04, 'authentication requests'],
    [0x10, 'not a watermark of Tezos'],
    [0x14, 'reads past the end of its policy table'],
    [0x80, 'reads past the end of its policy table'],
    [0xff, 'reads past the end of its policy table'],
  ])('F35 %i is accepted with the warning that it is never signed', (byte, reason) => {
    const config = oneKey(TZ3, `allowed_ops: [3, ${byte}]`)
    expect(config.keys[0]?.allowedMagicBytes).toEqual([3, byte])
    expect(config.warnings).toHaveLength(1)
    expect(config.warnings[0]).toContain(`is never signed: `)
    expect(config.warnings[0]).toContain(reason)
  })

  test('give no warning for the five bytes that are signed', () => {
    expect(oneKey(TZ3, 'allowed_ops: [0x03, 0x05, 0x11, 0x12, 0x13]').warnings).toEqual([])
  })

  test('may be left out, and are not used, while signing_policy_check is false', () => {
    for (const rules of ['', 'allowed_ops: [3]']) {
      const config = oneKey(TZ3, rules, 'security: {signing_policy_check: false}')
      expect(config.keys[0]?.allowedMagicBytes).toBe('any')
      expect(config.warnings).toEqual([expect.stringContaining('security.signing_policy_check is false')])
    }
  })
})

describe('allow', () => {
  test('F35 takes kinds with a mark and operations by name, drain_delegate only when it is listed', () => {
    const rules = 'allowed_ops: [0x03, 0x05, 0x11, 0x12, 0x13]'
    const kinds = [
      'block',
      'preattestation',
      'attestation',
      'michelson_data',
      'transaction',
      'drain_delegate',
    ]
    const config = oneKey(TZ3, `${rules}, allow: [${kinds.join(', ')}, block]`)
    expect(config.keys[0]?.allow).toEqual(kinds)
    expect(config.warnings).toEqual([])
  })

  test.each([
    ['block', '0x11'],
    ['preattestation', '0x12'],
    ['attestation', '0x13'],
    ['michelson_data', '0x05'],
  ])('warns of %s while allowed_ops lacks its byte %s', (kind, byte) => {
    const { warnings } = oneKey(TZ3, `allowed_ops: [0x03], allow: [${kind}]`)
    expect(warnings).toEqual([expect.stringContaining(`while allowed_ops lacks ${byte}`)])
  })

  test('warns of rules that let nothing through', () => {
    const { warnings } = oneKey(TZ3, 'allowed_ops: [], allow: []')
    expect(warnings.map((sentence) => sentence.split(': ')[1])).toEqual([
      'allowed_ops is empty',
      'allow is empty',
    ])
  })
})

describe('high_water_mark_check: false', () => {
  const off = 'security: {high_water_mark_check: false}'

  test.each([
    ['blocks', 'allowed_ops: [0x11]', off],
    ['preattestations', 'allowed_ops: [0x03, 0x12]', off],
    ['attestations', "allowed_ops: ['0x13']", off],
    ['blocks by byte, whatever allow says', 'allowed_ops: [0x11], allow: [transaction]', off],
    ['any byte', '', 'security: {high_water_mark_check: false, signing_policy_check: false}'],
  ])('is refused while a key may sign %s', (_, rules, security) => {
    const error = refusal(() => oneKey(TZ3, rules, security))
    expect(error.problems).toMatchObject([{ line: 4, path: 'security.high_water_mark_check' }])
    expect(error.message).toContain('is slashed; remove the line or set it true')
  })

  test('means nothing where no key signs blocks or votes', () => {
    expect(oneKey(TZ3, 'allowed_ops: [0x03, 0x05]', off).warnings).toEqual([])
  })
})

describe('authentication', () => {
  const named = authKey(`pkh: ${AUTH}`)

  test.each([
    ['the key is named', '', named, true],
    ['the key is named and the signing key says no', 'auth_req: false', named, false],
    ['no key is named', '', '', false],
    ['the named key is empty', '', authKey('pkh: "", curve_alias: 0'), false],
    ['the named key has no value', '', authKey('pkh: '), false],
    ['the check is off', 'auth_req: true', `${named}security: {auth_check: false}`, false],
    ['the check is on', '', `${named}security: {auth_check: true}`, true],
  ])('where %s is required accordingly', (_, rules, rest, required) => {
    const config = oneKey(TZ1, `allowed_ops: [3], ${rules}`, rest)
    expect(config.keys[0]?.requiresAuthentication).toBe(required)
  })

  test.each([
    ['auth_check is on', '', 'security: {auth_check: true}'],
    ['auth_req is true', 'auth_req: true', ''],
    ['auth_check is on and pkh is empty', '', `${authKey('pkh: ""')}security: {auth_check: true}`],
  ])('without a key is refused where %s', (_, rules, rest) => {
    const error = refusal(() => oneKey(TZ1, `allowed_ops: [3], ${rules}`, rest))
    expect(error.problems).toMatchObject([{ line: 3, path: `policy.signing_keys.${TZ1}` }])
    expect(error.message).toContain('set policy.auth_key.pkh')
  })

  test('without a key is fine where no signing key requires it', () => {
    const config = oneKey(TZ1, 'allowed_ops: [3], auth_req: false', 'security: {auth_check: true}')
    expect(config.authenticationKey).toBeUndefined()
  })

  test('that is switched off for keys that ask for it is worth a warning', () => {
    const config = oneKey(TZ1, 'allowed_ops: [3], auth_req: true', `${named}security: {auth_check: false}`)
    expect(config.warnings).toEqual([expect.stringContaining('security.auth_check is false')])
  })

  test('takes the public key of its address', () => {
    const config = oneKey(TZ1, 'allowed_ops: [3]', authKey(`pkh: ${AUTH}, public_key: ${PUBLIC_KEY[AUTH]}`))
    expect(config.authenticationKey?.publicKeyHash).toBe(AUTH)
    expect(config.authenticationKey?.publicKey?.curve).toBe('p256')
  })

  test.each([
    [`pkh: ${TZ1}`, 'pkh', 'is not a P-256 key'],
    ['pkh: tz3nonsense', 'pkh', 'is not an address with a right checksum'],
    ['pkh: 7', 'pkh', '7 is not an address'],
    [`pkh: ${AUTH}, curve_alias: 3`, 'curve_alias', "3 is not the authentication key's place, which is 0"],
    [`pkh: ${AUTH}, public_key: ${PUBLIC_KEY[TZ3]}`, 'public_key', `is the key of ${TZ3}, not of ${AUTH}`],
  ])('is refused with %s', (inside, path, message) => {
    const error = refusal(() => oneKey(TZ2, 'allowed_ops: [3]', authKey(inside)))
    expect(error.problems).toMatchObject([{ line: 4, path: `policy.auth_key.${path}` }])
    expect(error.message).toContain(message)
  })

  test('by a public key without its address is refused, and the address is named', () => {
    const error = refusal(() => oneKey(TZ1, 'allowed_ops: [3]', authKey(`public_key: ${PUBLIC_KEY[AUTH]}`)))
    expect(error.message).toContain(`add pkh: "${AUTH}"`)
  })

  test('by a key that signs as well is refused', () => {
    const error = refusal(() => oneKey(AUTH, 'allowed_ops: [3]', named))
    expect(error.message).toContain(`policy.signing_keys.${AUTH}: is also policy.auth_key.pkh`)
  })
})
