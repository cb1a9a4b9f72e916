import type { MarkRecord, SignEvent } from '../../src/policy/index.js'
import type { DeviceHealth } from '../../src/device/index.js'
import { Telemetry, type BridgeEvent, type DeviceSource, type Sources } from '../../src/telemetry/index.js'
import { parseChainId, parsePublicKeyHash, type ChainId, type PublicKeyHash } from '../../src/tezos/index.js'
import { monotonicClock } from '../../src/clock.js'
import { ADDRESS } from '../e2e/daemon.js'

const known = <Value>(value: Value | undefined): Value => {
  if (value === undefined) throw new Error('the fixture is wrong')
  return value
}

export const KEY: PublicKeyHash = known(parsePublicKeyHash(ADDRESS.tz3))
export const OTHER_KEY: PublicKeyHash = known(parsePublicKeyHash(ADDRESS.tz1))
export const STRANGER: PublicKeyHash = known(parsePublicKeyHash(ADDRESS.tz2))
export const CHAIN: ChainId = known(parseChainId('mainnet'))
export const OTHER_CHAIN: ChainId = known(parseChainId('ghostnet'))

/** The instant at which every test happens. */
export const NOW = new Date('2026-01-02T03:04:05Z')

/** A signed attestation's audit line, or what it is overwritten with. */
export const decided = (rest: Partial<SignEvent> = {}): SignEvent => ({
  ...{ event: 'signature.decided', requestId: 'r', key: KEY, outcome: 'signed', admitted: true },
  ...{ verdict: 'advance', kind: 'attestation', chain: CHAIN, level: 7, round: 0, digest: '00000000' },
  ...{ parseMs: 0.1, policyMs: 0.1, queueMs: 2, syncMs: 4, deviceMs: 140, verifyMs: 1, totalMs: 150 },
  ...rest,
})

/** A refused one; `admitted` for codes that come behind the rules. */
export const denied = (code: string, rest: Partial<SignEvent> = {}): SignEvent =>
  decided({ outcome: 'refused', code, reason: 'why', syncMs: 0, deviceMs: 0, ...rest })

/** A mark of `KEY` at level 7, signed now. */
export const mark = (rest: Partial<MarkRecord> = {}): MarkRecord => ({
  ...{ chain: CHAIN, key: KEY, kind: 'attestation', level: 7, round: 1, digest: '00', signature: '11' },
  ...{ raisedAt: NOW.toISOString(), ...rest },
})

/** Sources with a board that is ready and nothing else to tell, or what they are overwritten with. */
export const sources = (rest: Partial<Sources> = {}): Sources => ({
  devices: () => board('ready'),
  ...{
    keys: () => [],
    marks: () => [],
    quarantines: () => [],
    waiting: () => 0,
    queueCapacity: 100,
    listening: () => [],
  },
  warnings: () => [],
  ...rest,
})

/** A board in a state, which holds both keys. */
export const board = (state: DeviceHealth['state']): readonly DeviceSource[] => [
  {
    ...{ name: 'board', kind: 'tezio', holds: [KEY, OTHER_KEY] },
    health: {
      ...{ state, since: 0, path: '/dev/ttyACM0', simulated: false, lastError: undefined },
      ...{ timesReady: 1, lateReplies: 0, noiseBytes: 0 },
    },
  },
]

/** Telemetry of a bridge with two keys, and what it serves after some events. */
export function telemetry(from: Partial<Sources> = {}) {
  const made = new Telemetry({
    ...{ version: '1.2.3', keys: [KEY, OTHER_KEY], clock: monotonicClock, wallClock: () => NOW },
  })
  made.attach(sources(from))
  return {
    telemetry: made,
    text: async (...events: readonly BridgeEvent[]) => {
      for (const event of events) made.observe(event)
      return (await made.metrics()).text
    },
  }
}
