import type * as pkcs11js from 'pkcs11js'
import { DeviceError } from '../device-error.js'
import { returnValueOf } from './cryptoki-error.js'

/** A PKCS#11 module that is loaded and initialised, with the constants of its library. */
export type CryptokiModule = { readonly calls: pkcs11js.PKCS11; readonly names: typeof pkcs11js }

/** Loads a module into this process. Throws a DeviceError `module-failed` with the remedy. */
export async function loadModule(path: string): Promise<CryptokiModule> {
  const names = await loadLibrary()
  const calls = new names.PKCS11()
  try {
    calls.load(path)
  } catch (error) {
    const why = error instanceof Error ? error.message.slice(0, MAX_REASON) : 'for an unknown reason'
    const remedy =
      'name the PKCS#11 library of the token as module, for example /usr/lib/softhsm/libsofthsm2.so'
    throw new DeviceError('module-failed', `${path} cannot be loaded (${why}): ${remedy}`)
  }
  try {
    calls.C_Initialize()
  } catch (error) {
    const value = returnValueOf(error) ?? 'an error without a name'
    const remedy = 'look at its own configuration and whether this user may read it'
    throw new DeviceError('module-failed', `${path} answered C_Initialize with ${value}: ${remedy}`)
  }
  return { calls, names }
}

const MAX_REASON = 300

async function loadLibrary(): Promise<typeof pkcs11js> {
  try {
    const { default: library } = (await import('pkcs11js')) as unknown as {
      readonly default: typeof pkcs11js
    }
    return library
  } catch {
    throw new DeviceError('module-failed', NOT_COMPILED)
  }
}

/** What to do where pkcs11js is absent, or was installed without being compiled. */
const NOT_COMPILED =
  'the package pkcs11js is not there or was not compiled; it needs python3, make and g++ (Debian: apt install python3 make g++). In a clone: npm run pkcs11. In a global installation: npm rebuild --global --ignore-scripts=false pkcs11js, and where that finds none, install tezio-bridge again'
