import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createSimulatedTezio, openPseudoTerminal } from '../../../hw-sim/index.js'
import type { DevicesReport } from '../../../src/cli/devices/device-row.js'
import { showDevices, type DevicesOptions } from '../../../src/cli/devices/devices.js'
import type { Host } from '../../../src/cli/host/index.js'
import { transcriptKeys } from '../../device/support.js'
import { Bench, cli } from '../../e2e/daemon.js'
import {
  BAKER,
  BOARD,
  boardTree,
  place,
  plantedHost,
  temporaryFolder,
  thisHost,
  TZ3,
} from '../doctor/support.js'

async function shown(options: Partial<DevicesOptions>, host: Host) {
  let text = ''
  const output = { out: (more: string) => (text += more), err: () => undefined }
  await showDevices({ config: '/no/such.yaml', probe: false, json: false, ...options }, output, host)
  return text
}

async function told(options: Partial<DevicesOptions>, host: Host): Promise<DevicesReport> {
  return JSON.parse(await shown({ ...options, json: true }, host)) as DevicesReport
}

function simulatedPort() {
  const device = createSimulatedTezio({ keys: transcriptKeys() })
  const port = openPseudoTerminal({ device, link: join(temporaryFolder(), 'tty') })
  onTestFinished(() => {
    port.close()
  })
  return { device, path: port.path }
}

describe('a board on USB', () => {
  const tree = {
    ...boardTree({ power: 'auto', udev: 'E:ID_MM_PORT_IGNORE=1' }),
    '/proc/77/comm': 'minicom',
    '/proc/77/fd/4': '-> /dev/ttyACM0',
  }

  test('is told with all that is known of it', async () => {
    const text = await shown({}, plantedHost(tree, [BOARD]))
    const [heads = '', row = ''] = text.split('\n')
    expect(heads).toMatch(/^PORT +WHAT +USB +SERIAL NUMBER +ACCESS +HELD BY +MODEMMANAGER +AUTOSUSPEND +USE$/)
    expect(row).toMatch(
      /^\/dev\/ttyACM0 +Tezio HSM board \(Arduino Nano 33 IoT\) +2341:8057 Arduino LLC +ABC123 +.+ +minicom \(process 77\) +ignores it +after 2000 ms +-$/,
    )
    expect(text).toContain(
      '/dev/serial/by-id/usb-Arduino_LLC_Arduino_NANO_33_IoT_ABC123-if00 -> /dev/ttyACM0',
    )
  })

  test('is found in sysfs where the driver’s list cannot be had, and the reason is told', async () => {
    const host = plantedHost(tree, [], { listPorts: () => Promise.reject(new Error('spawn udevadm ENOENT')) })
    const report = await told({}, host)
    expect(report.devices).toMatchObject([
      { path: '/dev/ttyACM0', usb: { serialNumber: 'ABC123' }, model: { isBootloader: false } },
    ])
    expect(report.notes).toEqual([expect.stringContaining('udevadm')])
  })

  test('is told once, though both know it, and a port without a chip not at all', async () => {
    const ports = [
      BOARD,
      { ...BOARD, path: '/dev/ttyS0', vendorId: undefined, productId: undefined },
      { ...BOARD, path: '/dev/ttyS1', vendorId: undefined },
    ] as const
    const host = plantedHost(
      { ...tree, '/sys/class/tty/ttyS0/type': '0', '/sys/class/tty/ttyS1/type': '4' },
      ports,
    )
    expect((await told({}, host)).devices.map(({ path }) => path)).toEqual(['/dev/ttyACM0', '/dev/ttyS1'])
  })

  test('in its bootloader is told as such', async () => {
    expect(await shown({}, plantedHost({}, [{ ...BOARD, productId: '0054' }]))).toContain(
      'bootloader of Arduino MKR WiFi 1010',
    )
  })

  test('is marked as configured by auto, by its serial number and by its path, and not by another one', async () => {
    const isConfigured = async (device: string) => {
      const { config } = place(`${BAKER}device: ${device}\n`)
      return (await told({ config }, plantedHost({}, [BOARD]))).devices[0]?.isConfigured
    }
    expect(await isConfigured('{ port: auto }')).toBe(true)
    expect(await isConfigured('{ serial_number: ABC123 }')).toBe(true)
    expect(await isConfigured('{ serial_number: DEF456 }')).toBe(false)
    expect(await isConfigured('{ port: /dev/ttyACM0 }')).toBe(true)
    expect(await isConfigured('{ port: /dev/ttyACM7 }')).toBe(false)
  })
})

test('without ports it says what to look at', async () => {
  const text = await shown({}, plantedHost({}))
  expect(text).toContain('No serial port was found')
  expect(text).toContain('a cable that carries data')
})

test('a pseudo-terminal that is named is shown as SIMULATED, and a port that is not there as that', async () => {
  const { path } = simulatedPort()
  expect(await shown({ port: path }, thisHost())).toContain('SIMULATED (a pseudo-terminal)')
  const { config } = place(`${BAKER}device: { port: /dev/no-such-tty }\n`)
  expect(await shown({ config }, thisHost())).toMatch(
    /\/dev\/no-such-tty +other +- +- +not there.*configured/,
  )
})

describe('--probe', () => {
  test('shows the addresses of a board, and without it no port is opened', async () => {
    const { device, path } = simulatedPort()
    await shown({ port: path }, thisHost())
    expect(device.log).toEqual([])
    expect(await shown({ port: path, probe: true }, thisHost())).toContain(TZ3)
    expect(device.log.some(({ name }) => name !== 'GET_PK')).toBe(false)
  })

  test('asks no other device: what it is may not like the question', async () => {
    const other = { path: '/dev/ttyUSB0', vendorId: '1a86', productId: '7523' } as never
    expect((await told({ probe: true }, plantedHost({}, [other]))).devices).toMatchObject([
      { path: '/dev/ttyUSB0' },
    ])
    expect((await told({ probe: true }, plantedHost({}, [other]))).devices[0]?.probe).toBeUndefined()
  })
})

test('beside a daemon, its port and state are shown, and its board is not asked', async () => {
  const bench = new Bench()
  onTestFinished(() => bench.close())
  await bench.init()
  const daemon = await bench.started()
  const before = bench.simulated.log.length
  const { stdout, code } = await cli('devices', '--probe', ...bench.options)
  expect(code).toBe(0)
  expect(stdout).toContain(bench.port.path)
  expect(stdout).toContain('daemon: ready')
  expect(stdout).toContain(`(process ${daemon.pid}) has it open`)
  expect(bench.simulated.log).toHaveLength(before)
}, 60_000)
