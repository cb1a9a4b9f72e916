import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FAULTS, parseScenario, playScenario } from '../../hw-sim/index.js'
import { controlApp } from '../../hw-sim/control/control-app.js'
import { encodeCommand, joinBody, MODE, OPCODE } from '../../src/device/tezio/index.js'
import { equalBytes } from '../../src/tezos/index.js'
import { GET_PK, GET_PK_REPLY, hex, vote } from './bench.js'
import { faultBench, type Sent } from './faults-bench.js'

const GET_PK_BODY = hex('110102')
const SIGN_BODY = joinBody({
  opcode: OPCODE.sign,
  param1: 3,
  param2: MODE.messageRaw,
  param3: 0,
  data: vote(0x13, 7, 1),
})

/** Its S is always low, without a fault. */
const SIGN_SECP256K1_BODY = joinBody({
  opcode: OPCODE.sign,
  param1: 2,
  param2: MODE.messageRaw,
  param3: 0,
  data: hex('0301'),
})

/** With it ECDSA is deterministic as well. */
const CONSTANT = (size: number) => new Uint8Array(size).fill(7)
const WAIT_MS = 5000

/** Parameters with which a fault shows in the commands below, where the defaults would not do. */
const SHOWN: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  'secure-element': { failure: 'secure-element-sign-failed' },
}

type Lived = { readonly sent: readonly (readonly Sent[])[]; readonly happened: readonly string[] }

async function live(arm: (made: ReturnType<typeof faultBench>) => void | Promise<void>): Promise<Lived> {
  const made = faultBench({ random: CONSTANT })
  await arm(made)
  const sent = [SIGN_BODY, SIGN_SECP256K1_BODY, GET_PK_BODY].map((body) => made.ask(body, WAIT_MS))
  return { sent, happened: [...made.port.happened, `boots ${made.device.counters.boots}`] }
}

describe('every fault', () => {
  it.each(FAULTS.map(({ name }) => name))(
    '%s does the same from a scenario and from ctl as from the library',
    async (name) => {
      const parameters = SHOWN[name] ?? {}
      const byLibrary = await live(({ rack }) => {
        rack.arm(name, parameters)
      })
      const byScenario = await live(({ device, port, rack }) => {
        const text = `teaches: x\nsteps:\n  - do: ${name}\n    with: ${JSON.stringify(parameters)}\n`
        playScenario(parseScenario(text, 'a.yaml'), { device, port }, rack)
      })
      const byControl = await live(async ({ device, port, rack }) => {
        const app = controlApp([
          {
            ...{ name: 'tezio', address: '', latency: 'zero', running: { device, rack } },
            port: { unplug: () => undefined, replug: () => undefined, isPlugged: port.isIn },
            reboot: () => undefined,
          },
        ])
        const body = JSON.stringify({ name, parameters })
        expect((await app.request('/devices/tezio/faults', { method: 'POST', body })).status).toBe(200)
      })
      expect(byScenario).toEqual(byLibrary)
      expect(byControl).toEqual(byLibrary)
      expect(byLibrary).not.toEqual(await live(() => undefined))
    },
  )

  it.each(FAULTS.map(({ name }) => name))('%s takes every value it describes, and no other', (name) => {
    const { parameters } = FAULTS.find((fault) => fault.name === name)!
    for (const { name: parameter, kind, default: fallback, description } of parameters) {
      const { rack } = faultBench()
      expect(description).toMatch(/^[^\n]{5,160}$/)
      rack.arm(name, { [parameter]: fallback })
      const words = kind === 'choice' ? description.slice(description.lastIndexOf(':') + 2).split(', ') : []
      for (const word of words) rack.arm(name, { [parameter]: word })
      for (const wrong of [-1, 1.5, '\u0000', {}, null, true]) {
        expect(() => rack.arm(name, { [parameter]: wrong })).toThrow(
          expect.objectContaining({ code: 'bad-parameters' }),
        )
      }
    }
  })
})

const number = fc.integer({ min: 0, max: 2000 })
const anyFault = fc.constantFrom(...FAULTS).chain(({ name, parameters }) =>
  fc.record({
    name: fc.constant(name),
    parameters: fc.record(
      Object.fromEntries(
        parameters.map((parameter) => {
          const { description } = parameter
          const words = description.slice(description.lastIndexOf(':') + 2).split(', ')
          if (parameter.kind === 'choice') return [parameter.name, fc.constantFrom(...words)]
          const value = parameter.kind === 'number' ? number.map((n) => small(parameter.name, n)) : undefined
          return [parameter.name, value ?? fc.constant(parameter.default)]
        }),
      ),
      { requiredKeys: [] },
    ),
    times: fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined }),
  }),
)

/** A value every parameter of this name takes. */
const small = (name: string, value: number) => (name === 'status' ? value % 256 : value % 1025)

const anyEvent = fc.oneof(
  fc.record({ kind: fc.constant('arm' as const), fault: anyFault }),
  fc.record({
    kind: fc.constant('send' as const),
    bytes: fc.oneof(fc.constantFrom(GET_PK, encodeCommand(SIGN_BODY)), fc.uint8Array({ maxLength: 40 })),
  }),
  fc.record({ kind: fc.constant('wait' as const), ms: number }),
  fc.record({ kind: fc.constant('disarm' as const), id: fc.integer({ min: 0, max: 10 }) }),
  fc.record({ kind: fc.constant('strike' as const), id: fc.integer({ min: 0, max: 10 }) }),
  fc.record({ kind: fc.constant('reboot' as const) }),
)

type Event = typeof anyEvent extends fc.Arbitrary<infer Value> ? Value : never

function happen({ device, rack, clock }: ReturnType<typeof faultBench>, event: Event): void {
  switch (event.kind) {
    case 'arm': {
      const { name, parameters, times } = event.fault
      rack.arm(name, parameters, times === undefined ? {} : { times })
      return
    }
    case 'send':
      device.receive(event.bytes)
      return
    case 'wait':
      clock.advance(event.ms)
      return
    case 'disarm':
      rack.disarm(event.id)
      return
    case 'strike':
      rack.strikeNow(event.id)
      return
    case 'reboot':
      device.reboot()
  }
}

describe('any stack of faults', () => {
  it('never makes the simulator throw, and it answers once all are disarmed', () => {
    fc.assert(
      fc.property(fc.array(anyEvent, { maxLength: 40 }), fc.boolean(), (events, isBoard) => {
        const made = faultBench({ latency: isBoard ? 'board' : 'zero' })
        for (const event of events) happen(made, event)
        made.rack.disarmAll()
        expect([made.port.isIn, made.rack.list()]).toEqual([true, []])
        made.clock.advance(LONG_MS)
        expect(made.clock.pending).toBe(0)
        const sent = made.ask(GET_PK_BODY, 10_000)
        expect(sent).toHaveLength(1)
        const wasSwapped = events.some(
          ({ kind, ...rest }) => kind === 'arm' && JSON.stringify(rest).includes('other'),
        )
        if (!wasSwapped) expect(equalBytes(sent[0]![1], GET_PK_REPLY)).toBe(true)
      }),
      { numRuns: 300 },
    )
  })
})

/** Longer than anything that can still be under way. */
const LONG_MS = 3_600_000
