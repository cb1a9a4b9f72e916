import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { EXIT } from '../../../src/cli/exit-code.js'
import { loadConfig } from '../../../src/config/index.js'
import { MarksJournal } from '../../../src/policy/index.js'
import { ADDRESS, Daemon, sign } from '../../e2e/daemon.js'
import { block } from '../../e2e/payloads.js'
import { FakeNode } from '../../octez/fake-node.js'
import { AS_ANYBODY, packageWithInstaller, runProgram, SetupBench, textIn } from './bench.js'

const AUTHENTICATION = 'tz3QaGkVCH9iVy4Rh7fQJobiQnc4yJpQKoMJ'
/** No node: what is there on this machine at the usual port does not matter. */
const ALONE = ['--yes', '--no-node', '--no-install', '--key', '3', '--chain', 'mainnet']
const LEVEL = ['--level', '1000']

let bench: SetupBench

beforeEach(() => {
  bench = new SetupBench()
  return () => {
    bench.close()
  }
})

const places = () =>
  [...MarksJournal.read(bench.stateDir).marks.values()].map(({ key, kind, level, round }) => [
    key,
    kind,
    level,
    round,
  ])

const allAt = (level: number) =>
  ['block', 'preattestation', 'attestation'].map((kind) => [ADDRESS.tz3, kind, level, 0])

/** A node that tells its head, so many milliseconds old. */
async function node(level: number, ageMs = 0, chain?: string): Promise<FakeNode> {
  const fake = await FakeNode.start(level)
  onTestFinished(() => fake.close())
  if (chain !== undefined) fake.chain = chain
  fake.answer = (_, response) => {
    const timestamp = new Date(Date.now() - ageMs).toISOString().replace(/\.\d+/, '')
    response.end(JSON.stringify({ chain_id: fake.chain, level: fake.level, timestamp }))
  }
  return fake
}

const withNode = ({ rpc }: FakeNode) => [
  '--yes',
  '--no-install',
  '--key',
  '3',
  '--chain',
  'mainnet',
  '--node',
  rpc,
]

