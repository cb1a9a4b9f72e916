import type { DeviceHealth } from '../../src/device/index.js'
import type { MarkRecord, SignEvent } from '../../src/policy/index.js'
import type { DeviceSource, Sources } from '../../src/telemetry/index.js'
import { parseChainId, parsePublicKeyHash } from '../../src/tezos/index.js'
import { ADDRESS } from '../e2e/daemon.js'

export const KEY = parsePublicKeyHash(ADDRESS.tz3)!
export const MAINNET = parseChainId('mainnet')!

/** A wall clock that stands still until it is moved. */
export class WallClock {
  #ms = Date.parse('2026-01-01T00:00:00.000Z')

  readonly now = (): Date => new Date(this.#ms)

  advance(ms: number): void {
    this.#ms += ms
  }
}

/** The event of an attestation that was signed. */
export function decided(change: Partial<SignEvent> = {}): SignEvent {
  return {
    event: 'signature.decided',
    requestId: 'r1',
    key: KEY,
    outcome: 'signed',
    admitted: true,
    verdict: 'advance',
    kind: 'attestation',
    chain: MAINNET,
    level: 100,
    round: 0,
    digest: 'c0ffee00',
    parseMs: 0.1,
    policyMs: 0.1,
    queueMs: 1,
    syncMs: 2,
    deviceMs: 148,
    verifyMs: 0.5,
    totalMs: 155,
    ...change,
  }
}

/** A refusal with this code. */
export function refused(code: string, change: Partial<SignEvent> = {}): SignEvent {
  return decided({ outcome: 'refused', code, reason: `because of ${code}`, verdict: 'deny', ...change })
}

export function health(change: Partial<DeviceHealth> = {}): DeviceHealth {
  return {
    ...{ state: 'ready', since: 0, path: '/dev/ttyACM0', simulated: false, lastError: undefined },
    ...{ timesReady: 1, lateReplies: 0, noiseBytes: 0, ...change },
  }
}

/** The only board, which holds the key. */
export function board(change: Partial<DeviceHealth> = {}): readonly DeviceSource[] {
  return [{ name: 'board', kind: 'tezio', health: health(change), holds: [KEY] }]
}

export function mark(change: Partial<MarkRecord> = {}): MarkRecord {
  return {
    ...{ chain: MAINNET, key: KEY, kind: 'attestation', level: 100, round: 0, digest: 'c0ffee00' },
    ...{ signature: 'aa', raisedAt: '2025-12-31T23:59:00.000Z', ...change },
  }
}

/** What a bridge with one key shows. */
export function sources(change: Partial<Sources> = {}): Sources {
  return {
    devices: () => board(),
    keys: () => [
      { address: KEY, curve: 'p256', alias: 3, devices: ['board'], publicKey: 'p2pk', signs: '0x13' },
    ],
    marks: () => [mark()],
    quarantines: () => [],
    waiting: () => 2,
    queueCapacity: 100,
    listening: () => [],
    warnings: () => [],
    ...change,
  }
}
