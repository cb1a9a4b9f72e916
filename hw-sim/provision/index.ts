/** The provisioning sketch in software: a dialogue in lines, at whose end there are keys. */
export {
  createProvisioningConsole,
  type ProvisioningConsole,
  type ProvisioningOptions,
  type ProvisioningState,
} from './provisioning-console.js'
export type { MnemonicSource } from './dialogue.js'
