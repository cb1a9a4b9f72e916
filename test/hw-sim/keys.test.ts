import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import {
  DeviceKey,
  keyAddresses,
  keysFromMnemonic,
  KeysError,
  keysFromSecrets,
  parseKeysFile,
  randomKeys,
} from '../../hw-sim/index.js'
import { deriveNode } from '../../hw-sim/slip10.js'
import { toHex } from '../../src/tezos/index.js'
import { hex, TEST_KEYS } from './bench.js'

/** The published vector of the provisioning sketch (docs/protocol.md). */
const MNEMONIC =
  'mule wise online wear hair sign wife media calm arctic diet tip special quarter season swarm robust apart other whale broken pistol hunt egg'

describe('SLIP-10', () => {
  const SEED_1 = hex('000102030405060708090a0b0c0d0e0f')
  const RETRY_SEED = hex('a7305bc8df8d0951f0cb224c0e95d7707cbdf2c6ce7e8d481fec69c7ff5e9446')

  it.each([
    [
      'ed25519',
      SEED_1,
      [],
      '90046a93de5380a72b5e45010748567d5ea02bbf6522f979e05c0d8d8ca9fffb',
      '2b4be7f19ee27bbf30c667b642d5f4aa69fd169872f8fc3059c08ebae2eb19e7',
    ],
    [
      'ed25519',
      SEED_1,
      [0],
      '8b59aa11380b624e81507a27fedda59fea6d0b779a778918a2fd3590e16e9c69',
      '68e0fe46dfb67e368c75379acec591dad19df3cde26e63b93a8e704f1dade7a3',
    ],
    [
      'secp256k1',
      SEED_1,
      [],
      '873dff81c02f525623fd1fe5167eac3a55a049de3d314bb42ee227ffed37d508',
      'e8f32e723decf4051aefac8e2c93c9c5b214313817cdb01a1494b917c8436b35',
    ],
    [
      'secp256k1',
      SEED_1,
      [0],
      '47fdacbd0f1097043b78c63c20c34ef4ed9a111d980047ad16282c7ae6236141',
      'edb2e14f9ee77d26dd93b4ecede8d16ed408ce149b6cd80b0715a2d911a0afea',
    ],
    [
      'p256',
      SEED_1,
      [],
      'beeb672fe4621673f722f38529c07392fecaa61015c80c34f29ce8b41b3cb6ea',
      '612091aaa12e22dd2abef664f8a01a82cae99ad7441b7ef8110424915c268bc2',
    ],
    [
      'p256',
      SEED_1,
      [0],
      '3460cea53e6a6bb5fb391eeef3237ffd8724bf0a40e94943c98b83825342ee11',
      '6939694369114c67917a182c59ddb8cafc3004e63ca5d3b84403ba8613debc0c',
    ],
  ] as const)(
    'gives the nodes of the standard (%s, seed %#, path %j)',
    (curve, seed, path, chainCode, secret) => {
      const node = deriveNode(curve, seed, path)
      expect([toHex(node.chainCode), toHex(node.secret)]).toEqual([chainCode, secret])
    },
  )

  it('derives again where a half is no scalar, in a child and in a master key', () => {
    const child = deriveNode('p256', SEED_1, [28578])
    expect([toHex(child.chainCode), toHex(child.secret)]).toEqual([
      'e94c8ebe30c2250a14713212f6449b20f3329105ea15b652ca5bdfc68f6c65c2',
      '06f0db126f023755d0b8d86d4591718a5210dd8d024e3e14b6159d63f53aa669',
    ])
    const master = deriveNode('p256', RETRY_SEED, [])
    expect([toHex(master.chainCode), toHex(master.secret)]).toEqual([
      '7762f9729fed06121fd13f326884c82f59aa95c57ac492ce8c9654e60efd130c',
      '3b8c18469a4634517d6d0b65448f8e6c62091b45540a1743c5846be55d47d88f',
    ])
  })
})

