import { expect, test, vi } from 'vitest'
import { stringify } from 'yaml'
import { createSimulatedTezio } from '../../../hw-sim/index.js'
import { addressOfPublicKey, parseEthPublicKey } from '../../../src/ethereum/index.js'
import { transcriptKeys } from '../../device/support.js'
import { ADDRESS, Bench, cli } from '../daemon.js'
import { PAYEE, post, stockBoard } from './eth-bench.js'

vi.setConfig({ testTimeout: 60_000 })

const key = parseEthPublicKey(transcriptKeys().secp256k1.publicKey.bytes)!

const configOf = (ethereum: object, keyDevice: string) => (ports: readonly string[]) =>
  stringify({
    ...{ server: { listen: '127.0.0.1:0' }, admin: { listen: '127.0.0.1:0' } },
    devices: { left: { kind: 'tezio', port: ports[0] }, right: { kind: 'tezio', port: ports[1] } },
    policy: { signing_keys: { [ADDRESS.tz2]: { devices: keyDevice, allowed_ops: [0x03] } } },
    ethereum,
  })

const ethereum = (device: string) => ({
  key: { address: addressOfPublicKey(key), device },
  transfers: {
    ...{ destinations: [PAYEE], max_wei: '10', max_fee_wei: '1000000' },
    windows: [{ hours: 1, max_wei: '10000000' }],
  },
})

test('a board that turns out to hold the key of Tezos signs nothing for Ethereum, and is asked nothing (E9)', async () => {
  const spare = createSimulatedTezio({ keys: transcriptKeys() })
  const bench = new Bench(configOf(ethereum('right'), 'left'), stockBoard(), spare)
  try {
    expect(await cli('init', ...bench.options)).toMatchObject({ code: 0 })
    const daemon = bench.startConfigured()
    await daemon.until((lines) => lines.filter(({ event }) => event === 'device.ready').length === 2)
    const before = spare.log.length
    const transfer = { type: 'legacy', chainId: 1, nonce: 0, to: PAYEE, value: '1', gasPrice: '1' }
    const { status, body } = await post(`${await daemon.url()}/v1/eth/transfers`, transfer)
    expect([status, body['code']]).toEqual([503, 'device-refused'])
    expect(body['detail']).toContain(
      `is the key of ${ADDRESS.tz2}, and a key is tezos or ethereum, never both`,
    )
    expect(spare.log.length).toBe(before)
  } finally {
    await bench.close()
  }
})

test('a daemon does not start where one place on a board has both roles (E9)', async () => {
  const bench = new Bench(configOf(ethereum('left'), 'left'), stockBoard(), stockBoard())
  try {
    const daemon = bench.startConfigured()
    expect(await daemon.exit).toBe(78)
    expect(daemon.stderr).toContain('a key is tezos or ethereum, never both')
  } finally {
    await bench.close()
  }
})
