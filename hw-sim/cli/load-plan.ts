import { readFileSync } from 'node:fs'
import { KEY_NAMES } from '../device-key.js'
import type { DeviceKeys } from '../device-keys.js'
import { parseEthPolicy, type EthPolicy } from '../eth-policy.js'
import { parseLatencyFile, type LatencyModel, type LatencyName } from '../latency.js'
import { parseScenario, type Scenario } from '../scenario/index.js'
import { keyLabel } from '../transcript.js'
import type { DevicePlan } from './device-plan.js'
import { UsageError } from './exit.js'
import { loadKeys } from './load-keys.js'
import type { RunPlan } from './run-options.js'

/** A device to simulate with all its files read. */
export type LoadedPlan = {
  readonly plan: DevicePlan
  readonly keys: DeviceKeys
  readonly latency: LatencyName | LatencyModel
  readonly scenario: Scenario | undefined
  readonly ethPolicy: EthPolicy | undefined
  /** The secrets of the keys file, by the labels of a recording, when recordings are to hold them. */
  readonly secrets: Readonly<Record<string, string>> | undefined
}

/** Reads the files of a plan. Throws what is wrong with them. */
export function loadPlan(plan: DevicePlan, run: RunPlan, warn: (line: string) => void): LoadedPlan {
  const keys = loadKeys(plan, warn)
  const { scenario, record, ethPolicy } = plan
  const secretsFile = run.recordKeys && record !== undefined ? plan.keys : undefined
  if (secretsFile !== undefined) warn(`warning: ${record ?? ''} will hold the secret keys`)
  return {
    plan,
    keys,
    latency: loadLatency(plan.latency),
    scenario: scenario === undefined ? undefined : parseScenario(readFileSync(scenario, 'utf8'), scenario),
    ethPolicy: loadEthPolicy(ethPolicy),
    secrets: secretsFile === undefined ? undefined : readSecrets(secretsFile),
  }
}

/** The policy in a file, if there is one. Throws an EthPolicyError that names the file, or the system's error. */
export function loadEthPolicy(file: string | undefined): EthPolicy | undefined {
  return file === undefined ? undefined : parseEthPolicy(readFileSync(file, 'utf8'), file)
}

/** The model of a name, or of a file. Throws a UsageError when there is neither, and a LatencyError. */
export function loadLatency(text: string): LatencyName | LatencyModel {
  if (text === 'zero' || text === 'board') return text
  let content: string
  try {
    content = readFileSync(text, 'utf8')
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error
    throw new UsageError(`latency ${text}: Allowed choices are zero, board, or a file; there is no such file`)
  }
  return parseLatencyFile(content, text)
}

/** The hex of a keys file that was parsed before. */
function readSecrets(file: string): Readonly<Record<string, string>> {
  const entries = JSON.parse(readFileSync(file, 'utf8')) as Readonly<Record<string, string>>
  return Object.fromEntries(KEY_NAMES.map((name) => [keyLabel(name), entries[name]?.toLowerCase() ?? '']))
}
