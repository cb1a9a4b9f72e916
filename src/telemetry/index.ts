/** Hears what happens and tells it to operators: status, metrics, warnings with their remedies. */
export type { BridgeEvent, EthereumDecided, NamedDeviceEvent, ReloadEvent } from './bridge-event.js'
export { REMEDIES, type TroubleCode } from './remedies.js'
export type { DeviceSource, KeySource, Sources } from './sources.js'
export { Telemetry, type TelemetryOptions } from './telemetry.js'
