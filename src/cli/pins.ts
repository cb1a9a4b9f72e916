import type { Pkcs11DeviceConfig } from '../config/index.js'
import { RefusedError } from './exit-code.js'
import { answered } from './prompt.js'
import type { ServedConfig } from './served-config.js'

/** The token of accounts, by where it stands in the configuration: no device has a name with a dot. */
const ACCOUNTS = 'accounts.hsm'

/** PINs of tokens by the device's name. Secret: they are shown nowhere and go nowhere but to the token. */
export type Pins = ReadonlyMap<string, string>

/**
 * The PINs that no file holds, asked for on the terminal. Rejects with a RefusedError where there is none, and with an
 * InterruptedError where the operator leaves.
 */
export async function askPins({ devices, accounts, credentials }: ServedConfig): Promise<Pins> {
  const asked = new Map<string, string>()
  for (const device of devices) {
    if (device.kind !== 'pkcs11' || credentials.pins.has(device.name)) continue
    asked.set(device.name, await askPin({ ...device, place: `devices.${device.name}` }))
  }
  const hsm = accounts?.hsm
  if (hsm !== undefined && credentials.accountsPin === undefined) {
    asked.set(ACCOUNTS, await askPin({ ...hsm, place: ACCOUNTS }))
  }
  return asked
}

/** A configuration with these PINs beside those of its files. */
export function withPins<Served extends ServedConfig>(config: Served, pins: Pins): Served {
  const { credentials } = config
  const accountsPin = pins.get(ACCOUNTS) ?? credentials.accountsPin
  return {
    ...config,
    credentials: { ...credentials, accountsPin, pins: new Map([...credentials.pins, ...pins]) },
  }
}

async function askPin({
  token,
  place,
}: Pick<Pkcs11DeviceConfig, 'token'> & { readonly place: string }): Promise<string> {
  if (!process.stdin.isTTY) {
    const remedy = `write it to a file and name that in ${place}.pin_file, or start at a terminal`
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
