import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { stringify } from 'yaml'
import { planEthereum } from '../../../src/cli/ethereum/index.js'
import { loadServedConfig } from '../../../src/cli/served-config.js'
import { ConfigError } from '../../../src/config/index.js'
import { addressOfPublicKey, parseEthPublicKey, toHex0x } from '../../../src/ethereum/index.js'
import { encodePublicKey, publicKeyHash } from '../../../src/tezos/index.js'
import { transcriptKeys } from '../../device/support.js'
import { golden } from '../../ethereum/golden.js'

const { domain, merkleRoot, dist_proofs_json: distribution } = golden.esms_claim
const tezosKey = transcriptKeys().secp256k1.publicKey
const key = parseEthPublicKey(tezosKey.bytes)!
const ADDRESS = addressOfPublicKey(key)

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tezio-eth-'))
  writeFileSync(join(folder, 'claims.key'), 'ab'.repeat(32), { mode: 0o600 })
  writeDistribution(distribution)
})
afterEach(() => {
  rmSync(folder, { recursive: true })
})

const writeDistribution = (value: unknown) => {
  writeFileSync(join(folder, 'dist.json'), typeof value === 'string' ? value : JSON.stringify(value))
}

const claims = {
  domain: {
    ...{ name: domain.name, version: domain.version, chain_id: domain.chainId },
    verifying_contract: domain.verifyingContract,
  },
  ...{ distribution: 'dist.json', merkle_root: merkleRoot, auth: { key_file: 'claims.key' } },
}

/** Plans the section `ethereum`, beside the other sections of `rest`. */
async function plan(ethereum: object, rest: object = {}) {
  const file = join(folder, 'config.yaml')
  writeFileSync(file, stringify({ ethereum: { key: { address: ADDRESS }, claims, ...ethereum }, ...rest }))
  const config = loadServedConfig(file)
  return planEthereum(config, config.ethereum!)
}

async function refusal(ethereum: object, rest: object = {}): Promise<string> {
  const error = await plan(ethereum, rest).then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  if (error instanceof ConfigError) return error.message
  throw new Error('nothing was refused')
}

describe('what only Ethereum can judge of a configuration', () => {
  test('is taken with all of its distribution verified', async () => {
    const { address, publicKey, rules } = await plan({
      key: { address: ADDRESS.toLowerCase(), public_key: toHex0x(key) },
    })
    expect(address).toBe(ADDRESS)
    expect(publicKey).toEqual(key)
    expect(rules.claims?.distribution.size).toBe(Object.keys(distribution).length)
  })

  test('is refused with a wrong checksum, wherever it stands', async () => {
    const wrong = ADDRESS.replace(/[a-f]/, (letter) => letter.toUpperCase()).replace(
      /[A-F](?=[^A-F]*$)/,
      (l) => l.toLowerCase(),
    )
    const transfers = {
      destinations: [wrong],
      max_wei: '1',
      max_fee_wei: '1',
      windows: [{ hours: 1, max_wei: '1' }],
    }
    const message = await refusal({ key: { address: wrong }, transfers })
    expect(message).toContain('ethereum.key.address')
    expect(message).toContain('ethereum.transfers.destinations[0]')
    expect(message).toContain('wrong checksum (EIP-55)')
  })

  test('is refused where nobody would be paid', async () => {
    const transfers = {
      ...{ destinations: [`0x${'00'.repeat(20)}`], max_wei: '1', max_fee_wei: '1' },
      windows: [{ hours: 1, max_wei: '1' }],
    }
    expect(await refusal({ transfers })).toContain('is the zero address')
  })

  test.each<readonly [string, unknown, string]>([
    [
      'a proof that is another',
      { ...distribution, 1: distribution['42'] && { ...distribution['42'], leaf: distribution['1']?.leaf } },
      'do not reach the root',
    ],
    ['no JSON', '{', 'is not JSON'],
    ['a user twice', JSON.stringify(distribution).replace('"42":', '"1":'), 'is there twice'],
  ])('is refused with a distribution that has %s', async (_, file, words) => {
    writeDistribution(file)
    expect(await refusal({})).toContain(words)
  })

  test('is refused with a distribution that is not there, or is another root’s', async () => {
    expect(await refusal({ claims: { ...claims, distribution: 'none.json' } })).toContain('cannot be read')
    expect(await refusal({ claims: { ...claims, merkle_root: `0x${'ab'.repeat(32)}` } })).toContain(
      'do not reach the root',
    )
  })

  test('is refused with a public key of another address', async () => {
    const other = golden.keys.eip155_46.pub
    expect(await refusal({ key: { address: ADDRESS, public_key: other } })).toContain('has the address')
  })

  const types = { Claim: [{ name: 'user_id', type: 'uint32' }] }

  test('is refused with typed data in the domain of claims, or of types that are none', async () => {
    const inDomain = [{ domain: claims.domain, primary_type: 'Claim', types }]
    expect(await refusal({ rpc: {}, typed_data: inDomain })).toContain('has the domain of claims')
    const none = [
      { domain: { name: 'x' }, primary_type: 'Claim', types: { Claim: [{ name: 'a', type: 'uint7' }] } },
    ]
    expect(await refusal({ rpc: {}, typed_data: none })).toContain('which types does not define')
  })

  test('is refused where Tezos has the same key elsewhere (E9)', async () => {
    const two = { left: { kind: 'tezio', port: '/dev/ttyA' }, right: { kind: 'tezio', port: '/dev/ttyB' } }
    const policy = (extra: object) => ({
      devices: two,
      policy: {
        signing_keys: { [publicKeyHash(tezosKey)]: { devices: 'left', allowed_ops: [3], ...extra } },
      },
    })
    const eth = { key: { address: ADDRESS, device: 'right', public_key: toHex0x(key) } }
    expect(await refusal(eth, policy({}))).toContain('a key is tezos or ethereum, never both')
    const onlyAddress = { key: { address: ADDRESS, device: 'right' } }
    expect(await refusal(onlyAddress, policy({ public_key: encodePublicKey(tezosKey) }))).toContain(
      'never both',
    )
    // nobody knows the other half yet: it is seen when the device tells its key
    await expect(plan(onlyAddress, policy({}))).resolves.toBeDefined()
  })
})
