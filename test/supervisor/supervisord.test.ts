import { execFile, spawnSync } from 'node:child_process'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { constants, getPriority, setPriority } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { INSTALL_TIMEOUT_MS, whyMissing } from '../debian-package.js'
import { ADDRESS, BAKING_CONFIG, Bench, sign } from '../e2e/daemon.js'
import { block, operation } from '../e2e/payloads.js'
import { Supervisord } from './supervisord.js'

/** How long it may take from a crash to the next signature, in ms; supervisord itself looks after its processes once a second. */
const RECOVERY_MS = 2000
/** How often it is tried on a machine that is busy with other tests. */
const ATTEMPTS = 4

// several programs start in each test, and other tests run beside them
vi.setConfig({ testTimeout: 60_000 })

let missing = ''
let logrotateMissing = ''
beforeAll(() => {
  missing = whyMissing('supervisor')
  logrotateMissing = whyMissing('logrotate')
}, 2 * INSTALL_TIMEOUT_MS)

const closing: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

/** The time is the software's, not that of the other tests at work: before them, where the system permits it. */
function goBeforeOthers(): void {
  const usual = getPriority()
  try {
    setPriority(constants.priority.PRIORITY_HIGHEST)
    closing.push(() => {
      setPriority(usual)
    })
  } catch {
    console.warn('the time of a restart is measured beside the other tests: only root can go before them')
  }
}

async function supervised(config = BAKING_CONFIG) {
  const bench = new Bench(BAKING_CONFIG)
  closing.unshift(() => bench.close())
  expect((await bench.init()).code).toBe(0)
  writeFileSync(bench.config, config)
  const supervisord = new Supervisord(bench)
  closing.unshift(() => supervisord.close())
  return { bench, supervisord }
}

/** Where the `count`th daemon listens, once it has found its board. */
async function serving(supervisord: Supervisord, count = 1): Promise<string> {
  await supervisord.line('device.ready', count)
  return `http://${String((await supervisord.line('server.listening', count))['address'])}`
}

describe('supervisord', () => {
  it('starts a killed daemon at once, and its marks are what they were', async (context) => {
    context.skip(missing !== '', missing)
    goBeforeOthers()
    const { bench, supervisord } = await supervised()
    const recoveriesMs: number[] = []
    let url = await serving(supervisord)
    for (let count = 1; count <= ATTEMPTS && Math.min(...recoveriesMs) > RECOVERY_MS; count++) {
      const payload = block(100 + count)
      const first = await sign(url, ADDRESS.tz3, payload)
      expect(first.status).toBe(200)

      const killed = performance.now()
      process.kill(await supervisord.daemon(count), 'SIGKILL')
      url = await serving(supervisord, count + 1)
      const again = await sign(url, ADDRESS.tz3, payload)
      recoveriesMs.push(performance.now() - killed)
      expect(again).toEqual(first)
      const other = await sign(url, ADDRESS.tz3, block(100 + count))
      expect(other).toMatchObject({ status: 409, code: 'conflicts-with-mark' })
      expect(bench.signCommands).toBe(count)
    }
    console.info(`restarted and signing in ${recoveriesMs.map((ms) => ms.toFixed()).join(', ')} ms`)
    expect(Math.min(...recoveriesMs)).toBeLessThan(RECOVERY_MS)
    expect((await sign(url, ADDRESS.tz3, block(200))).status).toBe(200)

    // a stop is not a crash
    expect(supervisord.ctl('stop', 'tezio-bridge')).toBe('tezio-bridge: stopped')
    await supervisord.says(/stopped: tezio-bridge \(exit status 0\)/)
    expect(supervisord.ctl('status')).toMatch(/STOPPED/)
    expect(supervisord.said(/spawned: 'tezio-bridge'/)).toHaveLength(recoveriesMs.length + 1)
  })

  it('does not try a refused configuration again, and says where the reason is', async (context) => {
    context.skip(missing !== '', missing)
    const { bench, supervisord } = await supervised(`hello: world\n${BAKING_CONFIG}`)
    await supervisord.says(/exited: tezio-bridge \(exit status 78; expected\)/)
    // a later process of the same supervisord: it had time to start the first one again
    expect(supervisord.ctl('status')).toMatch(/EXITED/)
    const reason = readFileSync(join(supervisord.logFolder, 'tezio-bridge.err.log'), 'utf8')
    expect(reason).toContain('hello: is not a known key')

    writeFileSync(bench.config, BAKING_CONFIG)
    expect(supervisord.ctl('start', 'tezio-bridge')).toBe('tezio-bridge: started')
    expect((await sign(await serving(supervisord), ADDRESS.tz3, block(100))).status).toBe(200)
    expect(supervisord.said(/spawned: 'tezio-bridge'/)).toHaveLength(2)
  })

  it('tries again after 74, until the address is free', async (context) => {
    context.skip(missing !== '', missing)
    const holder = createServer()
    await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve))
    const taken = `127.0.0.1:${(holder.address() as AddressInfo).port}`
    const listen = BAKING_CONFIG.replace(
      'server: { listen: "127.0.0.1:0" }',
      `server: { listen: "${taken}" }`,
    )
    const { supervisord } = await supervised(listen)
    await supervisord.says(/exited: tezio-bridge \(exit status 74; not expected\)/)
    await new Promise((resolve) => holder.close(resolve))
    expect((await sign(await serving(supervisord), ADDRESS.tz3, block(100))).status).toBe(200)
    expect(await serving(supervisord)).toBe(`http://${taken}`)
  })
})

