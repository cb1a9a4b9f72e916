import { describe, expect, it } from 'vitest'
import { createSimulatedTezio } from '../../hw-sim/index.js'
import { encodeCommand, joinBody, MODE, OPCODE } from '../../src/device/tezio/index.js'
import { transcriptKeys } from '../device/support.js'
import { vote } from '../tezos/build-payload.js'
import { makePlace } from './place.js'
import { brokenPromises, PromiseJudge } from './promise.js'

const first = makePlace('block', 100, 1).payloads[0]
const rival = makePlace('block', 100, 1).payloads[1]

/** A board, and the way to send it what no bridge may. */
function board(logSize = 1000) {
  const simulated = createSimulatedTezio({ keys: transcriptKeys(), logSize })
  const send = (data: Uint8Array, { alias = 3, mode }: { alias?: number; mode?: number } = {}) => {
    const fields = { opcode: OPCODE.sign, param1: alias, param2: mode ?? MODE.messageRaw, param3: 0, data }
    simulated.receive(encodeCommand(joinBody(fields)))
  }
  return { simulated, send }
}

describe('the judge of the promise', () => {
  it('finds nothing where each place has one payload, however often it was sent', () => {
    const { simulated, send } = board()
    const others = [
      makePlace('block', 100, 2).payloads[0],
      makePlace('block', 101, 1).payloads[1],
      makePlace('attestation', 100, 1).payloads[1],
      makePlace('preattestation', 100, 1).payloads[1],
      vote({ tag: 0x15, level: 100, round: 1, chainId: Uint8Array.of(1, 2, 3, 4) }),
    ]
    for (const payload of [first, ...others, first]) send(payload)
    send(rival, { alias: 0 })
    expect(brokenPromises(simulated.log)).toEqual([])
  })

  it('finds two payloads for one place, also when the board refused the second', () => {
    const { simulated, send } = board()
    send(first)
    send(rival)
    expect(simulated.log.at(-1)?.outcome.kind).toBe('refusal')
    expect(brokenPromises(simulated.log)).toEqual([
      expect.stringMatching(/ key 3 block 100\/1: two payloads/),
    ])
  })

  it('finds them when the board forgot the first, and in whatever form the attestation came', () => {
    const { simulated, send } = board()
    send(vote({ tag: 0x15, level: 7, round: 0 }))
    simulated.reboot()
    send(vote({ tag: 0x17, level: 7, round: 0 }))
    expect(simulated.counters.signatures).toBe(2)
    expect(brokenPromises(simulated.log)).toEqual([expect.stringMatching(/attestation 7\/0: two payloads/)])
  })

  it('trusts no prehashed signature and no bytes that are no payload', () => {
    const { simulated, send } = board()
    send(first.subarray(0, 32), { mode: MODE.prehashedRaw })
    send(first.subarray(0, 50))
    expect(brokenPromises(simulated.log)).toHaveLength(2)
  })

  it('reads a growing log piece by piece, and throws when a piece is missing', () => {
    const { simulated, send } = board(3)
    const judge = new PromiseJudge()
    send(first)
    judge.read(simulated.log)
    judge.read(simulated.log)
    send(rival)
    judge.read(simulated.log)
    expect([judge.places, judge.broken.length]).toEqual([1, 1])
    for (let count = 0; count < 4; count++) send(first)
    expect(() => {
      judge.read(simulated.log)
    }).toThrow('the log begins at exchange 4')
  })

  it('forgets old levels, and takes a return to them for a broken promise', () => {
    const { simulated, send } = board(10_000)
    for (let level = 1; level <= 1100; level++) send(vote({ tag: 0x15, level }))
    expect(brokenPromises(simulated.log)).toEqual([])
    simulated.reboot()
    send(vote({ tag: 0x15, level: 50 }))
    expect(brokenPromises(simulated.log)).toEqual([expect.stringMatching(/attestation 50\/2: 1000 levels/)])
  })
})
