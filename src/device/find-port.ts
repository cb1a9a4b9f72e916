import { existsSync, realpathSync } from 'node:fs'
import { DeviceError } from './device-error.js'
import { listPorts, type LinkBinding, type PortDescription } from './serial-link.js'

/** Arduino's USB vendor id. */
export const VENDOR_ID = '2341'
/** The product ids of the boards that Tezio firmware runs on, not of their bootloaders; udev's rule names them too. */
export const PRODUCT_IDS: readonly string[] = ['8054', '8057']
/** The same boards in their bootloaders, where no firmware answers. */
const BOOTLOADER_IDS: readonly string[] = ['0054', '0057']

/** How the board is to be found: a path, or `auto`; with `auto` a USB serial number tells one board from others. */
export type PortChoice = { readonly port: string; readonly serialNumber?: string | undefined }

/** The path to open now. Rejects with `port-not-found` when there is none, or more than one to choose from. */
export async function findPort(choice: PortChoice, binding?: LinkBinding): Promise<string> {
  if (choice.port !== 'auto') {
    if (binding === undefined && !existsSync(choice.port)) {
      throw new DeviceError('port-not-found', `${choice.port} does not exist: is the board plugged in?`)
    }
    return choice.port
  }
  const boards = (await listPorts(binding)).filter(
    (port) =>
      isBoard(port) && (choice.serialNumber === undefined || choice.serialNumber === port.serialNumber),
  )
  const [board, ...others] = boards
  if (board === undefined) {
    const which = choice.serialNumber === undefined ? '' : ` with serial number ${choice.serialNumber}`
    throw new DeviceError(
      'port-not-found',
      `no board${which} (USB ${VENDOR_ID}:${PRODUCT_IDS.join(' or ')}) is plugged in`,
    )
  }
  if (others.length > 0) {
    const paths = boards.map(({ path, serialNumber }) => `${path} (${serialNumber ?? 'no serial number'})`)
    throw new DeviceError(
      'port-not-found',
      `several boards: ${paths.join(', ')}; name one in device.serial_number`,
    )
  }
  return board.path
}

/** Whether a port is, by its USB ids, one of a board that Tezio firmware runs on. */
export function isBoard(port: PortDescription): boolean {
  return hasIds(port, PRODUCT_IDS)
}

/** Whether a port is that of such a board in its bootloader. */
export function isBootloader(port: PortDescription): boolean {
  return hasIds(port, BOOTLOADER_IDS)
}

function hasIds({ vendorId, productId }: PortDescription, products: readonly string[]): boolean {
  return vendorId?.toLowerCase() === VENDOR_ID && products.includes(productId?.toLowerCase() ?? '')
}

/** Whether a path leads to a pseudo-terminal: then no board is behind it, but a program that plays one. */
export function isPseudoTerminal(path: string): boolean {
  try {
    return realpathSync(path).startsWith('/dev/pts/')
  } catch {
    return false // gone already, or the name of a simulated binding
  }
}
