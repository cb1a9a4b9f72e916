import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { ROOT } from '../docs/documents.js'
import { ADDRESS, Bench, PROGRAM, sign } from '../e2e/daemon.js'
import { attestation, block, operation } from '../e2e/payloads.js'
import { DOWNLOAD_MS, npm } from './npm.js'

/** Beside the Node of the tests, the lines that are supported for years. The lowest one is in package.json. */
const VERSIONS = ['22.23.3', '24.21.0']
/** The npm package that carries Node itself, where there is one for this system. */
const PACKAGE =
  process.platform === 'linux' && ['x64', 'arm64'].includes(process.arch) ? `node-linux-${process.arch}` : ''
/** Downloaded once; git does not see it. */
const CACHE = join(ROOT, 'reports/node')

/** The program of a Node version, or why it is not here. */
async function findNode(version: string): Promise<{ readonly path: string } | { readonly missing: string }> {
  if (PACKAGE === '')
    return { missing: `no npm package carries Node for ${process.platform} ${process.arch}` }
  const place = join(CACHE, version)
  const path = join(place, 'node_modules', PACKAGE, 'bin/node')
  if (existsSync(path)) return { path }
  mkdirSync(CACHE, { recursive: true })
  const fresh = mkdtempSync(join(CACHE, 'new-'))
  try {
    writeFileSync(join(fresh, 'package.json'), '{ "private": true }\n')
    const result = await npm(
      ['install', '--ignore-scripts', '--prefer-offline', `${PACKAGE}@${version}`],
      fresh,
    )
    if (result.outcome === 'failed') {
      if (!result.isOffline) throw new Error(result.reason)
      return { missing: `the registry does not answer: ${result.reason}` }
    }
    // in one move: a download that was broken off is never taken for a Node
    rmSync(place, { recursive: true, force: true })
    renameSync(fresh, place)
    return { path }
  } finally {
    rmSync(fresh, { recursive: true, force: true })
  }
}

const benches: Bench[] = []
afterEach(async () => {
  for (const bench of benches.splice(0)) await bench.close()
})

describe.each(VERSIONS)('on Node %s', (version) => {
  it(
    'a daemon signs, repeats, refuses a conflict, reloads and stops in order',
    async (context) => {
      const node = await findNode(version)
      const missing = 'missing' in node ? node.missing : ''
      if (missing !== '') console.warn(`skipped: ${missing}`)
      context.skip(missing !== '', missing)
      const program = ['path' in node ? node.path : '', PROGRAM]
      expect(spawnSync(program[0]!, ['--version'], { encoding: 'utf8' }).stdout).toBe(`v${version}\n`)

      const bench = new Bench()
      benches.push(bench)
      const init = spawnSync(program[0]!, [PROGRAM, 'init', ...bench.options], { encoding: 'utf8' })
      expect([init.status, init.stderr]).toEqual([0, ''])
      const daemon = bench.launch({ program })
      const url = await daemon.url()
      await daemon.line('device.ready')
      const payload = block(100)
      const first = await sign(url, ADDRESS.tz3, payload)
      expect(first.status).toBe(200)
      expect(await sign(url, ADDRESS.tz3, payload)).toEqual(first)
      expect(await sign(url, ADDRESS.tz3, block(100))).toMatchObject({
        status: 409,
        code: 'conflicts-with-mark',
      })
      expect((await sign(url, ADDRESS.tz3, attestation(100))).status).toBe(200)
      for (const key of [ADDRESS.tz1, ADDRESS.tz2])
        expect((await sign(url, key, operation())).status).toBe(200)
      expect(bench.signCommands).toBe(4)
      daemon.kill('SIGHUP')
      await daemon.line('config.reloaded')
      daemon.kill('SIGTERM')
      expect(await daemon.exit).toBe(0)
      // not a word of deprecation either
      expect(daemon.stderr).toBe('')
    },
    DOWNLOAD_MS + 30_000,
  )
})
