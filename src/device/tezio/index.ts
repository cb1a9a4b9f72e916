/** The serial protocol of the Tezio HSM: pure, and shared by the driver and the simulator. */
export { crc16 } from './crc16.js'
export * from './frame.js'
export * from './status.js'
export * from './command.js'
