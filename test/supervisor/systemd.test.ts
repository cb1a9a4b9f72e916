import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { EXIT } from '../../src/cli/exit-code.js'
import { INSTALL_TIMEOUT_MS, whyMissing } from '../debian-package.js'
import { ADDRESS, Bench, cli, PROGRAM, sign } from '../e2e/daemon.js'
import { block, operation } from '../e2e/payloads.js'
import { parseTrace } from '../e2e/strace.js'
import { install, PLACES, shipped } from './install.js'

const FILE = 'systemd/tezio-bridge.service'
/** What `systemd-analyze security` finds, in tenths; lower is better, and what is left is in supervisor/README.md. */
const EXPOSURE = 16

let missing = ''
let straceMissing = ''
const folder = mkdtempSync(join(tmpdir(), 'tezio-bridge-systemd-'))
beforeAll(() => {
  missing = whyMissing('systemd')
  straceMissing = whyMissing('strace')
}, 2 * INSTALL_TIMEOUT_MS)
afterAll(() => {
  rmSync(folder, { recursive: true, force: true })
})

/** The unit as `install.sh` writes it for the compiled program. */
function unitFile(): string {
  expect(install(['--prefix', folder, '--manager', 'systemd', '--bin', PROGRAM]).code).toBe(0)
  return join(folder, PLACES[FILE])
}

const analyze = (...args: readonly string[]) => spawnSync('systemd-analyze', args, { encoding: 'utf8' })

/** The values of a setting of the unit, line by line. */
function settings(name: string): readonly string[] {
  return [...shipped(FILE).matchAll(new RegExp(`^${name}=(.*)$`, 'gm'))].map(([, value = '']) => value)
}

describe('the systemd unit', () => {
  it('is verified without a word by systemd-analyze', (context) => {
    context.skip(missing !== '', missing)
    const { status, stdout, stderr } = analyze('verify', unitFile())
    expect([status, stdout, stderr]).toEqual([0, '', ''])
  })

  it(`leaves an exposure of at most ${(EXPOSURE / 10).toFixed(1)}`, (context) => {
    context.skip(missing !== '', missing)
    const { status, stdout } = analyze('security', '--offline=true', `--threshold=${EXPOSURE}`, unitFile())
    expect(status, stdout).toBe(0)
  })

  it('lets neither a wrong call nor a refusal loop, and restarts after everything else but a stop', () => {
    expect(settings('RestartPreventExitStatus')).toEqual([`${EXIT.usage} ${EXIT.refused}`])
    expect(settings('Restart')).toEqual(['on-failure'])
    expect(settings('StartLimitIntervalSec')).toEqual(['0'])
    const [, codes] = /^exitcodes=(.*)$/m.exec(shipped('supervisord/tezio-bridge.conf')) ?? []
    expect(codes).toBe(`${EXIT.ok},${EXIT.usage},${EXIT.refused}`)
  })

  it('allows every system call and every kind of socket that a daemon at work uses', async (context) => {
    context.skip(missing !== '' || straceMissing !== '', missing || straceMissing)
    const bench = new Bench()
    try {
      expect((await bench.init()).code).toBe(0)
      const file = join(bench.folder, 'trace')
      const under = ['strace', '-D', '-f', '-q', '-xx', '-o', file]
      // the socket leads nowhere, but systemd-notify runs
      const daemon = bench.launch({ under, environment: { NOTIFY_SOCKET: join(bench.folder, 'nobody') } })
      const url = await daemon.url()
      await daemon.line('device.ready')
      expect((await sign(url, ADDRESS.tz3, block(100))).status).toBe(200)
      expect((await sign(url, ADDRESS.tz1, operation())).status).toBe(200)
      expect((await fetch(`${await daemon.adminUrl()}/readyz`)).status).toBe(200)
      expect((await cli('marks', 'show', ...bench.options)).code).toBe(0)
      daemon.kill('SIGHUP')
      await daemon.line('config.reloaded')
      await daemon.line('service-manager.not-told')
      daemon.kill('SIGTERM')
      expect(await daemon.exit).toBe(0)
      const calls = parseTrace(readFileSync(file, 'utf8'))
      const used = new Set(calls.map(({ name }) => name))
      expect(used.size).toBeGreaterThan(40)
      const allowed = allowedCalls()
      expect([...used].filter((name) => !allowed.has(name))).toEqual([])
      const families = new Set(calls.filter(({ name }) => name === 'socket').map(({ args }) => args[0]))
      expect(families).toContain('AF_INET')
      const allowedFamilies = settings('RestrictAddressFamilies').flatMap((line) => line.split(' '))
      expect([...families].filter((family) => !allowedFamilies.includes(String(family)))).toEqual([])
    } finally {
      await bench.close()
    }
  }, 60_000)
})

/** What `SystemCallFilter=` lets through, by this systemd's own lists. */
function allowedCalls(): ReadonlySet<string> {
  const sets = new Map<string, readonly string[]>()
  for (const text of analyze('syscall-filter').stdout.split('\n\n')) {
    const [name = '', ...members] = text.split('\n').filter((line) => !/^\s*#/.test(line))
    sets.set(
      name.trim(),
      members.map((line) => line.trim()),
    )
  }
  const expand = (name: string): readonly string[] =>
    name.startsWith('@') ? (sets.get(name) ?? []).flatMap(expand) : [name]
  const allowed = new Set<string>()
  for (const line of settings('SystemCallFilter')) {
    const isDenied = line.startsWith('~')
    for (const call of line.replace('~', '').split(' ').flatMap(expand)) {
      if (isDenied) allowed.delete(call)
      else allowed.add(call)
    }
  }
  return allowed
}