describe('a mnemonic', () => {
  it('gives the published addresses, and an authentication key of its own', () => {
    const addresses = keyAddresses(keysFromMnemonic(MNEMONIC))
    expect(addresses).toMatchObject({
      ed25519: 'tz1RecHxwZJmZY4dypq2KmvxKYgUBGJceH1v',
      secp256k1: 'tz2Dy8HhPZZqmxVK5hE8Unc66fiWvqY8wFXN',
      p256: 'tz3MyarJihHrejsze59J2Seita7jYWDCJDPe',
    })
    expect(addresses.auth).toMatch(/^tz3/)
    expect(addresses.auth).not.toBe(addresses.p256)
  })

  it('may be broken over lines', () => {
    const broken = `\n${MNEMONIC.replaceAll(' ', '\r\n ')}\n`
    expect(keyAddresses(keysFromMnemonic(broken))).toEqual(keyAddresses(keysFromMnemonic(MNEMONIC)))
  })

  it('with a wrong word or checksum is refused', () => {
    const codes = ['mule wise', MNEMONIC.replace('egg', 'wise'), ''].map((text) =>
      codeOf(() => keysFromMnemonic(text)),
    )
    expect(codes).toEqual(['bad-mnemonic', 'bad-mnemonic', 'bad-mnemonic'])
  })
})

describe('a keys file', () => {
  const SECRETS = {
    auth: '6f1b0c1c2d3e4f5061728394a5b6c7d8e9fa0b1c2d3e4f506172839405162701',
    ed25519: '3c4b0c1c2d3e4f5061728394a5b6c7d8e9fa0b1c2d3e4f506172839405162704',
    secp256k1: '4d3b0c1c2d3e4f5061728394a5b6c7d8e9fa0b1c2d3e4f506172839405162703',
    p256: '5e2b0c1c2d3e4f5061728394a5b6c7d8e9fa0b1c2d3e4f506172839405162702',
  }

  it('gives the keys it names', () => {
    expect(keyAddresses(parseKeysFile(JSON.stringify(SECRETS)))).toEqual(keyAddresses(TEST_KEYS))
  })

  it.each([
    ['no JSON', '{', 'not-an-object'],
    ['an array', '[]', 'not-an-object'],
    ['null', 'null', 'not-an-object'],
    ['a key no device has', JSON.stringify({ ...SECRETS, bls: '00' }), 'unknown-key'],
    ['a key missing', JSON.stringify({ ...SECRETS, auth: undefined }), 'missing-key'],
    ['31 bytes', JSON.stringify({ ...SECRETS, auth: SECRETS.auth.slice(2) }), 'bad-secret'],
    ['no hex', JSON.stringify({ ...SECRETS, p256: 'zz'.repeat(32) }), 'bad-secret'],
    ['a number', JSON.stringify({ ...SECRETS, p256: 7 }), 'bad-secret'],
    ['the scalar 0', JSON.stringify({ ...SECRETS, secp256k1: '00'.repeat(32) }), 'bad-secret'],
    ['a scalar above the order', JSON.stringify({ ...SECRETS, p256: 'ff'.repeat(32) }), 'bad-secret'],
  ])('with %s is refused by name', (_, text, code) => {
    expect(codeOf(() => parseKeysFile(text))).toBe(code)
  })

  it('that is refused does not show its secrets in the message', () => {
    const text = JSON.stringify({ ...SECRETS, p256: `${SECRETS.p256}00` })
    expect(() => parseKeysFile(text)).toThrow(/^p256: expected 32 bytes as 64 hex digits$/)
    expect(() => parseKeysFile(`${text}}`)).toThrow(/^not JSON$/)
  })
})

describe('keys', () => {
  it('never show their secrets when they are printed', () => {
    const secret = hex('4d3b0c1c2d3e4f5061728394a5b6c7d8e9fa0b1c2d3e4f506172839405162703')
    const key = new DeviceKey('secp256k1', secret)
    for (const shown of [inspect(key, { depth: 9, showHidden: true }), JSON.stringify(key)]) {
      expect(shown).not.toContain('4d3b0c1c')
      expect(shown).not.toMatch(/77,\s*59,\s*12,\s*28|4d 3b 0c 1c/)
    }
  })

  it('are new each time they are random, and as the randomness says', () => {
    expect(keyAddresses(randomKeys())).not.toEqual(keyAddresses(randomKeys()))
    const random = (size: number) => new Uint8Array(size).fill(7)
    const secret = random(32)
    const expected = keysFromSecrets({ auth: secret, ed25519: secret, secp256k1: secret, p256: secret })
    expect(keyAddresses(randomKeys(random))).toEqual(keyAddresses(expected))
  })

  it('are drawn again when the randomness is no scalar', () => {
    let calls = 0
    const random = (size: number) => new Uint8Array(size).fill((calls += 1) === 1 ? 0 : 7)
    expect(randomKeys(random).auth.curve).toBe('p256')
    expect(calls).toBe(5)
  })
})

function codeOf(load: () => unknown): string | undefined {
  try {
    load()
    return undefined
  } catch (error) {
    return error instanceof KeysError ? error.code : 'another error'
  }
}