describe('setup --yes', () => {
  test('makes all that serve needs: it signs above the first marks and not below them', async () => {
    const { code, stdout } = await bench.runProgram([...ALONE, ...LEVEL])
    expect(code).toBe(EXIT.ok)
    expect(stdout).toContain(`octez-client import secret key baker http://127.0.0.1:6732/${ADDRESS.tz3}`)
    expect(bench.files()).toEqual([
      'config.yaml',
      'tezio-bridge-state',
      'tezio-bridge-state/lock',
      'tezio-bridge-state/marks.journal',
    ])
    expect(statSync(bench.config).mode & 0o777).toBe(0o640)
    expect(statSync(bench.stateDir).mode & 0o777).toBe(0o700)
    expect(places()).toEqual(allAt(1000))
    // the usual ports may be taken on this machine
    writeFileSync(bench.config, readFileSync(bench.config, 'utf8').replace(/:673[23]/g, ':0'))
    const daemon = new Daemon(['--config', bench.config])
    onTestFinished(async () => {
      daemon.kill('SIGKILL')
      await daemon.exit
    })
    const url = await daemon.url()
    await daemon.line('device.ready')
    const below = await sign(url, ADDRESS.tz3, block(999))
    const above = await sign(url, ADDRESS.tz3, block(1001))
    expect([below.status, below.code, above.status]).toEqual([409, 'below-mark', 200])
  })

  test('run again says that all is there, and changes nothing', async () => {
    await bench.run([...ALONE, ...LEVEL])
    const before = [textIn(bench.config), textIn(join(bench.stateDir, 'marks.journal')), bench.files()]
    const again = await bench.run(ALONE) // no level is needed any more
    expect(again.code).toBe(EXIT.ok)
    expect(again.stdout).toContain('All is there already; nothing was changed')
    expect([textIn(bench.config), textIn(join(bench.stateDir, 'marks.journal')), bench.files()]).toEqual(
      before,
    )
  })

  test('tells as JSON what was found and done, and nothing else', async () => {
    const args = [...ALONE, ...LEVEL, '--json', '--authenticate', '--operations']
    const { code, stdout } = await bench.runProgram(args)
    expect(code).toBe(EXIT.ok)
    expect(JSON.parse(stdout)).toMatchObject({
      isDone: true,
      board: { path: bench.port.path, port: bench.port.path },
      key: ADDRESS.tz3,
      chain: 'mainnet',
      operations: ['reveal', 'delegation', 'set_deposits_limit'],
      authenticationKey: AUTHENTICATION,
      config: { file: bench.config, action: 'write', text: textIn(bench.config) },
      state: { action: 'create', directory: bench.stateDir, seeds: [{ level: 1000 }, {}, {}] },
    })
    const [key] = loadConfig(bench.config).keys
    expect(key).toMatchObject({ requiresAuthentication: true, allowedMagicBytes: [3, 0x11, 0x12, 0x13] })
    expect(stdout).toContain('octez-client import secret key tezio-auth')
  })

  test('with --dry-run shows all of it and writes nothing', async () => {
    const { code, stdout } = await bench.run([...ALONE, ...LEVEL, '--dry-run'])
    expect(code).toBe(EXIT.ok)
    expect(stdout).toContain("'tz3g4AnLYCcGY5sQvk6m2bxfBGFfXx4c1HfJ':")
    expect(stdout).toContain(`make ${bench.stateDir} with 3 first marks at level 1000`)
    expect(bench.files()).toEqual([])
  })

  test.each([
    ['--key', ['--chain', 'mainnet', '--no-node', ...LEVEL]],
    ['--chain', ['--key', '3', '--no-node', ...LEVEL]],
    ['--level', ['--key', '3', '--chain', 'mainnet', '--no-node']],
  ])('asks for %s by name where it has no safe value', async (option, args) => {
    const { code, stderr } = await bench.run(['--yes', '--no-install', ...args])
    expect(code).toBe(EXIT.usage)
    expect(stderr).toContain(`${option} is needed`)
    expect(bench.files()).toEqual([])
  })

  test.each([
    ['a chain that is none', ['--chain', 'mainet'], /NetX/],
    ['an operation that is none', ['--operations', 'reveal,teleport'], /teleport/],
    ['a node that is no URL', ['--node', 'localhost:8732'], /http or https/],
    ['a manager that is none', ['--manager', 'upstart'], /systemd or supervisord/],
    ['a key that is none', ['--key', 'baker'], /1, 2 or 3/],
    ['the authentication key', ['--key', '0'], /1, 2 or 3/],
  ])('refuses %s', async (_, args, expected) => {
    const { code, stderr } = await bench.run([...ALONE, ...LEVEL, ...args])
    expect(code).toBe(EXIT.usage)
    expect(stderr).toMatch(expected)
    expect(bench.files()).toEqual([])
  })

  test('and only --yes works without a terminal, and --json with nothing else', async () => {
    const plain = await bench.runProgram([])
    expect([plain.code, plain.stderr]).toEqual([EXIT.usage, expect.stringContaining('give --yes')])
    const asJson = await bench.run(['--json'])
    expect([asJson.code, asJson.stderr]).toEqual([
      EXIT.usage,
      expect.stringContaining('--json goes with --yes'),
    ])
  })
})

describe('the node', () => {
  test('gives the level of the first marks, and is named for the head check where that is wanted', async () => {
    const fake = await node(4321)
    const { code } = await bench.run([...withNode(fake), '--head-check'])
    expect(code).toBe(EXIT.ok)
    expect(places()).toEqual(allAt(4321))
    expect(loadConfig(bench.config).headCheck?.rpc).toBe(fake.rpc)
  })

  test('of another chain is refused with both names', async () => {
    const fake = await node(4321, 0, 'NetXnHfVqm9iesp')
    const { code, stderr } = await bench.run([...withNode(fake), ...LEVEL])
    expect(code).toBe(EXIT.refused)
    expect(stderr).toMatch(/is a node of ghostnet, and the chosen chain is mainnet/)
    expect(bench.files()).toEqual([])
  })

  test('that is silent is told, and the level has to be given', async () => {
    const fake = await node(1)
    fake.answer = (_, response) => response.socket?.destroy()
    const without = await bench.run(withNode(fake))
    expect(without.code).toBe(EXIT.usage)
    expect(without.stdout).toContain('does not tell the chain')
    expect(without.stderr).toContain('--level is needed')
    const given = await bench.run([...withNode(fake), ...LEVEL])
    expect(given.code).toBe(EXIT.ok)
    expect(places()).toEqual(allAt(1000))
  })

  test('that is far behind in time gives no level', async () => {
    const fake = await node(4000, 3_600_000)
    const { code, stderr } = await bench.run(withNode(fake))
    expect(code).toBe(EXIT.usage)
    expect(stderr).toMatch(/60 minutes old: it is not synchronised/)
    expect(stderr).toContain('--level is needed')
    const ahead = await node(4000, -3_600_000)
    expect((await bench.run(withNode(ahead))).stderr).toMatch(/clock/)
    expect(bench.files()).toEqual([])
  })

  test('whose head is far above the given level is believed: levels between may have been signed', async () => {
    const fake = await node(5000)
    const low = await bench.run([...withNode(fake), '--level', '4939'])
    expect([low.code, low.stderr]).toEqual([EXIT.usage, expect.stringContaining('61 levels below')])
    expect(bench.files()).toEqual([])
    const high = await bench.run([...withNode(fake), '--level', '5061', '--dry-run'])
    expect([high.code, high.stderr]).toEqual([EXIT.ok, expect.stringContaining('61 levels above')])
    const near = await bench.run([...withNode(fake), '--level', '4940'])
    expect(near.code).toBe(EXIT.ok)
    expect(places()).toEqual(allAt(4940))
  })
})

