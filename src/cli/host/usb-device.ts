import { existsSync, realpathSync } from 'node:fs'
import { basename, dirname, join, relative } from 'node:path'
import { readText, type Host } from './host.js'

/** What the system knows of the USB device behind a serial port. */
export type UsbDevice = {
  readonly vendorId: string | undefined
  readonly productId: string | undefined
  readonly manufacturer: string | undefined
  readonly serialNumber: string | undefined
  /** `auto`: the system may switch it off when idle for `delayMs`; `on`: it never does. */
  readonly power: { readonly control: string; readonly delayMs: number | undefined } | undefined
}

/** The USB device of a serial port; `undefined` for a port of another kind, or where the system does not tell. */
export function usbDevice(host: Host, path: string): UsbDevice | undefined {
  const folder = usbFolder(host, path)
  if (folder === undefined) return undefined
  const field = (name: string) => readText(host, join(folder, name))
  const control = field('power/control')
  const delay = Number(field('power/autosuspend_delay_ms') ?? NaN)
  return {
    vendorId: field('idVendor'),
    productId: field('idProduct'),
    manufacturer: field('manufacturer'),
    serialNumber: field('serial'),
    power: control === undefined ? undefined : { control, delayMs: Number.isNaN(delay) ? undefined : delay },
  }
}

/** Whether udev's database says that ModemManager leaves the port alone; `undefined` where there is no database. */
export function isIgnoredByModemManager(host: Host, path: string): boolean | undefined {
  const folder = usbFolder(host, path)
  const numbers = [
    readText(host, `/sys/class/tty/${basename(path)}/dev`),
    folder && readText(host, join(folder, 'dev')),
  ]
  const records = numbers.flatMap((number) => {
    const record = number === undefined ? undefined : readText(host, `/run/udev/data/c${number}`)
    return record === undefined ? [] : [record]
  })
  if (records.length === 0) return undefined
  return records.some((record) => /^E:ID_MM_(?:DEVICE|PORT)_IGNORE=1$/m.test(record))
}

/** The device's folder in sysfs, which the port's interface lies below; its path within the host's root. */
function usbFolder(host: Host, path: string): string | undefined {
  try {
    const root = realpathSync(host.root)
    const start = realpathSync(join(root, '/sys/class/tty', basename(path), 'device'))
    for (let folder = start; folder.startsWith(join(root, 'sys')); folder = dirname(folder)) {
      if (existsSync(join(folder, 'idVendor'))) return join('/', relative(root, folder))
    }
  } catch {
    // no such port in sysfs, or no sysfs
  }
  return undefined
}
