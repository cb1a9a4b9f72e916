import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { computeAddress, recoverAddress, Transaction } from 'ethers'
import { afterEach, describe, expect, it } from 'vitest'
import {
  createSimulatedBinding,
  createSimulatedTezio,
  FaultRack,
  type SimulatedTezioOptions,
} from '../../hw-sim/index.js'
import { readBoard, TezioDevice, type TezioDeviceOptions } from '../../src/device/index.js'
import { toHex, verifySignature } from '../../src/tezos/index.js'
import { hex } from '../hw-sim/bench.js'
import { ETH_ADDRESS, ETH_KEYS, ETH_SECRETS, POLICY, POLICY_TEXT } from '../hw-sim/eth-bench.js'
import { endProcess, startSimulator } from '../hw-sim/started-simulator.js'
import { EventLog } from './support.js'

const PATH = '/dev/ttyACM0'
const timings = { partialMs: 20, noisyReplyMs: 100, longQuietMs: 40, shortQuietMs: 5 }
const TRANSFER = Transaction.from({
  ...{ type: 2, chainId: 1, nonce: 7, to: '0x3535353535353535353535353535353535353535', value: 10n ** 18n },
  ...{ gasLimit: 21_000, maxFeePerGas: 100n * 10n ** 9n, maxPriorityFeePerGas: 2n * 10n ** 9n },
})
const DATA = hex(TRANSFER.unsignedSerialized.slice(2))

const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

async function ready(options: Partial<TezioDeviceOptions>) {
  const device = new TezioDevice({ port: PATH, timeoutMs: 2000, pins: [], timings, ...options })
  closers.push(() => device.close())
  device.open()
  await device.firstContact(5000)
  return device
}

async function onBinding(
  options: Partial<SimulatedTezioOptions> = {},
  device: Partial<TezioDeviceOptions> = {},
) {
  const simulated = createSimulatedTezio({ keys: ETH_KEYS, profile: 'eth', ethPolicy: POLICY, ...options })
  const binding = createSimulatedBinding(simulated, PATH)
  return { simulated, binding, device: await ready({ binding, asksInfo: true, ...device }) }
}

const namesOf = (simulated: Awaited<ReturnType<typeof onBinding>>['simulated']) =>
  simulated.log.map(({ name, command }) => name ?? `opcode ${command?.opcode}`)

/** The addresses a raw signature recovers to, with either parity. */
const recovered = (signature: Uint8Array) =>
  ['1b', '1c'].map((v) => recoverAddress(TRANSFER.unsignedHash, `0x${toHex(signature)}${v}`))

