import { existsSync, realpathSync } from 'node:fs'
import { DeviceError } from './device-error.js'
import { boardModel, PRODUCT_IDS, VENDOR_ID } from './board-models.js'
import { listPorts, type LinkBinding, type PortDescription } from './serial-link.js'

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
  return pickBoard(await listPorts(binding), choice.serialNumber).path
}

/** The one board among `ports`. Throws a DeviceError, `port-not-found`, when there is none or more than one. */
export function pickBoard(ports: readonly PortDescription[], wanted: string | undefined): PortDescription {
  const boards = ports.filter(
    (port) => isBoard(port) && (wanted === undefined || wanted === port.serialNumber),
  )
  const [board, ...others] = boards
  if (board === undefined) {
    const which = wanted === undefined ? '' : ` with serial number ${wanted}`
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
  return board
}

/** Whether a port is, by its USB ids, one of a board that Tezio firmware runs on. */
export function isBoard({ vendorId, productId }: PortDescription): boolean {
  return boardModel(vendorId, productId)?.isBootloader === false
}

/** Whether a port is that of such a board in its bootloader. */
export function isBootloader({ vendorId, productId }: PortDescription): boolean {
  return boardModel(vendorId, productId)?.isBootloader === true
}

/** Whether a path leads to a pseudo-terminal: then no board is behind it, but a program that plays one. */
export function isPseudoTerminal(path: string): boolean {
  try {
    return realpathSync(path).startsWith('/dev/pts/')
  } catch {
    return false // gone already, or the name of a simulated binding
  }
}