describe('a configuration that is there', () => {
  const OWN = `policy: {signing_keys: {${ADDRESS.tz3}: {allowed_ops: [0x11]}}}\n`

  test('and differs is shown and left alone', async () => {
    writeFileSync(bench.config, OWN)
    const { code, stdout, stderr } = await bench.run([...ALONE, ...LEVEL])
    expect([code, stderr]).toEqual([EXIT.refused, expect.stringContaining('--force')])
    expect(stdout).toContain(`-${OWN.trim()}`)
    expect(stdout).toContain('+chains: [mainnet]')
    expect(textIn(bench.config)).toBe(OWN)
    expect(bench.files()).toEqual(['config.yaml'])
  })

  test('is replaced with --force, and a backup stays', async () => {
    writeFileSync(bench.config, OWN)
    const { code } = await bench.run([...ALONE, ...LEVEL, '--force'])
    expect(code).toBe(EXIT.ok)
    const backups = bench.files().filter((name) => name.endsWith('.bak'))
    expect(backups).toHaveLength(1)
    expect(textIn(join(bench.home, backups[0]!))).toBe(OWN)
    expect(loadConfig(bench.config).keys[0]?.allowedMagicBytes).toEqual([0x11, 0x12, 0x13])
  })

  test('names the state directory that goes on being used: the marks are never lost sight of', async () => {
    const stateDir = join(bench.home, 'elsewhere')
    await bench.run([...ALONE, ...LEVEL, '--state-dir', stateDir])
    const { code, stdout } = await bench.run([...ALONE, '--level', '5', '--force', '--operations', 'reveal'])
    expect(code).toBe(EXIT.ok)
    expect(stdout).toContain('its marks stay as they are')
    expect(loadConfig(bench.config).stateDir).toBe(stateDir)
    expect([...MarksJournal.read(stateDir).marks.values()].map(({ level }) => level)).toEqual([
      1000, 1000, 1000,
    ])
  })
})

describe('a state that is there', () => {
  test('is not left for another one without a word', async () => {
    await bench.run([...ALONE, ...LEVEL])
    const other = join(bench.home, 'other')
    const { code, stderr } = await bench.run([...ALONE, ...LEVEL, '--state-dir', other, '--force'])
    expect([code, stderr]).toEqual([EXIT.ok, expect.stringContaining(`The marks in ${bench.stateDir}`)])
    expect(loadConfig(bench.config).stateDir).toBe(other)
  })

  test('is added to and never touched', async () => {
    await bench.run([...ALONE, ...LEVEL])
    const more = await bench.run([...ALONE, '--chain', 'ghostnet', '--level', '70', '--force'])
    expect(more.code).toBe(EXIT.ok)
    expect(more.stdout).toContain('- block of tz3g4AnLYCcGY5sQvk6m2bxfBGFfXx4c1HfJ on ghostnet')
    expect(places()).toEqual([...allAt(1000), ...allAt(70)])
  })

  test('is refused when its marks were exported', async () => {
    await bench.run([...ALONE, ...LEVEL])
    MarksJournal.open({ directory: bench.stateDir, maxLevelGap: 'off' }).bury()
    const { code, stderr } = await bench.run(ALONE)
    expect([code, stderr]).toEqual([EXIT.refused, expect.stringContaining('were exported')])
  })

  test('and owned by a running daemon ends setup before the port is touched', async () => {
    await bench.run([...ALONE, ...LEVEL])
    writeFileSync(bench.config, readFileSync(bench.config, 'utf8').replace(/:673[23]/g, ':0'))
    const daemon = new Daemon(['--config', bench.config])
    onTestFinished(async () => {
      daemon.kill('SIGKILL')
      await daemon.exit
    })
    await daemon.line('device.ready')
    const commands = bench.simulated.log.length
    const { code, stderr } = await bench.run([...ALONE, '--force'])
    expect(code).toBe(EXIT.refused)
    expect(stderr).toMatch(/is running with the state directory .*stop it first/)
    expect(bench.simulated.log.length).toBe(commands)
  })

  test('and owned by another process is not written', async () => {
    await bench.run([...ALONE, ...LEVEL])
    const owner = MarksJournal.open({ directory: bench.stateDir, maxLevelGap: 'off' })
    const before = textIn(bench.config)
    const args = [...ALONE, '--chain', 'ghostnet', '--level', '70', '--force']
    const { code, stderr } = await bench.run(args)
    owner.close()
    expect([code, stderr]).toEqual([EXIT.refused, expect.stringContaining(`owned by process ${process.pid}`)])
    expect(textIn(bench.config)).toBe(before)
    expect(places()).toEqual(allAt(1000))
  })
})