describe('a Tezio that signs for Ethereum', () => {
  it('says what it can do, and signs a transfer that ethers reads as its own', async () => {
    const { device } = await onBinding()
    expect(device.info()).toEqual({
      firmware: '1.0.0',
      capabilities: ['eth-keccak', 'strict-prehash', 'eth-provisioned'],
    })
    expect(recovered(await device.signEth('eip1559', DATA))).toContain(ETH_ADDRESS)
  })

  it('gives its public key compressed, from which ethers makes the address', async () => {
    const { device } = await onBinding()
    const key = device.keys().get(2)
    expect(key?.bytes).toHaveLength(33)
    expect(computeAddress(`0x${toHex(key?.bytes ?? new Uint8Array())}`)).toBe(ETH_ADDRESS)
  })

  it('refuses by its policy with the name of the rule, and stays in step', async () => {
    const { device } = await onBinding({ ethPolicy: { ...POLICY, maxWei: 10n ** 18n - 1n } })
    const refused = device.signEth('eip1559', DATA)
    await expect(refused).rejects.toMatchObject({
      ...{ code: 'device-policy', status: 'eth-value-above-cap', sent: true },
      message: 'the device refused SIGN_ETH: eth-value-above-cap (0xcb)',
    })
    await expect(device.sign(2, hex('0344'))).rejects.toMatchObject({ code: 'device-policy' })
    expect(device.health().state).toBe('ready')
  })

  it.each([
    ['one that was not provisioned', 'eth', '1.0.0', ['eth-keccak', 'strict-prehash'], 'device-policy'],
    ['a stock board', 'stock', 'stock', [], 'device-refused'],
    ['a fixed board', 'fixed', 'stock', [], 'device-refused'],
  ] as const)('is told from %s', async (_name, profile, firmware, capabilities, code) => {
    const simulated = createSimulatedTezio({ keys: ETH_KEYS, profile })
    const device = await ready({ binding: createSimulatedBinding(simulated, PATH), asksInfo: true })
    expect(device.info()).toEqual({ firmware, capabilities })
    await expect(device.signEth('eip1559', DATA)).rejects.toMatchObject({ code, sent: true })
    expect(await device.sign(2, hex('0344'))).toHaveLength(64)
  })

  it('is not asked by a bridge that bakes', async () => {
    const simulated = createSimulatedTezio({ keys: ETH_KEYS, profile: 'eth', ethPolicy: POLICY })
    const device = await ready({ binding: createSimulatedBinding(simulated, PATH) })
    expect(device.info()).toBeUndefined()
    expect(namesOf(simulated)).toEqual(['GET_PK', 'GET_PK', 'GET_PK', 'GET_PK'])
  })

  it('is asked once at each contact, after its keys', async () => {
    const log = new EventLog()
    const { simulated, binding, device } = await onBinding({}, { onEvent: log.sink })
    const once = ['GET_PK', 'GET_PK', 'GET_PK', 'GET_PK', 'GET_INFO']
    expect(namesOf(simulated)).toEqual(once)
    const lost = log.next('device.lost')
    binding.unplug()
    await lost
    expect(device.info()?.firmware).toBe('1.0.0')
    const readyAgain = log.next('device.ready')
    binding.replug()
    await readyAgain
    expect(namesOf(simulated)).toEqual([...once, ...once])
  })

  it('sends nothing for data of another form, nor for a digest that does not begin with 0x03', async () => {
    const { device, simulated } = await onBinding()
    const before = simulated.counters.exchanges
    await expect(device.signEth('legacy', DATA)).rejects.toThrow(RangeError)
    await expect(device.signDigest(new Uint8Array(32).fill(2))).rejects.toThrow(RangeError)
    expect(simulated.counters.exchanges).toBe(before)
    expect(device.health().state).toBe('ready')
  })

  it('can be given a bad signature by a fault, which the driver does not judge', async () => {
    const { device, simulated, binding } = await onBinding()
    new FaultRack({ device: simulated, port: binding }).arm('wrong-signature', { how: 'other-key' })
    const signature = await device.signEth('eip1559', DATA)
    expect(signature).toHaveLength(64)
    expect(recovered(signature)).not.toContain(ETH_ADDRESS)
  })
})

describe('a stock Tezio', () => {
  it('signs a digest that begins with 0x03 with its secp256k1 key', async () => {
    const simulated = createSimulatedTezio({ keys: ETH_KEYS })
    const device = await ready({ binding: createSimulatedBinding(simulated, PATH) })
    const digest = new Uint8Array(32).fill(3)
    const signature = await device.signDigest(digest)
    expect(verifySignature(ETH_KEYS.secp256k1.publicKey, digest, signature)).toBe(true)
    await expect(device.sign(2, hex('0344'))).resolves.toHaveLength(64)
  })
})

describe('tezio-sim with an Ethereum policy', () => {
  it('signs on a real pseudo-terminal, for the driver and for whoever reads the board alone', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'tezio-eth-'))
    closers.push(() => {
      rmSync(folder, { recursive: true })
    })
    const [link, keys, policy] = ['tty', 'keys.json', 'policy.json'].map((name) => join(folder, name))
    if (link === undefined || keys === undefined || policy === undefined) throw new Error('three paths')
    writeFileSync(keys, JSON.stringify(ETH_SECRETS))
    writeFileSync(policy, POLICY_TEXT)
    const spec = `link=${link},keys=${keys},profile=eth,eth-policy=${policy}`
    const simulator = await startSimulator('--device', spec)
    closers.push(() => endProcess(simulator))
    const { info } = await readBoard(link, { asksInfo: true })
    expect(info?.capabilities).toContain('eth-provisioned')
    const device = await ready({ port: link, asksInfo: true })
    expect(device.health().simulated).toBe(true)
    expect(recovered(await device.signEth('eip1559', DATA))).toContain(ETH_ADDRESS)
  })
})
