import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { PROGRAM } from '../e2e/daemon.js'
import { install, PLACES, shipped } from './install.js'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tezio-bridge-install-'))
})
afterEach(() => {
  rmSync(folder, { recursive: true, force: true })
})

const BIN = ['--bin', '/usr/local/bin/tezio-bridge']
const into = (manager: string, ...args: readonly string[]) =>
  install(['--prefix', folder, '--manager', manager, ...BIN, ...args])
const read = (file: keyof typeof PLACES) => readFileSync(join(folder, PLACES[file]), 'utf8')
const filesOf = (root: string) =>
  readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
    .toSorted()
const modeOf = (path: string) => (statSync(join(folder, path)).mode & 0o777).toString(8)

describe('install.sh', () => {
  it('with its defaults puts the shipped files in place as they are', () => {
    expect(into('systemd')).toMatchObject({ code: 0, stderr: '' })
    expect(filesOf(folder)).toEqual(
      [PLACES['systemd/tezio-bridge.service'], PLACES['udev/60-tezio-bridge.rules']].toSorted(),
    )
    expect(into('supervisord')).toMatchObject({ code: 0, stderr: '' })
    for (const file of Object.keys(PLACES) as (keyof typeof PLACES)[]) expect(read(file)).toBe(shipped(file))
    expect(modeOf(PLACES['systemd/tezio-bridge.service'])).toBe('644')
    expect(modeOf('etc/tezio-bridge')).toBe('750')
    expect(modeOf('var/lib/tezio-bridge')).toBe('700')
    expect(modeOf('var/log/tezio-bridge')).toBe('750')
  })

  it('writes its options into every file that carries them', () => {
    const options = ['--user', 'baker-1', '--config', '/srv/b/c.yaml', '--state-dir', '/srv/b/User=x']
    const valid = [...options.slice(0, 4), '--state-dir', '/srv/marks', '--bin', '/opt/t/bin/tezio-bridge']
    expect(into('systemd', ...options).code).toBe(64)
    for (const manager of ['systemd', 'supervisord']) expect(into(manager, ...valid).code).toBe(0)
    const command = '/opt/t/bin/tezio-bridge serve --config /srv/b/c.yaml --state-dir /srv/marks'
    const unit = read('systemd/tezio-bridge.service')
    expect(unit).toMatch(new RegExp(`^ExecStart=${command}$`, 'm'))
    expect(unit).toMatch(/^User=baker-1\nGroup=baker-1$/m)
    expect(unit).toMatch(/^ReadWritePaths=\/srv\/marks$/m)
    expect(unit).not.toMatch(/^StateDirectory=/m)
    expect(read('supervisord/tezio-bridge.conf')).toMatch(
      new RegExp(`^command=${command}\\ndirectory=/\\n.*\\n*user=baker-1$`, 'm'),
    )
    expect(read('udev/60-tezio-bridge.rules')).toContain('GROUP="baker-1", MODE="0660"')
    expect(existsSync(join(folder, 'srv/marks'))).toBe(true)
    expect(into('systemd', '--force', '--state-dir', '/var/lib/a/b').code).toBe(0)
    expect(read('systemd/tezio-bridge.service')).toMatch(/^StateDirectory=a\/b$/m)
  })

  it('changes nothing when it is called again', () => {
    into('supervisord')
    const times = () => filesOf(folder).map((file) => [file, statSync(join(folder, file)).mtimeMs])
    const before = times()
    const again = into('supervisord')
    expect(again).toMatchObject({ code: 0, stderr: '' })
    expect(again.stdout.match(/: is as it should be$/gm)).toHaveLength(3)
    expect(times()).toEqual(before)
  })

  it('touches nothing where a file differs, unless it is forced, and then keeps what was there', () => {
    into('supervisord')
    const conf = join(folder, PLACES['supervisord/tezio-bridge.conf'])
    writeFileSync(conf, 'mine\n')
    rmSync(join(folder, PLACES['logrotate/tezio-bridge']))
    const refused = into('supervisord')
    expect(refused.code).toBe(78)
    expect(refused.stderr).toContain(conf)
    expect(refused.stderr).toContain('--force')
    expect(readFileSync(conf, 'utf8')).toBe('mine\n')
    expect(existsSync(join(folder, PLACES['logrotate/tezio-bridge']))).toBe(false)
    expect(into('supervisord', '--force').code).toBe(0)
    expect(readFileSync(`${conf}.bak`, 'utf8')).toBe('mine\n')
    expect(read('supervisord/tezio-bridge.conf')).toBe(shipped('supervisord/tezio-bridge.conf'))
  })

  it('with --dry-run shows every action and every text, and does nothing', () => {
    const { code, stdout } = into('supervisord', '--dry-run')
    expect(code).toBe(0)
    expect(filesOf(folder)).toEqual([])
    expect(readdirSync(folder)).toEqual([])
    for (const file of Object.keys(PLACES) as (keyof typeof PLACES)[]) {
      if (file.startsWith('systemd/')) continue
      expect(stdout).toContain(`${join(folder, PLACES[file])}: is written`)
      const shown = shipped(file).replace(/^/gm, '    ').replace(/ {4}$/, '')
      expect(stdout).toContain(shown)
    }
    const here = install([
      '--dry-run',
      '--manager',
      'systemd',
      '--user',
      'nobody-of-this-test',
      '--bin',
      PROGRAM,
    ])
    expect(here.stdout).toContain('would run: useradd --system')
    expect(here.stdout).toMatch(/would run: chown nobody-of-this-test:nobody-of-this-test \/var\/lib/)
  })

  it('tells the next steps with the paths it was given', () => {
    const { stdout } = into('systemd', '--config', '/srv/c.yaml')
    expect(stdout).toContain('udevadm control --reload')
    expect(stdout).toContain('init --config /srv/c.yaml --state-dir /var/lib/tezio-bridge --level LEVEL')
    expect(stdout).toContain('systemctl enable --now tezio-bridge')
  })

  it.each([
    [['--manager', 'upstart'], 'upstart: systemd or supervisord'],
    [['--fast'], '--fast is not an option'],
    [['--user'], '--user needs a value'],
    [['--user', ''], '--user needs a value'],
    [['--user', 'Baker;id'], '--user Baker;id'],
    [['--config', 'config.yaml'], '--config config.yaml: an absolute path'],
    [['--config', '/etc/a b.yaml'], '--config /etc/a b.yaml: only letters'],
    [['--state-dir', '/var/lib/x|y'], '--state-dir /var/lib/x|y: only letters'],
    [['--state-dir', '/var/lib/../x'], '--state-dir /var/lib/../x: write it without'],
    [['--bin', '/usr/bin/%n'], '--bin /usr/bin/%n: only letters'],
    [['--prefix', 'here'], '--prefix here: an absolute path'],
  ])('%j is called wrongly', (args, words) => {
    const { code, stderr } = into('systemd', ...args)
    expect(stderr).toContain(words)
    expect(code).toBe(64)
    expect(readdirSync(folder)).toEqual([])
  })

  it('refuses a program that is not there, where it would be started', () => {
    const { code, stderr } = install(['--dry-run', '--manager', 'systemd', '--bin', join(folder, 'none')])
    expect([code, stderr]).toEqual([64, expect.stringContaining('not there')])
  })

  it('finds the program of its own package without being told', () => {
    expect(install(['--prefix', folder, '--manager', 'systemd']).code).toBe(0)
    expect(read('systemd/tezio-bridge.service')).toContain(`ExecStart=${PROGRAM} serve`)
  })

  it('warns of places that the hardened service cannot see', () => {
    const { stderr } = into('systemd', '--config', '/root/c.yaml', '--state-dir', '/tmp/state')
    expect(stderr).toContain('/root/c.yaml: the service cannot see it (ProtectHome=)')
    expect(stderr).toContain('/tmp/state: the service cannot see it (PrivateTmp=)')
  })
})