describe('logrotate', () => {
  it('finds nothing wrong with the shipped file', (context) => {
    context.skip(logrotateMissing !== '', logrotateMissing)
    const file = new URL('../../supervisor/logrotate/tezio-bridge', import.meta.url).pathname
    const { status, stderr } = spawnSync('logrotate', ['--debug', '--state', '/dev/null', file], {
      encoding: 'utf8',
    })
    expect(status).toBe(0)
    expect(stderr).toContain('rotating pattern: /var/log/tezio-bridge/*.log  after 1 days (90 rotations)')
    expect(stderr).not.toMatch(/error|unknown|duplicate/i)
  })

  it('turns the log over again and again under load, and not a line is lost', async (context) => {
    context.skip(missing !== '' || logrotateMissing !== '', missing || logrotateMissing)
    const { bench, supervisord } = await supervised()
    const url = await serving(supervisord)
    const ROTATIONS = 3
    let isOver = false
    let signed = 0
    const baker = async () => {
      while (!isOver) {
        expect((await sign(url, ADDRESS.tz3, operation())).status).toBe(200)
        signed += 1
      }
    }
    const load = Promise.all([baker(), baker()])
    for (let rotation = 1; rotation <= ROTATIONS; rotation++) {
      const state = join(bench.folder, 'logrotate.status')
      const { status, stderr } = await rotate(supervisord.logrotate, state)
      expect([status, stderr]).toEqual([0, ''])
      // supervisord has opened the new file, and the daemon has written to it
      await supervisord.says(/received SIGUSR2/, rotation)
      await supervisord.line('signature.decided', supervisord.linesOf('signature.decided').length + 5)
    }
    isOver = true
    await load
    // what the daemon had written is in the file when supervisord has seen its end
    expect(supervisord.ctl('stop', 'tezio-bridge')).toBe('tezio-bridge: stopped')
    const files = readdirSync(supervisord.logFolder).filter((name) => /^tezio-bridge\.log/.test(name))
    const lines = files.flatMap((name) => linesOf(join(supervisord.logFolder, name)))
    expect(files).toHaveLength(ROTATIONS + 1)
    expect(files.filter((name) => name.endsWith('.gz'))).toHaveLength(ROTATIONS - 1)
    const decided = lines.filter(
      (line) => (JSON.parse(line) as { event?: string }).event === 'signature.decided',
    )
    expect(decided).toHaveLength(signed)
  })
})

/** Runs the real logrotate, whose clock it is not to wait for, while the board of this process goes on answering. */
function rotate(file: string, state: string) {
  return new Promise<{ readonly status: number | null; readonly stderr: string }>((resolve) => {
    const child = execFile('logrotate', ['--force', '--state', state, file], (_error, _stdout, stderr) => {
      resolve({ status: child.exitCode, stderr })
    })
  })
}

function linesOf(path: string): readonly string[] {
  const bytes = readFileSync(path)
  const text = (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8')
  return text.split('\n').filter((line) => line !== '')
}