describe('a board', () => {
  test('with other keys than the one that is asked for is not taken', async () => {
    const { code, stderr } = await bench.run([
      ...ALONE,
      ...LEVEL,
      '--key',
      'tz3jKsrLgvfJWNjbxd1D5bv1Qy8VjtJgNkVn',
    ])
    expect(code).toBe(EXIT.refused)
    expect(stderr).toMatch(/no signing key tz3jK.*it has .*tz3g4A.*another board/)
    expect(bench.files()).toEqual([])
  })

  test('that does not answer is told with what to check', async () => {
    bench.simulated.addBehaviour({ name: 'silent', apply: () => [] })
    const { code, stderr } = await bench.run([...ALONE, ...LEVEL])
    expect(code).toBe(EXIT.unavailable)
    expect(stderr).toMatch(/TezioHSM_API[^]*bootloader/)
    expect(bench.files()).toEqual([])
  })

  test('that is not there is told with what to check', async () => {
    const { code, stderr } = await bench.run([...ALONE, ...LEVEL, '--port', join(bench.folder, 'none')])
    expect(code).toBe(EXIT.unavailable)
    expect(stderr).toMatch(/does not exist[^]*cable/)
  })

  test('whose port this user may not open is told with the group to join', async () => {
    chmodSync(bench.port.path, 0)
    const { code, stderr } = await bench.runProgram([...ALONE, ...LEVEL], AS_ANYBODY)
    expect(code).toBe(EXIT.unavailable)
    expect(stderr).toMatch(/permission denied[^]*usermod -aG dialout[^]*udev/)
  })
})

test('a folder that may not be written is told before the board is asked', async () => {
  chmodSync(bench.home, 0o500)
  const { code, stderr } = await bench.runProgram([...ALONE, ...LEVEL], AS_ANYBODY)
  expect(code).toBe(EXIT.refused)
  expect(stderr).toMatch(/cannot be written .*--config/)
  expect(bench.simulated.log).toEqual([])
})

describe('the files for the service manager', () => {
  const run = (program: string, args: readonly string[]) =>
    runProgram([
      process.execPath,
      program,
      ...bench.arguments,
      '--yes',
      '--no-node',
      '--key',
      '3',
      '--chain',
      'mainnet',
      ...LEVEL,
      ...args,
    ])

  test('are shown as the installer would write them, and installed where that is wanted', async () => {
    const { program } = packageWithInstaller(bench.folder)
    const prefix = join(bench.folder, 'root')
    const options = ['--manager', 'supervisord', '--user', 'anna', '--prefix', prefix]
    const expected = `command=${program} serve --config ${bench.config} --state-dir ${bench.stateDir}\n`
    const rule = join(prefix, 'etc/udev/rules.d/60-tezio-bridge.rules')
    const shown = await run(program, options)
    expect(shown.code).toBe(EXIT.ok)
    expect(shown.stdout).toContain('GROUP="anna"')
    expect(shown.stdout).toContain(expected)
    expect(shown.stdout).toMatch(/Done\. Next:[^]* serve\n/)
    expect(textIn(rule)).toBeUndefined()
    const done = await run(program, [...options, '--install'])
    expect([done.code, done.stderr]).toEqual([EXIT.ok, expect.not.stringContaining('missing')])
    expect(textIn(rule)).toContain('GROUP="anna"')
    expect(textIn(join(prefix, 'etc/supervisor/conf.d/tezio-bridge.conf'))).toContain(expected)
    expect(done.stdout).toMatch(/Next, as root:[^]*supervisorctl update\n[^]*And then:/)
    expect(done.stdout).not.toMatch(/ serve\n$/)
  })

  test('that the installer refuses are told, and the rest is done', async () => {
    const { program } = packageWithInstaller(bench.folder)
    const { code, stderr } = await run(program, ['--user', 'No User', '--prefix', bench.folder])
    expect([code, stderr]).toEqual([EXIT.ok, expect.stringContaining('--user No User: a user name')])
    expect(places()).toEqual(allAt(1000))
  })
})
