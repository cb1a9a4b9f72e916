/** The configuration: one YAML file in, one frozen `Config` or one `ConfigError` out. */
export { collide, isLoopback, listenText } from './addresses.js'
export { ConfigError, type ConfigErrorCode, type ConfigProblem } from './config-error.js'
export type {
  AddressRange,
  AuthenticationKey,
  CertificateName,
  ClientConfig,
  Config,
  DeviceConfig,
  Pkcs11DeviceConfig,
  SharedMarksConfig,
  TezioDeviceConfig,
  HeadCheckConfig,
  HookConfig,
  KeyConfig,
  ListenAddress,
  UnixSocketConfig,
} from './config.js'
export type {
  AccountsConfig,
  EthClaimsConfig,
  EthereumConfig,
  EthTransfersConfig,
} from './ethereum-config.js'
export { isTezio, ONLY_DEVICE } from './devices.js'
export { clientNames } from './clients.js'
export { expiryOf, readCertificates, refusalOfDates } from './certificate.js'
export { readCredentials, type Credentials, type TlsMaterial } from './credentials.js'
export { effectiveSettings, showConfig } from './show-config.js'
export { loadConfig, type LoadOptions } from './load-config.js'
export { parseConfig, type ParseContext } from './parse-config.js'
export { isRefused, printable, suggestion, type Refused } from './findings.js'
export { readChain, readKind, readRpcUrl } from './values.js'
