import type { Config, TezioDeviceConfig } from '../../config/index.js'
import { nodeReport, type NodeReport } from '../../octez/index.js'
import { boardOf } from '../boards.js'
import type { Host } from '../host/index.js'
import { boardFacts, type BoardFacts } from './facts/board-facts.js'
import { configFacts, type ConfigFacts } from './facts/config-facts.js'
import { daemonFacts, type DaemonFacts } from './facts/daemon-facts.js'
import { journalFacts, type JournalFacts } from './facts/journal-facts.js'
import { portFacts, type PortFacts } from './facts/port-facts.js'
import type { DoctorOptions } from './options.js'
import { stateFacts, type StateFacts } from './facts/state-facts.js'

/** Facts, each gathered once and only when a check wants it; what is thrown is thrown to every check that wants it. */
export type DoctorFacts = {
  readonly options: DoctorOptions
  readonly host: Host
  /** Aborted when the operator ends it. */
  readonly signal: AbortSignal
  readonly config: () => ConfigFacts
  /** The board that is looked at; `undefined` where the configuration names none. */
  readonly configured: () => TezioDeviceConfig | undefined
  /** `undefined` where there is no configuration, so that nobody knows where a daemon would be. */
  readonly daemon: () => Promise<DaemonFacts | undefined>
  readonly port: () => Promise<PortFacts>
  readonly board: () => Promise<BoardFacts>
  readonly state: () => StateFacts | undefined
  readonly journal: () => JournalFacts | undefined
  /** `undefined` where no node is named. */
  readonly node: () => Promise<NodeReport | undefined>
}

/** How long a node may take to answer. */
const NODE_LIMIT_MS = 4000

/** The facts about this machine and this configuration. */
export function gatherFacts(options: DoctorOptions, host: Host, signal: AbortSignal): DoctorFacts {
  const config = once(() => configFacts(options))
  const loaded = (): Config | undefined => {
    const facts = config()
    return facts.outcome === 'loaded' ? facts.config : undefined
  }
  const daemon = once(async () => {
    const known = loaded()
    return known === undefined ? undefined : await daemonFacts(host, known)
  })
  const configured = () => withConfig(loaded(), (known) => boardOf(known, options.device))
  const port = once(async (): Promise<PortFacts> => {
    const hasNone = loaded() !== undefined && configured() === undefined && options.port === undefined
    return hasNone ? { outcome: 'no-board' } : portFacts(host, options, configured(), await daemon())
  })
  const board = once(async () => boardFacts(await daemon(), configured()?.name, await port(), signal))
  const state = once(() => withConfig(loaded(), ({ stateDir }) => stateFacts(host, stateDir)))
  const journal = once(() => withConfig(loaded(), journalFacts))
  const node = once(async () => {
    const rpc = options.node ?? loaded()?.headCheck?.rpc
    return rpc === undefined
      ? undefined
      : await nodeReport(rpc, AbortSignal.any([signal, AbortSignal.timeout(NODE_LIMIT_MS)]))
  })
  return { options, host, signal, config, configured, daemon, port, board, state, journal, node }
}

function withConfig<Fact>(config: Config | undefined, gather: (config: Config) => Fact): Fact | undefined {
  return config === undefined ? undefined : gather(config)
}

function once<Value>(make: () => Value): () => Value {
  let made: { readonly value: Value } | undefined
  return () => {
    made ??= { value: make() }
    return made.value
  }
}
