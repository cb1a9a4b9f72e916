import { describe, expect, it } from 'vitest'
import {
  connectInProcess,
  createSimulatedTezio,
  judgeDevice,
  ManualClock,
  type Behaviour,
  type SimulatedTezioOptions,
  type Status,
} from '../../hw-sim/index.js'
import { hex } from './bench.js'
import { ETH_KEYS, POLICY } from './eth-bench.js'

const PROVISIONED = { profile: 'eth', ethPolicy: POLICY } as const

async function judge(options: Partial<SimulatedTezioOptions>, defect?: Behaviour['answer']) {
  const clock = new ManualClock()
  const device = createSimulatedTezio({ keys: ETH_KEYS, clock, ...options })
  if (defect !== undefined) device.addBehaviour({ name: 'defect', answer: defect, apply: (all) => all })
  const { checks, conforming } = await judgeDevice(connectInProcess(device, clock), { samples: 1 })
  const idsOf = (verdict: string) =>
    checks.flatMap((check) => (check.verdict === verdict && check.id.startsWith('eth.') ? [check.id] : []))
  return { conforming, failed: idsOf('failed'), leftOut: idsOf('left-out'), passed: idsOf('passed'), device }
}

describe('the conformance kit, of Ethereum', () => {
  it('finds a provisioned device conforming, and lets it sign nothing for Ethereum', async () => {
    const { device, ...found } = await judge(PROVISIONED)
    expect(found).toEqual({
      ...{ conforming: true, failed: [], leftOut: [] },
      passed: ['eth.info', 'eth.parameters', 'eth.messages', 'eth.transactions', 'eth.role'],
    })
    const signed = device.log.filter(({ name, outcome }) => name === 'SIGN_ETH' && outcome.kind === 'value')
    expect(signed).toEqual([])
  })

  it.each([
    ['eth', ['eth.info', 'eth.parameters']],
    ['fixed', ['eth.info']],
    ['stock', ['eth.info']],
  ] as const)('judges of %s without a policy what can be judged', async (profile, passed) => {
    const found = await judge({ profile })
    expect([found.conforming, found.failed, found.passed]).toEqual([true, [], passed])
  })

  const signing =
    (status: Status, name = 'SIGN_ETH'): Behaviour['answer'] =>
    (outcome, { received }) =>
      received.name === name && outcome.kind === 'refusal' && outcome.status === status
        ? { kind: 'value', body: new Uint8Array(64) }
        : outcome
  const info =
    (body: string): Behaviour['answer'] =>
    (outcome, { received }) =>
      received.name === 'GET_INFO' ? { kind: 'value', body: hex(body) } : outcome

  it.each([
    ['another format of GET_INFO', 'eth.info', info('0201000013000000')],
    ['a long GET_INFO', 'eth.info', info('010100001300000000')],
    ['a GET_INFO that tells of nothing there is', 'eth.info', info('0101000000000000')],
    ['other keys', 'eth.parameters', signing('param1-invalid')],
    ['other forms', 'eth.parameters', signing('param2-invalid')],
    ['any third parameter', 'eth.parameters', signing('param3-invalid')],
    ['malformed messages', 'eth.messages', signing('eth-message-malformed')],
    ['any domain', 'eth.messages', signing('eth-domain-not-provisioned')],
    ['any message', 'eth.messages', signing('eth-prefix-not-provisioned')],
    ['malformed transactions', 'eth.transactions', signing('eth-transaction-malformed')],
    ['other types', 'eth.transactions', signing('eth-transaction-type-refused')],
    ['other chains', 'eth.transactions', signing('eth-chain-not-provisioned')],
    ['SIGN with the same key', 'eth.role', signing('hsm-operation-disabled', 'SIGN')],
  ])('finds a device that takes %s by %s', async (_name, caughtBy, defect) => {
    const found = await judge(PROVISIONED, defect)
    expect([found.conforming, found.failed]).toEqual([false, expect.arrayContaining([caughtBy])])
  })

  it('finds a device that signs without a policy', async () => {
    const found = await judge({ profile: 'eth' }, signing('eth-not-provisioned'))
    expect(found.failed).toEqual(['eth.parameters'])
  })
})
