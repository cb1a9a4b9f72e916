import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { ADDRESS, BAKING_CONFIG, Daemon, sign } from '../e2e/daemon.js'
import { block } from '../e2e/payloads.js'
import { Watched } from '../watched.js'
import { DOWNLOAD_MS, npm } from './npm.js'

const folder = mkdtempSync(join(tmpdir(), 'tezio-bridge-package-'))
const packed = z
  .array(z.object({ filename: z.string(), files: z.array(z.object({ path: z.string() })) }))
  .length(1)

/** Where a user needs what is there. Another folder is a decision, made here. */
const FOLDERS = [
  /^dist\/(src|hw-sim)\/.*\.(js|d\.ts|html|css|svg)$/,
  /^docs\/(decisions\/)?[\w-]+\.md$/,
  /^hw-sim\/(examples|latencies|scenarios)\/[\w-]+\.(py|yaml)$/,
  /^hw-sim\/(faults\/)?README\.md$/,
  /^supervisor\/([a-z]+\/)?[\w.-]+$/,
  /^(README|CHANGELOG|SECURITY)\.md$|^LICENSE$|^package\.json$/,
]

let tarball = ''
let files: readonly string[] = []
beforeAll(async () => {
  const result = await npm(['pack', '--json', '--pack-destination', folder])
  if (result.outcome === 'failed') throw new Error(result.reason)
  const [first] = packed.parse(JSON.parse(result.stdout))
  tarball = join(folder, first!.filename)
  files = first!.files.map(({ path }) => path)
}, DOWNLOAD_MS)
afterAll(() => {
  rmSync(folder, { recursive: true, force: true })
})

describe('the package', () => {
  it('holds what a user needs, and nothing else', () => {
    expect(files.filter((file) => !FOLDERS.some((folderOf) => folderOf.test(file)))).toEqual([])
    expect(files.filter((file) => /\.map$|tsbuildinfo|(^|\/)test\/|\.test\./.test(file))).toEqual([])
    const needed = [
      'supervisor/install.sh',
      'supervisor/README.md',
      'docs/config.md',
      'dist/hw-sim/index.d.ts',
    ]
    expect(files).toEqual(expect.arrayContaining(needed))
    for (const scenario of ['lost-reply', 'repeated-nonce']) {
      expect(files).toContain(`hw-sim/scenarios/${scenario}.yaml`)
    }
  })

  it(
    'installed into an empty folder signs with a simulated board, and installs itself under a supervisor',
    async (context) => {
      const place = join(folder, 'empty')
      mkdirSync(place)
      const result = await npm(['install', '--ignore-scripts', '--prefer-offline', tarball], place)
      const offline = result.outcome === 'failed' && result.isOffline
      if (offline) console.warn(`skipped: the registry does not answer: ${result.reason}`)
      context.skip(offline, 'the registry does not answer')
      expect(result).toMatchObject({ outcome: 'done' })
      const [bridge, simulator] = ['tezio-bridge', 'tezio-sim'].map((name) =>
        join(place, 'node_modules/.bin', name),
      )
      await signsWith(bridge!, simulator!)

      const installer = join(place, 'node_modules/tezio-bridge/supervisor/install.sh')
      expect(statSync(installer).mode & 0o111).not.toBe(0)
      const shown = execFileSync(installer, ['--dry-run', '--manager', 'systemd'], { encoding: 'utf8' })
      const program = join(place, 'node_modules/tezio-bridge/dist/src/cli/main.js')
      expect(shown).toContain(`ExecStart=${program} serve`)
      expect(execFileSync(program, ['--version'], { encoding: 'utf8' })).toMatch(/^\d+\.\d+\.\d+\n$/)
    },
    DOWNLOAD_MS,
  )
})

/** A block signed by a daemon of one program with the board of the other, each in its own process. */
async function signsWith(bridge: string, simulator: string): Promise<void> {
  const link = join(folder, 'tty')
  const board = new Watched([simulator, '--link', link], (line) => line)
  try {
    await board.until((lines) => lines.some((line) => line.startsWith('ready ')))
    const key = /^p256 +(tz3\w+)$/m.exec(board.lines.join('\n'))?.[1] ?? ''
    const config = join(folder, 'config.yaml')
    writeFileSync(config, BAKING_CONFIG.replace(/^ +tz[12].*\n/gm, '').replace(ADDRESS.tz3, key))
    const options = ['--config', config, '--state-dir', join(folder, 'state')]
    execFileSync(bridge, ['init', ...options])
    const daemon = new Daemon([...options, '--port', link], { program: [bridge] })
    await daemon.line('device.ready')
    const payload = block(100)
    const signed = await sign(await daemon.url(), key, payload)
    expect(signed).toMatchObject({ status: 200 })
    expect(await sign(await daemon.url(), key, payload)).toEqual(signed)
    daemon.kill('SIGTERM')
    expect(await daemon.exit).toBe(0)
  } finally {
    await board.kill()
  }
}
