/** What can go wrong with a board and its cable, as small objects to arm on a simulated device. */
export { FaultError, type FaultErrorCode } from './fault-error.js'
export { FaultRack, type ArmedFault, type ArmOptions } from './fault-rack.js'
export type { Trigger } from './armed-behaviour.js'
export type { FaultTarget, PluggablePort } from './fault-target.js'
export { FAULTS } from './catalogue.js'
export type { FaultDescription } from './fault.js'
export type { ParameterDescription } from './parameter.js'
