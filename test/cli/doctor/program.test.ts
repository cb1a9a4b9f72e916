import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { judgeNativeParts, judgeNode } from '../../../src/cli/doctor/checks/program.js'
import { packageVersion } from '../../../src/cli/version.js'
import { findingOf, temporaryFolder, thisHost } from './support.js'

describe('node-version', () => {
  const status = (running: string, today = '2026-01-01') => judgeNode(running, '>=20.19', today).status

  test('fails below the version that package.json asks for', () => {
    expect(status('20.18.3')).toBe('fail')
    expect(status('18.20.8')).toBe('fail')
    expect(status('20.19.0')).toBe('pass')
    expect(status('20.9.0')).toBe('fail')
  })

  test('warns of versions without security updates, from the day after their last one', () => {
    expect(status('20.20.2', '2026-04-30')).toBe('pass')
    expect(status('20.20.2', '2026-05-01')).toBe('warn')
    expect(status('24.1.0', '2028-05-01')).toBe('warn')
  })

  test('warns of odd versions of the old schedule, and of no version that it does not know', () => {
    expect(status('25.1.0')).toBe('warn')
    expect(status('26.1.0')).toBe('pass')
    expect(status('27.0.0')).toBe('pass')
  })

  test('tells this program’s version, and judges by the machine’s day', async () => {
    const onDay = (day: string) =>
      findingOf('node-version', {}, thisHost([], { wallClock: () => Date.parse(day) }))
    expect((await onDay('2026-01-01')).detail).toContain(`tezio-bridge ${packageVersion()}`)
    expect((await onDay('2040-01-01')).status).toBe('warn')
  })
})

describe('native-parts', () => {
  test('pass where both load', async () => {
    expect(await findingOf('native-parts', {})).toMatchObject({ status: 'pass' })
  })

  test('fail with the loader’s words where one was made for another machine, or is not there', async () => {
    const folder = temporaryFolder()
    const broken = join(folder, 'node_modules', 'broken')
    mkdirSync(broken, { recursive: true })
    writeFileSync(join(broken, 'binding.node'), 'not a program')
    writeFileSync(join(broken, 'index.js'), "require('./binding.node')")
    const finding = await judgeNativeParts(['broken', 'absent'], join(folder, 'main.js'))
    expect(finding).toMatchObject({ status: 'fail', remedy: expect.stringContaining('npm') as string })
    expect(finding.detail).toMatch(/broken cannot be loaded: .*(?:ELF|file too short|invalid)/)
    expect(finding.detail).toMatch(/absent cannot be loaded: Cannot find module/)
  })
})
