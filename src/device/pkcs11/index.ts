/** PKCS#11 tokens as signing devices; loaded only where one is configured. */
export { Pkcs11Device, type Pkcs11DeviceOptions } from './pkcs11-device.js'
export type { EthereumTokenKey } from './ethereum-keys.js'
export type { TokenKey } from './prove-keys.js'
export type { TokenName } from './messages.js'
