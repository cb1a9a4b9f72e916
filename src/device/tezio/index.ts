/** The serial protocol of the Tezio HSM: pure, and shared by the driver and the simulator. */
export { crc16 } from './crc16.js'
export * from './frame.js'
export * from './status.js'
export {
  getPublicKey,
  joinBody,
  KEY_FORMAT,
  MAX_MESSAGE_SIZE,
  MODE,
  OPCODE,
  sign,
  splitBody,
  verify,
} from './command.js'
export type { Answer, Command, CommandFields, KeyAlias, VerifyRequest } from './command.js'
export * from './eth-command.js'
