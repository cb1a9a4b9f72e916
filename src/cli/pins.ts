import type { Pkcs11DeviceConfig } from '../config/index.js'
import { RefusedError } from './exit-code.js'
import { answered } from './prompt.js'
import type { ServedConfig } from './served-config.js'

/** PINs of tokens by the device's name. Secret: they are shown nowhere and go nowhere but to the token. */
export type Pins = ReadonlyMap<string, string>

/**
 * The PINs that no file holds, asked for on the terminal. Rejects with a RefusedError where there is none, and with an
 * InterruptedError where the operator leaves.
 */
export async function askPins({ devices, credentials }: ServedConfig): Promise<Pins> {
  const asked = new Map<string, string>()
  for (const device of devices) {
    if (device.kind !== 'pkcs11' || credentials.pins.has(device.name)) continue
    asked.set(device.name, await askPin(device))
  }
  return asked
}

/** A configuration with these PINs beside those of its files. */
export function withPins<Served extends ServedConfig>(config: Served, pins: Pins): Served {
  const { credentials } = config
  return { ...config, credentials: { ...credentials, pins: new Map([...credentials.pins, ...pins]) } }
}

async function askPin({ name, token }: Pkcs11DeviceConfig): Promise<string> {
  if (!process.stdin.isTTY) {
    const remedy = `write it to a file and name that in devices.${name}.pin_file, or start at a terminal`
    throw new RefusedError(`the PIN of the token "${token.value}" (${token.by}) is not known: ${remedy}`)
  }
  const { password } = await import('@inquirer/prompts')
  return answered(
    (context) =>
      password(
        {
          message: `PIN of the token "${token.value}" (${token.by}), which is tried once:`,
          mask: '*',
          validate: (text) => text !== '' || 'a PIN is not empty',
        },
        { ...context, output: process.stderr },
      ),
    'no PIN was given; nothing was started',
  )
}
