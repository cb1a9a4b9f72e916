import { accessSync, constants, statSync } from 'node:fs'
import { basename, dirname, resolve } from 'node:path'
import { boardModel, isPseudoTerminal, type BoardModel, type PortDescription } from '../../device/index.js'
import { groupName, userName } from './accounts.js'
import { linkAt, namesIn, realPath, type Host } from './host.js'
import { holdersOf, type ProcessName } from './processes.js'
import { isIgnoredByModemManager, usbDevice, type UsbDevice } from './usb-device.js'

/** Who may open a port. */
export type PortNode = {
  readonly isCharacterDevice: boolean
  readonly owner: string
  readonly group: string
  readonly gid: number
  /** Permission bits. */
  readonly mode: number
  /** Whether this very process may read and write it. */
  readonly mayOpen: boolean
}

/** All that is known of a serial port without opening it. */
export type SerialPortFacts = {
  readonly path: string
  /** The same without links. */
  readonly realPath: string
  /** The link that goes on naming this very board when it is plugged in again. */
  readonly stableName: string | undefined
  readonly usb: Omit<UsbDevice, 'power'>
  readonly power: UsbDevice['power']
  readonly model: BoardModel | undefined
  readonly isPseudoTerminal: boolean
  /** `undefined`: nothing is there. */
  readonly node: PortNode | undefined
  /** Other programs that have it open, as far as this user may see. */
  readonly holders: readonly ProcessName[]
  /** `undefined`: the system does not tell. */
  readonly isIgnoredByModemManager: boolean | undefined
}

/** Looks at one port. What the driver's own list says of it goes before what sysfs says. */
export function describePort(host: Host, path: string, listed?: PortDescription): SerialPortFacts {
  const real = realPath(path)
  const found = usbDevice(host, real)
  const usb = {
    vendorId: listed?.vendorId ?? found?.vendorId,
    productId: listed?.productId ?? found?.productId,
    manufacturer: listed?.manufacturer ?? found?.manufacturer,
    serialNumber: listed?.serialNumber ?? found?.serialNumber,
  }
  return {
    path,
    realPath: real,
    stableName: stableName(host, real),
    usb,
    power: found?.power,
    model: boardModel(usb.vendorId, usb.productId),
    isPseudoTerminal: isPseudoTerminal(path),
    node: portNode(host, path),
    holders: holdersOf(host, path),
    isIgnoredByModemManager: isIgnoredByModemManager(host, real),
  }
}

const BY_ID = '/dev/serial/by-id'

function stableName(host: Host, real: string): string | undefined {
  const name = namesIn(host, BY_ID).find((link) => {
    const target = linkAt(host, `${BY_ID}/${link}`)
    return target !== undefined && resolve(BY_ID, target) === real
  })
  return name === undefined ? undefined : `${BY_ID}/${name}`
}

/** Whether a path is a name that the system gives to whatever is plugged in first. */
export function isNumberedName(path: string): boolean {
  return dirname(path) === '/dev' && /^tty(?:ACM|USB)\d+$/.test(basename(path))
}

function portNode(host: Host, path: string): PortNode | undefined {
  const stat = statSync(path, { throwIfNoEntry: false })
  if (stat === undefined) return undefined
  return {
    isCharacterDevice: stat.isCharacterDevice(),
    owner: userName(host, stat.uid),
    group: groupName(host, stat.gid),
    gid: stat.gid,
    mode: stat.mode & 0o777,
    mayOpen: mayReadAndWrite(path),
  }
}

function mayReadAndWrite(path: string): boolean {
  try {
    accessSync(path, constants.R_OK | constants.W_OK)
    return true
  } catch {
    return false
  }
}
