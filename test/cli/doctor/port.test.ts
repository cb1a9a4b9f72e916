import { spawn } from 'node:child_process'
import { chmodSync, existsSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { createSimulatedTezio, openPseudoTerminal } from '../../../hw-sim/index.js'
import { judgePortAccess } from '../../../src/cli/doctor/checks/port.js'
import { describePort, type PortNode } from '../../../src/cli/host/index.js'
import { lockersOf } from '../../../src/cli/host/processes.js'
import { transcriptKeys } from '../../device/support.js'
import { endProcess, startSimulator } from '../../hw-sim/started-simulator.js'
import {
  BAKER,
  BOARD,
  boardTree,
  doctorAsNobody,
  findingOf,
  place,
  plantedHost,
  temporaryFolder,
  thisHost,
} from './support.js'

// some of these start the compiled program as another user
vi.setConfig({ testTimeout: 60_000 })

/** A simulated board on a terminal of this process, behind a link. */
function simulatedPort(folder = temporaryFolder()) {
  const device = createSimulatedTezio({ keys: transcriptKeys() })
  const port = openPseudoTerminal({ device, link: join(folder, 'tty') })
  onTestFinished(() => {
    port.close()
  })
  return port
}

/** Another program, without any descriptor of this one, once it has said a line. */
async function started(command: string, ...args: readonly string[]) {
  const alone =
    'for f in /proc/$$/fd/*; do n=${f##*/}; if (( n > 2 )); then eval "exec $n>&-"; fi; done; exec "$@"'
  const child = spawn('bash', ['-c', alone, 'bash', command, ...args], { stdio: ['pipe', 'pipe', 'inherit'] })
  onTestFinished(() => endProcess(child))
  await new Promise<void>((resolve) => {
    createInterface({ input: child.stdout }).once('line', () => {
      resolve()
    })
  })
  return child
}

describe('port-found', () => {
  test('F26 fails where no board is plugged in, where there are two, and where the path is not there', async () => {
    const options = { config: place().config }
    expect(await findingOf('port-found', options, thisHost([]))).toMatchObject({
      status: 'fail',
      remedy: expect.stringContaining('plug') as string,
    })
    const two = [BOARD, { ...BOARD, path: '/dev/ttyACM1', serialNumber: 'DEF' }]
    const several = await findingOf('port-found', options, thisHost(two))
    expect(several).toMatchObject({
      status: 'fail',
      remedy: expect.stringContaining('serial_number') as string,
    })
    expect(several.detail).toContain('/dev/ttyACM1 (DEF)')
    const gone = await findingOf('port-found', { port: '/dev/no-such-tty' })
    expect(gone).toMatchObject({ status: 'fail', detail: '/dev/no-such-tty does not exist' })
  })

  test('passes for the one board, and for the one whose serial number is configured', async () => {
    expect(await findingOf('port-found', {}, thisHost([BOARD]))).toMatchObject({ status: 'pass' })
    const { config } = place(`${BAKER}device: { serial_number: "DEF" }\n`)
    const two = [BOARD, { ...BOARD, path: '/dev/ttyACM1', serialNumber: 'DEF' }]
    const finding = await findingOf('port-found', { config }, thisHost(two))
    expect(finding).toMatchObject({
      status: 'pass',
      detail: expect.stringContaining('/dev/ttyACM1') as string,
    })
  })

  test('fails for a board in its bootloader, and says which button', async () => {
    const waiting = { ...BOARD, productId: '0057' }
    expect(await findingOf('port-found', {}, thisHost([waiting]))).toMatchObject({
      status: 'fail',
      detail: expect.stringContaining('bootloader') as string,
      remedy: expect.stringContaining('reset button') as string,
    })
  })

  test('fails for a file that is no port, and where the ports cannot be listed', async () => {
    const file = join(temporaryFolder(), 'file')
    writeFileSync(file, '')
    expect(await findingOf('port-found', { port: file })).toMatchObject({
      status: 'fail',
      detail: `${file} is no serial port`,
    })
    const host = thisHost([], { listPorts: () => Promise.reject(new Error('spawn udevadm ENOENT')) })
    expect(await findingOf('port-found', {}, host)).toMatchObject({
      status: 'fail',
      detail: expect.stringContaining('udevadm') as string,
      remedy: expect.stringContaining('install udev') as string,
    })
  })
})

describe('port-access', () => {
  const node: PortNode = {
    isCharacterDevice: true,
    owner: 'root',
    group: 'dialout',
    gid: 20,
    mode: 0o660,
    mayOpen: false,
  }
  const accounts = { '/etc/passwd': 'bob:x:1000:1000::/:/bin/sh', '/etc/group': 'dialout:x:20:ann' }
  const judged = (gids: readonly number[], more: Partial<PortNode> = {}, group = accounts['/etc/group']) => {
    const host = plantedHost({ ...accounts, '/etc/group': group }, [], { identity: { uid: 1000, gids } })
    return judgePortAccess({ ...describePort(host, '/dev/ttyACM0'), node: { ...node, ...more } }, host)
  }

  test('F26 says which group the user needs, by name', () => {
    expect(judged([1000])).toMatchObject({
      status: 'fail',
      detail: expect.stringContaining('root:dialout, mode 0660') as string,
      remedy: expect.stringContaining('sudo usermod -aG dialout bob') as string,
    })
  })

  test('says to log in again where the group came after the session, and to install the rule where no group helps', () => {
    expect(judged([1000], {}, 'dialout:x:20:ann,bob')).toMatchObject({
      remedy: expect.stringContaining('log out') as string,
    })
    expect(judged([1000], { mode: 0o600 })).toMatchObject({
      remedy: expect.stringContaining('60-tezio-bridge.rules') as string,
    })
    expect(judged([1000, 20], { mode: 0o600 })).toMatchObject({
      remedy: expect.stringContaining('udev') as string,
    })
    expect(judged([20], { mayOpen: true })).toMatchObject({ status: 'pass' })
  })

  test.skipIf(process.getuid?.() !== 0)(
    'another user may not open a real terminal of mode 0600, and may one of mode 0666 (needs root)',
    async () => {
      const folder = temporaryFolder()
      chmodSync(folder, 0o755)
      const port = simulatedPort(folder)
      const asNobody = () => doctorAsNobody(folder, '--port', port.path)
      expect((await asNobody())('port-access')).toMatchObject({ status: 'fail' })
      chmodSync(port.path, 0o666)
      expect((await asNobody())('port-access')).toMatchObject({ status: 'pass' })
    },
  )
})

describe('port-stable-name', () => {
  test('warns of a numbered name, with the stable one that means the same board', async () => {
    const host = plantedHost(boardTree())
    const { config } = place(`${BAKER}device: { port: /dev/ttyACM0 }\n`)
    expect(await findingOf('port-stable-name', { config }, host)).toMatchObject({ status: 'warn' })
    const facts = describePort(host, '/dev/ttyACM0')
    expect(facts.stableName).toBe('/dev/serial/by-id/usb-Arduino_LLC_Arduino_NANO_33_IoT_ABC123-if00')
  })

  test('passes for auto and for a name that stays', async () => {
    expect(await findingOf('port-stable-name', { config: place().config })).toMatchObject({ status: 'pass' })
    const { config } = place(`${BAKER}device: { port: /dev/serial/by-id/usb-x }\n`)
    expect(await findingOf('port-stable-name', { config })).toMatchObject({ status: 'pass' })
  })
})

describe('port-real', () => {
  test('warns of a pseudo-terminal: SIMULATED', async () => {
    const port = simulatedPort()
    expect(await findingOf('port-real', { port: port.path })).toMatchObject({
      status: 'warn',
      detail: expect.stringContaining('SIMULATED') as string,
    })
    expect(await findingOf('port-real', {}, thisHost([BOARD]))).toMatchObject({ status: 'pass' })
  })
})

describe('port-holder', () => {
  test('F26 fails with the name and number of a program that has the port open, until it is gone', async () => {
    const port = simulatedPort()
    const holder = await started('bash', '-c', `exec 3<>${port.path}; echo ready; read -r`)
    const finding = await findingOf('port-holder', { port: port.path })
    expect(finding).toMatchObject({ status: 'fail', remedy: `stop it: kill ${String(holder.pid)}` })
    expect(finding.detail).toContain(`bash (process ${String(holder.pid)})`)
    expect(await findingOf('board-answers', { port: port.path })).toMatchObject({ status: 'skip' })
    await endProcess(holder)
    expect(await findingOf('port-holder', { port: port.path })).toMatchObject({ status: 'pass' })
    expect(await findingOf('board-answers', { port: port.path })).toMatchObject({ status: 'pass' })
  })

  test('passes where only the simulator itself, another program, has the terminal', async () => {
    const link = join(temporaryFolder(), 'tty')
    const simulator = await startSimulator('--link', link)
    onTestFinished(() => endProcess(simulator))
    expect(existsSync(link)).toBe(true)
    expect(await findingOf('port-holder', { port: link })).toMatchObject({ status: 'pass' })
  })

  test.skipIf(process.getuid?.() !== 0)(
    'another user sees by the lock who has the port, though not the descriptors (needs root)',
    async (context) => {
      const folder = temporaryFolder()
      chmodSync(folder, 0o755)
      const port = simulatedPort(folder)
      const holder = await started('flock', port.path, '-c', 'echo ready; read -r')
      if (!lockersOf(thisHost(), port.path).has(holder.pid ?? 0)) {
        context.skip('this machine shows no locks of terminals in /proc/locks')
      }
      const finding = (await doctorAsNobody(folder, '--port', port.path))('port-holder')
      expect(finding).toMatchObject({
        status: 'fail',
        detail: expect.stringMatching(
          new RegExp(`(flock|unknown) \\(process ${String(holder.pid)}\\)`),
        ) as string,
      })
    },
  )

  test('a lock tells who has the port where /proc hides other programs', async () => {
    const port = simulatedPort()
    const { dev, ino } = statSync(port.path, { bigint: true })
    const [major, minor] = [(dev >> 8n) & 0xfffn, (dev & 0xffn) | ((dev >> 12n) & ~0xffn)]
    const lock = `1: FLOCK  ADVISORY  WRITE 4711 ${major.toString(16)}:${minor.toString(16)}:${String(ino)} 0 EOF`
    const host = plantedHost({ '/proc/locks': `${lock}\n` })
    expect(await findingOf('port-holder', { port: port.path }, host)).toMatchObject({
      status: 'fail',
      detail: expect.stringContaining('unknown (process 4711)') as string,
    })
  })

  test('F27 names ModemManager’s own remedy where it has the port', async () => {
    const host = plantedHost(
      { ...boardTree(), '/proc/77/comm': 'ModemManager', '/proc/77/fd/9': '-> /dev/ttyACM0' },
      [BOARD],
    )
    expect(await findingOf('port-holder', {}, host)).toMatchObject({
      status: 'fail',
      remedy: 'stop it: sudo systemctl disable --now ModemManager',
    })
  })
})
