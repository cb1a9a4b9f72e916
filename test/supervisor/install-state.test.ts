import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { PROGRAM } from '../e2e/daemon.js'
import { install } from './install.js'

let folder = ''
let state = ''
let config = ''

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tezio-bridge-install-'))
  state = join(folder, 'state')
  config = join(folder, 'config.yaml')
  mkdirSync(state, { mode: 0o700 })
  writeFileSync(config, '')
  chmodSync(config, 0o600)
})
afterEach(() => {
  rmSync(folder, { recursive: true, force: true })
})

/** What the installer would do on this very system, for a user that every Debian has. */
function planned() {
  const places = ['--config', config, '--state-dir', state, '--bin', PROGRAM]
  return install(['--dry-run', '--manager', 'supervisord', '--user', 'daemon', ...places])
}

const isRoot = process.getuid?.() === 0

describe('what stands there before the installation', () => {
  it.runIf(isRoot)('and is root’s is given to the service, which may read its configuration', () => {
    const { code, stdout } = planned()
    expect(code).toBe(0)
    expect(stdout).toContain(`would run: chown -R daemon:daemon ${state}\n`)
    expect(stdout).toContain(`would run: chgrp daemon ${config}\n`)
    expect(stdout).toContain(`would run: chmod g+r ${config}\n`)
  })

  it.runIf(isRoot)('and is the service’s already stays as it is', () => {
    const [uid, gid] = [1, 1] // daemon's, on every Debian
    chownSync(state, uid, gid)
    chownSync(config, 0, gid)
    const { code, stdout, stderr } = planned()
    expect(code).toBe(0)
    expect(`${stdout}${stderr}`).not.toMatch(/chown -R|chgrp|belongs to/)
  })

  it.runIf(isRoot)('and is somebody else’s is left alone, with a warning', () => {
    chownSync(state, 2, 2)
    const { code, stdout, stderr } = planned()
    expect(code).toBe(0)
    expect(stdout).not.toContain('chown -R')
    expect(stderr).toContain(`${state} belongs to bin`)
  })

  it('is not asked for again: only what is left to do is told', () => {
    expect(planned().stdout).toMatch(/ init --config /)
    expect(planned().stdout).not.toContain('# write ')
    writeFileSync(join(state, 'marks.journal'), '')
    expect(planned().stdout).not.toMatch(/ init --config /)
    rmSync(config)
    expect(planned().stdout).toContain(`# write ${config}`)
    expect(planned().stdout).toMatch(/supervisorctl update\n$/)
  })
})
