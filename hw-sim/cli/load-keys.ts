import { readFileSync } from 'node:fs'
import { keysFromMnemonic, KeysError, parseKeysFile, randomKeys, type DeviceKeys } from '../device-keys.js'

/** Where a device's keys come from: at most one of the two, or random ones. */
export type KeySource = { readonly keys?: string; readonly mnemonicFile?: string }

/**
 * The keys of a source; those from a file come with a warning. Throws a KeysError that names the file, or the
 * system's error.
 */
export function loadKeys({ keys, mnemonicFile }: KeySource, warn: (line: string) => void): DeviceKeys {
  const file = keys ?? mnemonicFile
  if (file === undefined) return randomKeys()
  const text = readFileSync(file, 'utf8')
  const loaded = inFile(file, () => (keys === undefined ? keysFromMnemonic(text) : parseKeysFile(text)))
  warn(`warning: ${file} was loaded by a simulated device: nothing protects the secrets here`)
  return loaded
}

/** Names the file in a KeysError's message. */
function inFile(file: string, load: () => DeviceKeys): DeviceKeys {
  try {
    return load()
  } catch (error) {
    if (error instanceof KeysError) throw new KeysError(error.code, `${file}: ${error.message}`)
    throw error
  }
}
