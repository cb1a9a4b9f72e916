import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { INSTALL_TIMEOUT_MS, whyMissing } from '../debian-package.js'
import { alone, Bench, type Daemon } from '../e2e/daemon.js'

const PLAYER = fileURLToPath(new URL('notify-socket.py', import.meta.url))
/** Gives the daemon its own process id, as systemd does: this shell becomes the daemon. */
const WITH_PID = ['bash', '-c', 'WATCHDOG_PID=$$ exec "$@"', 'bash']

// several programs start in each test, and other tests run beside them
vi.setConfig({ testTimeout: 60_000 })

let missing = ''
beforeAll(() => {
  missing = whyMissing('systemd')
}, INSTALL_TIMEOUT_MS)

const closing: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

async function seeded(): Promise<Bench> {
  const bench = new Bench()
  closing.push(() => bench.close())
  expect((await bench.init()).code).toBe(0)
  return bench
}

/** systemd's end of the notification socket, played by a process of its own: Node has no Unix datagrams. */
class Manager {
  readonly messages: string[] = []
  readonly path: string
  readonly #child: ChildProcess
  readonly #waiting = new Set<() => void>()

  constructor(folder: string) {
    this.path = join(folder, 'notify')
    this.#child = spawn(...alone(['python3', PLAYER, this.path]), { stdio: ['ignore', 'pipe', 'inherit'] })
    createInterface({ input: this.#child.stdout! }).on('line', (line) => {
      this.messages.push(line)
      for (const resolve of this.#waiting) resolve()
      this.#waiting.clear()
    })
  }

  async until(check: (messages: readonly string[]) => boolean): Promise<void> {
    while (!check(this.messages)) await new Promise<void>((resolve) => this.#waiting.add(resolve))
  }

  count(message: string): number {
    return this.messages.filter((one) => one === message).length
  }

  close(): void {
    this.#child.kill('SIGKILL')
  }
}

async function playing(folder: string): Promise<Manager> {
  const manager = new Manager(folder)
  closing.push(() => {
    manager.close()
  })
  await manager.until((messages) => messages.includes('BOUND'))
  return manager
}

const PING = 'WATCHDOG=1'
const notTold = ({ lines }: Daemon) => lines.filter(({ event }) => event === 'service-manager.not-told')

describe('a daemon with NOTIFY_SOCKET', () => {
  it('says READY when both listeners answer, with where it listens, and STOPPING on SIGTERM', async (context) => {
    context.skip(missing !== '', missing)
    const bench = await seeded()
    const manager = await playing(bench.folder)
    const daemon = bench.launch({ environment: { NOTIFY_SOCKET: manager.path } })
    await manager.until((messages) => messages.some((one) => one.includes('READY=1')))
    const { address } = (await daemon.line('server.listening')) as { address?: string }
    expect(manager.messages).toContain(`READY=1 STATUS=listening at ${address ?? ''}`)
    expect((await fetch(`http://${address ?? ''}/`)).status).toBe(200)
    expect((await fetch(`${await daemon.adminUrl()}/healthz`)).status).toBe(200)
    daemon.kill('SIGTERM')
    await manager.until((messages) => messages.includes('STOPPING=1'))
    expect(await daemon.exit).toBe(0)
    expect(manager.count(PING)).toBe(0)
    expect(notTold(daemon)).toEqual([])
  })

  it('does not say READY when its start is refused', async (context) => {
    context.skip(missing !== '', missing)
    const bench = await seeded()
    const manager = await playing(bench.folder)
    const first = await bench.started()
    const environment = { NOTIFY_SOCKET: manager.path }
    const second = bench.launch({ environment })
    expect(await second.exit).toBe(78)
    // its own message comes after any that the daemon's could have left on the way
    spawnSync('systemd-notify', ['STATUS=end'], { env: { ...process.env, ...environment } })
    await manager.until((messages) => messages.includes('STATUS=end'))
    expect(manager.messages.filter((one) => one.includes('READY'))).toEqual([])
    first.kill('SIGTERM')
  })

  it('pings twice within the watchdog’s time, and not while its loop stands still', async (context) => {
    context.skip(missing !== '', missing)
    const pinging = async () => {
      const bench = await seeded()
      const manager = await playing(bench.folder)
      const environment = { NOTIFY_SOCKET: manager.path, WATCHDOG_USEC: '200000' }
      const daemon = bench.launch({ under: WITH_PID, environment })
      const begun = performance.now()
      await manager.until(() => manager.count(PING) >= 3)
      expect(performance.now() - begun).toBeGreaterThan(200)
      return { manager, daemon }
    }
    const [stuck, sound] = await Promise.all([pinging(), pinging()])
    const more = (count: number) => {
      const before = sound.manager.count(PING)
      return sound.manager.until(() => sound.manager.count(PING) >= before + count)
    }
    stuck.daemon.kill('SIGSTOP')
    await more(2) // a ping that was on its way arrives
    const before = stuck.manager.count(PING)
    await more(4)
    expect(stuck.manager.count(PING)).toBe(before)
    stuck.daemon.kill('SIGCONT')
    await stuck.manager.until(() => stuck.manager.count(PING) > before)
  })

  it('leaves the watchdog alone that is meant for another process', async (context) => {
    context.skip(missing !== '', missing)
    const bench = await seeded()
    const manager = await playing(bench.folder)
    const watchdog = { WATCHDOG_USEC: '2000', WATCHDOG_PID: '1' }
    const daemon = bench.launch({ environment: { NOTIFY_SOCKET: manager.path, ...watchdog } })
    await daemon.line('device.ready')
    daemon.kill('SIGTERM')
    await manager.until((messages) => messages.includes('STOPPING=1'))
    expect(manager.count(PING)).toBe(0)
  })

  it('that leads nowhere goes on serving, and says so once', async (context) => {
    context.skip(missing !== '', missing)
    const bench = await seeded()
    const environment = { NOTIFY_SOCKET: join(bench.folder, 'nobody'), WATCHDOG_USEC: '20000' }
    const daemon = bench.launch({ environment })
    await daemon.line('service-manager.not-told')
    const url = await daemon.url()
    for (let i = 0; i < 20; i++) expect((await fetch(url)).status).toBe(200)
    daemon.kill('SIGTERM')
    expect(await daemon.exit).toBe(0)
    expect(notTold(daemon)).toHaveLength(1)
    expect(notTold(daemon)[0]).toMatchObject({ severity: 'warn' })
  })

  it('without systemd-notify in PATH goes on serving, and says which program is missing', async () => {
    const bench = await seeded()
    const environment = { NOTIFY_SOCKET: join(bench.folder, 'nobody') }
    const daemon = bench.launch({ under: withoutPrograms(bench), environment })
    const line = await daemon.line('service-manager.not-told')
    expect(line['reason']).toContain('systemd-notify')
    expect((await fetch(await daemon.url())).status).toBe(200)
    daemon.kill('SIGTERM')
    expect(await daemon.exit).toBe(0)
  })
})

describe('a daemon without NOTIFY_SOCKET', () => {
  it('looks for no systemd-notify, also where a watchdog’s time is set', async () => {
    const bench = await seeded()
    const environment = { NOTIFY_SOCKET: '', WATCHDOG_USEC: '2000' }
    const daemon = bench.launch({ under: withoutPrograms(bench), environment })
    await daemon.line('device.ready')
    daemon.kill('SIGTERM')
    expect(await daemon.exit).toBe(0)
    expect(notTold(daemon)).toEqual([])
  })
})

/** A PATH in which there is nothing to start: starting something is an error at once. */
const withoutPrograms = ({ folder }: Bench) => ['/usr/bin/env', `PATH=${folder}`]
