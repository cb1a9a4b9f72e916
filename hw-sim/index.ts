/** The Tezio HSM in software: the device, its keys, and the two ways to plug it in. */
export { createSimulatedTezio, SimulatedTezio, type SimulatedTezioOptions } from './simulated-tezio.js'
export type { Direction, Wire } from './simulated-tezio.js'
export type { Behaviour, BehaviourContext, WireAction } from './behaviour.js'
export { ManualClock, systemClock, type Clock } from './clock.js'
export { ALIASES, DeviceKey, KEY_NAMES, type KeyName } from './device-key.js'
export * from './device-keys.js'
export type { Counters, Exchange } from './exchange-log.js'
export type { CommandName } from './firmware/command-name.js'
export type { Outcome } from './firmware/outcome.js'
export type { KeyPolicy, PolicyOptions } from './firmware/policy-tables.js'
export type { SecureElementFailure } from './firmware/secure-element.js'
export type { DeviceMark } from './firmware/watermarks.js'
export { boardLatencyMs, type LatencyName } from './latency.js'
export { PROFILES, type Profile, type ProfileName, type Status } from './profile.js'
export { systemRandom, type RandomBytes } from './random-bytes.js'
export { PseudoTerminalError, type PseudoTerminalErrorCode } from './transport/pseudo-terminal-error.js'
export {
  openPseudoTerminal,
  type PseudoTerminal,
  type PseudoTerminalOptions,
} from './transport/pseudo-terminal.js'
export {
  createSimulatedBinding,
  type PortIdentity,
  type SimulatedBinding,
} from './transport/simulated-binding.js'
