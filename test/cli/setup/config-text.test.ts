import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { configText, type Choices } from '../../../src/cli/setup/config-text.js'
import { parseConfig, type Config } from '../../../src/config/index.js'
import { CHAIN_NAMES, parseChainId, parsePublicKeyHash } from '../../../src/tezos/index.js'
import { ADDRESS } from '../../e2e/daemon.js'

const key = (text: string) => parsePublicKeyHash(text)!
const AUTHENTICATION = key('tz3QaGkVCH9iVy4Rh7fQJobiQnc4yJpQKoMJ')
const MAINNET = parseChainId('mainnet')!
const FILE = '/etc/tezio/config.yaml'

const load = (choices: Choices): Config =>
  parseConfig(configText(choices), { file: FILE, stateDir: undefined, defaultStateDir: 'another' })

const BAKER: Choices = {
  device: { port: 'auto', serialNumber: undefined },
  key: key(ADDRESS.tz3),
  chain: MAINNET,
  operations: [],
  authenticationKey: undefined,
  headCheck: undefined,
  stateDir: './tezio-bridge-state',
}

const chains = [...CHAIN_NAMES, 'NetXm8tYqnMWky1'].map((name) => parseChainId(name)!)
const operations = [[], ['reveal'], ['reveal', 'delegation', 'set_deposits_limit', 'ballot', 'transaction']]
const every = Object.values(ADDRESS).flatMap((address) =>
  chains.flatMap((chain) =>
    operations.flatMap((kinds) =>
      [undefined, AUTHENTICATION].flatMap((authenticationKey) =>
        [undefined, 'http://127.0.0.1:8732', 'https://node.example.org/some/path'].map(
          (headCheck): Choices => ({
            ...BAKER,
            key: key(address),
            chain,
            operations: kinds,
            authenticationKey,
            headCheck,
          }),
        ),
      ),
    ),
  ),
)

describe('a configuration of setup', () => {
  test('means what was chosen, for every key, chain, operations, authentication and node', () => {
    expect(every).toHaveLength(3 * 4 * 3 * 2 * 3)
    for (const choices of every) {
      const config = load(choices)
      const baking = ['block', 'preattestation', 'attestation']
      expect(config.keys).toEqual([
        expect.objectContaining({
          publicKeyHash: choices.key,
          chains: [choices.chain],
          allowedMagicBytes: choices.operations.length === 0 ? [0x11, 0x12, 0x13] : [0x03, 0x11, 0x12, 0x13],
          allow: choices.operations.length === 0 ? undefined : [...baking, ...choices.operations],
          requiresAuthentication: choices.authenticationKey !== undefined,
        }),
      ])
      expect(config.authenticationKey?.publicKeyHash).toBe(choices.authenticationKey)
      expect(config.headCheck?.rpc).toBe(choices.headCheck)
      expect(config.headCheck?.onError ?? 'allow').toBe('allow')
      expect(config.chains).toEqual([choices.chain])
      expect(config.stateDir).toBe('/etc/tezio/tezio-bridge-state')
      expect(config.warnings).toEqual([])
    }
  })

  test('opens no listener to other machines and lets no other machine ask', () => {
    const config = load(BAKER)
    const untouched = parseConfig(`policy: {signing_keys: {${ADDRESS.tz3}: {allowed_ops: [0x11]}}}`, {
      file: FILE,
      stateDir: undefined,
      defaultStateDir: 'another',
    })
    expect(config.server).toEqual(untouched.server)
    expect(config.admin).toEqual(untouched.admin)
    expect(config.allowedPeers).toEqual(untouched.allowedPeers)
  })

  test('names any port, serial number and folder so that it is read back as it was', () => {
    const text = fc
      .string({ unit: 'binary', minLength: 1, maxLength: 40 })
      .filter((one) => !one.includes('\0'))
    const path = text.map((one) => `/${one}`)
    fc.assert(
      fc.property(path, fc.option(text, { nil: undefined }), path, (port, serialNumber, stateDir) => {
        const config = load({ ...BAKER, device: { port, serialNumber }, stateDir })
        expect(config.devices[0]).toMatchObject({ port, serialNumber })
        expect(config.stateDir).toBe(load({ ...BAKER, stateDir }).stateDir)
      }),
      { numRuns: 300 },
    )
  })

  test('is the same text for the same choices, so that setup can be run again', () => {
    expect(configText(BAKER)).toBe(configText({ ...BAKER }))
    expect(configText(BAKER)).not.toMatch(/20\d\d-|level:/)
  })
})
