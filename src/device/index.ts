/** Everything on the cable: the typed driver of a Tezio HSM. */
export { CURVE_OF_ALIAS, type BoardKeys, type KeyPin } from './board-keys.js'
export { boardModel, type BoardModel } from './board-models.js'
export { DeviceError, type DeviceErrorCode } from './device-error.js'
export type { DeviceEvent, DeviceEventSink } from './device-event.js'
export { findPort, isBoard, isBootloader, isPseudoTerminal, pickBoard } from './find-port.js'
export {
  BAUD_RATES,
  listPorts,
  type BaudRate,
  type LinkBinding,
  type PortDescription,
} from './serial-link.js'
export { readBoard, type BoardReading } from './read-board.js'
export { BOARD_TIMINGS, type SessionTimings } from './session-timings.js'
export type { DeviceState } from './device-status.js'
export type { DeviceHealth } from './device-health.js'
export { TezioDevice } from './tezio-device.js'
export type { TezioDeviceOptions } from './tezio-device-options.js'
export { ETH_ALIAS, MAX_MESSAGE_SIZE } from './tezio/index.js'
export type { DeviceCapability, DeviceInfo, EthForm, KeyAlias } from './tezio/index.js'
