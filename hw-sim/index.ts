/** The Tezio HSM in software: the device, its keys, and the two ways to plug it in. */
export { createSimulatedTezio, SimulatedTezio, type SimulatedTezioOptions } from './simulated-tezio.js'
export type { Direction, Wire } from './wire.js'
export type { Behaviour, BehaviourContext, WireAction } from './behaviour.js'
export { ManualClock, systemClock, type Clock } from './clock.js'
export { ALIASES, DeviceKey, KEY_NAMES, type KeyName } from './device-key.js'
export * from './device-keys.js'
export { EthPolicyError, parseEthPolicy, type EthPolicy } from './eth-policy.js'
export type { Counters, Exchange } from './exchange-log.js'
export type { CommandName } from './firmware/command-name.js'
export type { Outcome } from './firmware/outcome.js'
export type { KeyPolicy, PolicyOptions } from './firmware/policy-tables.js'
export type { SecureElementFailure } from './firmware/secure-element.js'
export type { DeviceMark } from './firmware/watermarks.js'
export { boardLatencyMs, type LatencyName } from './latency.js'
export { LatencyError, parseLatencyFile, type LatencyModel } from './latency.js'
export { PROFILE_NAMES, PROFILES, type Profile, type ProfileName, type Status } from './profile.js'
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
export * from './faults/index.js'
export * from './scenario/index.js'
export * from './provision/index.js'
export {
  isLoopback,
  openTcpPort,
  type TcpDevice,
  type TcpPort,
  type TcpPortOptions,
} from './transport/tcp-port.js'
export { openControlSocket, ControlSocketError, type ControlSocket } from './control/control-socket.js'
export type { ControlledDevice } from './control/controlled-device.js'
export { watchTraffic, type Traffic } from './trace-traffic.js'
export { describeCommand, describeOutcome, traceDump, traceHeader, traceLine } from './trace.js'
export { writeTranscript, type TranscriptWriter } from './transcript-file.js'
export { judgeReply, type PublicKeyOf } from './transcript-judge.js'
export { recordTranscript, transcriptHead } from './transcript-recorder.js'
export { replayTranscript, type Difference, type ReplayLink } from './transcript-replay.js'
export type { ReplayOptions, ReplayReport } from './transcript-replay.js'
export { keysOfTranscript, parseTranscript, TranscriptError } from './transcript.js'
export type { TranscriptCase, TranscriptFile } from './transcript.js'
export * from './conformance/index.js'
