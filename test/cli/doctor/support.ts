import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { onTestFinished } from 'vitest'
import { CHECKS } from '../../../src/cli/doctor/checks/index.js'
import { gatherFacts } from '../../../src/cli/doctor/facts.js'
import type { DoctorOptions } from '../../../src/cli/doctor/options.js'
import type { Finding } from '../../../src/cli/doctor/check.js'
import { PROGRAM } from '../../e2e/daemon.js'
import { systemHost, type Host } from '../../../src/cli/host/index.js'
import type { PortDescription } from '../../../src/device/index.js'

/** A folder of its own, removed after the test. */
export function temporaryFolder(parent = tmpdir()): string {
  const folder = mkdtempSync(join(parent, 'tezio-doctor-'))
  onTestFinished(() => {
    rmSync(folder, { recursive: true, force: true })
  })
  return folder
}

/** A tree of system files as text, and of links as `-> target`. */
export type Tree = Readonly<Record<string, string>>

/** A machine whose /proc, /sys, /run and /etc are a planted tree, and whose ports are those that are listed. */
export function plantedHost(
  tree: Tree,
  ports: readonly PortDescription[] = [],
  more: Partial<Host> = {},
): Host {
  const root = temporaryFolder()
  for (const [path, text] of Object.entries(tree)) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    if (text.startsWith('-> ')) symlinkSync(text.slice(3), join(root, path))
    else writeFileSync(join(root, path), `${text}\n`)
  }
  return { ...systemHost(root), listPorts: () => Promise.resolve(ports), ...more }
}

/** This machine, with these ports to choose from. */
export function thisHost(ports: readonly PortDescription[] = [], more: Partial<Host> = {}): Host {
  return { ...systemHost(), listPorts: () => Promise.resolve(ports), ...more }
}

/** What one check finds by itself, as `doctor` would make it. */
export async function findingOf(
  id: string,
  options: Partial<DoctorOptions>,
  host: Host = thisHost(),
): Promise<Finding> {
  const check = CHECKS.find((one) => one.id === id)
  if (check === undefined) throw new Error(`no check ${id}`)
  const all = {
    config: join(host.root, 'no-such.yaml'),
    isConfigNamed: options.config !== undefined,
    ...options,
  }
  return check.run(gatherFacts(all, host, new AbortController().signal))
}

export const TZ1 = 'tz1it3gNAe5nLjY6iqMNrmqFyWEL9p6GwSrv'
export const TZ3 = 'tz3g4AnLYCcGY5sQvk6m2bxfBGFfXx4c1HfJ'
export const BAKER = `policy: { signing_keys: { ${TZ3}: { allowed_ops: [0x11, 0x12, 0x13] } } }\n`

/** A configuration file in a folder of its own, and the state directory that goes with it, not made yet. */
export function place(text = BAKER, parent?: string) {
  const folder = temporaryFolder(parent)
  const config = join(folder, 'config.yaml')
  writeFileSync(config, text, { mode: 0o640 })
  return { folder, config, stateDir: join(folder, 'state') }
}

/** Sysfs and udev as they are with a board at /dev/ttyACM0. `mm`: what udev's database says of it. */
export function boardTree({ productId = '8057', power = 'on', delayMs = '2000', udev = '' } = {}): Tree {
  const usb = '/sys/devices/pci0/usb1/1-2'
  return {
    [`${usb}/idVendor`]: '2341',
    [`${usb}/idProduct`]: productId,
    [`${usb}/manufacturer`]: 'Arduino LLC',
    [`${usb}/serial`]: 'ABC123',
    [`${usb}/dev`]: '189:5',
    [`${usb}/power/control`]: power,
    [`${usb}/power/autosuspend_delay_ms`]: delayMs,
    [`${usb}/1-2:1.0/tty/ttyACM0/dev`]: '166:0',
    [`${usb}/1-2:1.0/tty/ttyACM0/device`]: '-> ../..',
    '/sys/class/tty/ttyACM0': '-> ../../devices/pci0/usb1/1-2/1-2:1.0/tty/ttyACM0',
    '/dev/serial/by-id/usb-Arduino_LLC_Arduino_NANO_33_IoT_ABC123-if00': '-> ../../ttyACM0',
    '/run/udev/data/c166:0': `S:serial/by-id/x\nE:ID_MM_CANDIDATE=1\n${udev}`,
    '/run/udev/data/c189:5': 'E:ID_VENDOR_ID=2341',
  }
}

/** What the driver's list says of that board. */
export const BOARD: PortDescription = {
  path: '/dev/ttyACM0',
  vendorId: '2341',
  productId: '8057',
  serialNumber: 'ABC123',
  manufacturer: 'Arduino LLC',
}

/** What the compiled program finds when another user without any group runs it; a check by its id. */
export async function doctorAsNobody(
  cwd: string,
  ...args: readonly string[]
): Promise<(id: string) => unknown> {
  const nobody = [
    '--reuid=65534',
    '--regid=65534',
    '--clear-groups',
    process.execPath,
    PROGRAM,
    'doctor',
    '--json',
  ]
  const child = spawn('setpriv', [...nobody, ...args], { cwd, stdio: ['ignore', 'pipe', 'inherit'] })
  const { checks } = JSON.parse(await text(child.stdout)) as { checks: { id: string }[] }
  return (id) => checks.find((check) => check.id === id)
}
