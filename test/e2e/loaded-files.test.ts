import { existsSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { bundleDaemon } from '../../scripts/bundle.mjs'
import { ADDRESS, Bench, sign, type Daemon } from './daemon.js'
import { attestation } from './payloads.js'

/** The packages that are in the daemon's one file. Another one makes everybody wait after each crash. */
const BUNDLED = [
  ...['@hono/node-server', 'hono', 'bson', 'commander', 'yaml', 'zod', 'prom-client'],
  ...['@noble/curves', '@noble/hashes', 'bs58check', 'bs58', 'base-x'],
]

/** The packages that a daemon with a plain configuration loads beside it. */
const PACKAGES = [
  ...['@serialport/bindings-cpp', '@serialport/bindings-interface', '@serialport/stream', 'node-gyp-build'],
  ...['@serialport/parser-readline', '@serialport/parser-delimiter'], // the binding reads udevadm's lines with it
  ...['debug', 'ms', 'supports-color', 'has-flag'], // of serialport
  ...['pino', 'pino-std-serializers', '@pinojs/redact', 'atomic-sleep', 'on-exit-leak-free'],
  ...['quick-format-unescaped', 'safe-stable-stringify', 'sonic-boom', 'thread-stream'], // of pino
  ...['fs-native-extensions', 'require-addon', 'which-runtime'],
  ...['bare-addon-resolve', 'bare-module-resolve', 'bare-semver'], // of fs-native-extensions
]

/** The files of the program itself that `serve` loads. */
const OWN = [
  ...['src/cli/main.js', 'src/cli/output.js', 'src/system-error.js'],
  ...['src/cli/daemon.js', 'src/cli/daemon-core.js', 'src/cli/daemon-runtime.js'],
]

const ETHEREUM =
  /^(?:src\/(?:(?:ethereum|eth-signer|accounts(?!\/postgresql)|server\/ethereum|cli\/ethereum|cli\/accounts)\/(?!accounts-pages\.js)|strict-json\.js|device\/pkcs11\/(?:ethereum-keys|account-names|accounts-token)\.js)|(?:\.\.\/)*node_modules\/(?:micro-eth-signer|micro-packed|@noble|@scure)\/)/

/** The parts of the daemon that only some configurations need, and where they come from. */
const OPTIONAL = [
  ['daemon-pkcs11.js', /^src\/device\/pkcs11\//],
  ['daemon-shared-marks.js', /^src\/shared-marks\//],
  ['daemon-shared-accounts.js', /^src\/accounts\/postgresql\//],
  ['daemon-ethereum.js', ETHEREUM],
] as const

/** The parts of the program that only other commands need. */
const OF_OTHER_COMMANDS = [
  /^hw-sim\//,
  /^src\/migration\/(?!migration-error\.js)/,
  /^src\/cli\/(?:setup|doctor|devices|status)\//,
  /^src\/cli\/host\/(?!accounts\.js|host\.js)/,
  /^src\/cli\/(?:commands|completion-command|console|conformance|demo|init|keys|marks|policy-explain)\.js$/,
  /^src\/device\/line-console\.js$/,
]

const LIST_LOADED = fileURLToPath(new URL('list-loaded.mjs', import.meta.url))
const DIST = fileURLToPath(new URL('../../dist/', import.meta.url))

let bench: Bench
let list: string

beforeEach(async () => {
  bench = new Bench()
  list = join(bench.folder, 'loaded')
  await bench.init()
})
afterEach(() => bench.close())

describe('serve', () => {
  test('loads three files of its own beside what begins, and no package that a plain configuration does not need', async () => {
    await ready(start())
    const isOfPackage = (path: string) => path.includes('/node_modules/')
    expect(new Set(loaded().filter(isOfPackage).map(packageOf))).toEqual(new Set(PACKAGES))
    const own = loaded().filter((path) => !isOfPackage(path))
    expect(own.map((path) => relative(DIST, path)).sort()).toEqual([...OWN].sort())
  })

  test('has in that file what the daemon is made of, and no part that only another command needs', async () => {
    const files = await bundleDaemon(DIST, bench.folder)
    const modules = files.get('daemon-core.js') ?? []
    expect(new Set(modules.map(packageOf).filter((name) => name !== undefined))).toEqual(new Set(BUNDLED))
    const own = modules.map((path) => relative(DIST, path))
    expect(own).toContain('src/policy/decide.js')
    const optional = OPTIONAL.map(([, part]) => part)
    const others = [...OF_OTHER_COMMANDS, ...optional]
    const foreign = own.filter((path) => others.some((part) => part.test(path)))
    expect(foreign.filter((path) => !/node_modules\/@noble\/(?!ciphers|hashes\/sha3)/.test(path))).toEqual([])
    for (const file of files.keys()) {
      const [built, made] = [join(DIST, 'src/cli'), bench.folder].map((folder) =>
        readFileSync(join(folder, file), 'utf8'),
      )
      expect(built).toBe(made)
    }
  })

  test('has what only some configurations need in files of its own', async () => {
    const files = await bundleDaemon(DIST, bench.folder)
    expect([...files.keys()].sort()).toEqual(
      ['daemon.js', 'daemon-core.js', 'daemon-runtime.js', ...OPTIONAL.map(([file]) => file)].sort(),
    )
    for (const [file, part] of OPTIONAL) {
      const own = (files.get(file) ?? []).map((path) => relative(DIST, path))
      expect(own.length).toBeGreaterThan(3)
      expect(own.filter((path) => !part.test(path))).toEqual([])
    }
  })

  test('has loaded all that a signature needs before it is ready', async () => {
    const daemon = start()
    await ready(daemon)
    const before = loaded()
    const answer = await sign(await daemon.url(), ADDRESS.tz3, attestation(1))
    expect(answer.status).toBe(200)
    expect(loaded()).toEqual(before)
  })
})

/** The name of the package that a file belongs to; `undefined` for the program's own. */
function packageOf(path: string): string | undefined {
  return /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1]
}

function start(): Daemon {
  return bench.launch({ node: ['--import', LIST_LOADED], environment: { LOADED: list } })
}

async function ready(daemon: Daemon): Promise<void> {
  await daemon.line('server.listening')
  await daemon.line('device.ready')
}

/** The files that the daemon has compiled so far, in the order of their loading. */
function loaded(): readonly string[] {
  return readFileSync(list, 'utf8')
    .split('\n')
    .filter((path) => existsSync(path) && path !== LIST_LOADED)
}
