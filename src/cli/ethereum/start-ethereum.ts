import { monotonicClock } from '../../clock.js'
import type { EthereumConfig } from '../../config/index.js'
import { addressOfPublicKey, parseEthPublicKey } from '../../ethereum/index.js'
import { EthLedger, EthSigner, HmacGate, type EthDevice, type EthEvent } from '../../eth-signer/index.js'
import { StateError, type GuardedSigner } from '../../policy/index.js'
import type { CallerRules } from '../../server/index.js'
import {
  accountsRoutes,
  ethereumRoutes,
  type EthereumJobs,
  type JobRefusal,
} from '../../server/ethereum/index.js'
import type { EthereumDecided } from '../../telemetry/index.js'
import type { ConfiguredDevice, DeviceSet } from '../device-set.js'
import type { DeviceEthereum } from '../device-ethereum.js'
import type { EventSink } from '../event-sink.js'
import type { ServedConfig } from '../served-config.js'
import { ethDevice } from './eth-device.js'
import { ethereumJobs } from './ethereum-jobs.js'
import { startAccounts, type ServedAccounts } from './start-accounts.js'
import { otherRole, planEthereum, type EthereumPlan } from './rules.js'

/** What the jobs need of the daemon. */
export type EthereumSurroundings = {
  readonly devices: DeviceSet
  readonly signer: GuardedSigner
  readonly onEvent: EventSink
}

/** Routes of a listener. */
export type Routes = ReturnType<typeof ethereumRoutes>

/** The jobs at work. */
export type OpenEthereum = {
  /** The routes for clients that prove who they are like this. */
  readonly routes: (callers: CallerRules) => readonly Routes[]
  /** What the command line asks of accounts. */
  readonly control: ServedAccounts['control'] | undefined
  /** Turns new requests away, and resolves when the one in hand is done. */
  readonly close: () => Promise<void>
  /** Gives files and devices back. */
  readonly end: () => Promise<void>
}

/** Starts what is configured. Rejects with a ConfigError or a StateError. */
export async function startEthereum(
  config: ServedConfig,
  around: EthereumSurroundings,
): Promise<OpenEthereum> {
  const { ethereum, accounts } = config
  const own = ethereum && (await startJobs(config, ethereum, around))
  const managed = accounts && (await startAccounts(config, accounts, around))
  return {
    routes: (callers) => [
      ...(own === undefined ? [] : [ethereumRoutes(own.jobs, callers)]),
      ...(managed === undefined ? [] : [accountsRoutes(managed.jobs)]),
    ],
    control: managed?.control,
    close: async () => {
      await own?.signer.close()
    },
    end: async () => {
      own?.ledger.close()
      await managed?.end()
    },
  }
}

async function startJobs(
  config: ServedConfig,
  ethereum: EthereumConfig,
  { devices, signer: guarded, onEvent }: EthereumSurroundings,
): Promise<{ readonly jobs: EthereumJobs; readonly signer: EthSigner; readonly ledger: EthLedger }> {
  const plan = await planEthereum(config, ethereum)
  const device = devices.list.find(({ name }) => name === ethereum.key.device)
  if (device?.ethereum === undefined) throw new Error(`${ethereum.key.device} holds no key of Ethereum`)
  const part = device.ethereum
  const holder = ethDevice({ ...device, ethereum: part }, guarded, {
    isGrindAllowed: ethereum.stockGrind,
    conflict: () => conflictOf(config, part),
  })
  const ledger = new EthLedger({
    directory: config.stateDir,
    onEvent: (event) => {
      if (event.event !== 'journal.rolled') onEvent(event)
    },
  })
  const signer = new EthSigner({
    ...{ address: plan.address, rules: plan.rules, ledger, clock: monotonicClock },
    device: holder,
    onEvent: (event) => {
      onEvent(decidedOf(event))
    },
  })
  const { claimsKey } = config.credentials
  const jobs = ethereumJobs({
    ...{ config: ethereum, rules: plan.rules, signer, timeoutMs: config.server.queueTimeoutMs },
    gate: ethereum.claims && claimsKey && new HmacGate({ ...ethereum.claims.auth, key: claimsKey }, ledger),
    trouble: () => troubleOf(plan, ledger, device, holder),
  })
  return { jobs, signer, ledger }
}

/** What stands in the way of a device's key, as it told it last. */
function conflictOf(config: ServedConfig, ethereum: DeviceEthereum): string | undefined {
  const told = ethereum.publicKey()
  const key = told && parseEthPublicKey(told)
  const hash = key && otherRole(config, key)
  if (hash === undefined) return undefined
  return `the device's key for Ethereum is the key of ${hash}, and a key is tezos or ethereum, never both; remove one of the two from the configuration`
}

/** Why nothing can be signed now, from memory. */
function troubleOf(
  { address }: EthereumPlan,
  ledger: EthLedger,
  device: ConfiguredDevice,
  ethDevice: EthDevice,
): JobRefusal | undefined {
  const { state, lastError } = device.health()
  if (!['ready', 'busy'].includes(state)) {
    const message = `${device.name} is ${state}${lastError === undefined ? '' : `: ${lastError.message}`}`
    return { code: 'device-unavailable', message }
  }
  const key = ethDevice.publicKey()
  if (key !== undefined && addressOfPublicKey(key) !== address) {
    const message = `${device.name} holds the key of ${addressOfPublicKey(key)}, and ${address} is configured; correct ethereum.key.address, or connect the right device`
    return { code: 'wrong-key', message }
  }
  try {
    ledger.check()
    return undefined
  } catch (error) {
    if (error instanceof StateError) return { code: error.code, message: error.message }
    throw error
  }
}

function decidedOf(event: EthEvent): EthereumDecided {
  const { requestId, kind: job, ms: totalMs } = event
  const common = { event: 'ethereum.decided', job, requestId, clients: [], totalMs } as const
  if (event.event === 'eth.signed') return { ...common, outcome: 'answered', digest: event.digest }
  const { code, rule, reason } = event
  return { ...common, outcome: 'refused', code, rule, reason }
}
