import { namesIn, readText, realPath, type Host } from './host.js'
import { describePort, type SerialPortFacts } from './serial-port.js'
import { usbDevice } from './usb-device.js'

/** The serial ports of this machine, and why the driver's own list could not be had, if so. */
export type PortList = { readonly ports: readonly SerialPortFacts[]; readonly problem: string | undefined }

/**
 * The driver's list and the USB ports of sysfs, which is there without udev as well, in the order of their paths; and
 * the ports of `named`, listed or not. It never rejects.
 */
export async function listSerialPorts(host: Host, named: readonly string[]): Promise<PortList> {
  const listed = await listedPorts(host)
  const ports = listed.ports
    .filter(({ path }) => isHardware(host, path))
    .map((port) => describePort(host, port.path, port))
  const ofUsb = namesIn(host, '/sys/class/tty')
    .map((name) => `/dev/${name}`)
    .filter((path) => usbDevice(host, path) !== undefined)
  for (const path of [...ofUsb, ...named]) {
    const real = realPath(path)
    if (ports.every((port) => port.realPath !== real)) ports.push(describePort(host, path))
  }
  const sorted = ports.toSorted((left, right) => left.path.localeCompare(right.path, 'en', { numeric: true }))
  return { ports: sorted, problem: listed.problem }
}

async function listedPorts(host: Host) {
  try {
    return { ports: await host.listPorts(), problem: undefined }
  } catch (error) {
    return { ports: [], problem: error instanceof Error ? error.message : String(error) }
  }
}

/** A PC's /dev/ttyS0 to ttyS31 are there without a chip behind them: then sysfs says type 0. */
function isHardware(host: Host, path: string): boolean {
  const [, name] = /^\/dev\/(ttyS\d+)$/.exec(path) ?? []
  return name === undefined || readText(host, `/sys/class/tty/${name}/type`) !== '0'
}
