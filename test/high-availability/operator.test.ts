import { writeFileSync } from 'node:fs'
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { INSTALL_TIMEOUT_MS, whyMissing } from '../debian-package.js'
import { BAKING_CONFIG, Bench, cli, type CommandResult } from '../e2e/daemon.js'
import { attestation } from '../e2e/payloads.js'
import { Cluster } from '../shared-marks/postgresql/cluster.js'
import { Host, marksConfig } from './two-hosts.js'

const missing = process.platform === 'linux' ? whyMissing('postgresql') : 'pseudo-terminals of Linux'

describe.skipIf(missing !== '')(`an operator of two hosts${missing && `: skipped, ${missing}`}`, () => {
  let cluster: Cluster
  beforeAll(async () => {
    cluster = await Cluster.make()
  }, INSTALL_TIMEOUT_MS)
  afterAll(() => cluster.remove())
  beforeEach(() => cluster.sql('DROP SCHEMA IF EXISTS tezio_bridge CASCADE'))

  const newHost = () => {
    const host = new Host(marksConfig(cluster))
    onTestFinished(() => host.bench.close())
    return host
  }
  const done = async (running: Promise<CommandResult>) => {
    const { code, stderr } = await running
    expect(stderr).toBe('')
    expect(code).toBe(0)
  }
  const migrate = (host: Host) => done(cli('marks', 'migrate', ...host.bench.options))
  const levels = async () =>
    (await cluster.sql('SELECT level FROM tezio_bridge.marks ORDER BY kind')).map(({ level }) => level)

  test('a host that had marks of its own brings them into the table, and the next one begins there', async () => {
    const alone = new Bench(BAKING_CONFIG)
    onTestFinished(() => alone.close())
    await done(alone.init())
    await done(cli('marks', 'raise', '--level', '5000', ...alone.options))
    writeFileSync(alone.config, `${BAKING_CONFIG}${marksConfig(cluster)}`)
    await done(cli('marks', 'migrate', ...alone.options))
    await done(cli('marks', 'seed', ...alone.options))
    expect(await levels()).toEqual([5000, 5000, 5000])

    const next = newHost()
    await done(next.bench.init())
    await next.start()
    expect(await next.ask(attestation(5000))).toMatchObject({ code: 'conflicts-with-mark' })
    expect((await next.ask(attestation(5001))).signature).toBeDefined()
  })

  test('a host with a journal does not seed the table below it by init', async () => {
    const alone = new Bench(BAKING_CONFIG)
    onTestFinished(() => alone.close())
    await done(alone.init())
    writeFileSync(alone.config, `${BAKING_CONFIG}${marksConfig(cluster)}`)
    await done(cli('marks', 'migrate', ...alone.options))
    expect((await alone.init()).code).toBe(78)
    expect(await levels()).toEqual([])
  })

  test('marks raised through one running daemon hold on the other at once', async () => {
    const [first, second] = [newHost(), newHost()]
    await migrate(first)
    await done(first.bench.init())
    await done(second.bench.init())
    await Promise.all([first.start(), second.start()])
    await done(cli('marks', 'raise', '--level', '7000', ...first.bench.options))
    expect(await second.ask(attestation(7000))).toMatchObject({ code: 'conflicts-with-mark' })
    expect((await second.ask(attestation(7001))).signature).toBeDefined()
  })

  test('a host that was away for longer than the level gap signs as soon as the table is there', async () => {
    const [first, second] = [newHost(), newHost()]
    await migrate(first)
    await done(first.bench.init())
    await done(second.bench.init())
    await Promise.all([first.start(), second.start()])
    expect((await second.ask(attestation(100))).signature).toBeDefined()
    await second.stop()
    await done(cli('marks', 'raise', '--level', '50000', ...first.bench.options))
    await cluster.stop()
    await second.start() // reads no table
    expect(await second.ask(attestation(50_001))).toMatchObject({ code: 'marks-unavailable' })
    await cluster.start()
    for (;;) {
      const { signature, code } = await second.ask(attestation(50_001))
      if (signature !== undefined) break
      expect(code).toBe('marks-unavailable')
      await second.daemon.line('marks.available')
    }
  })

  test('a table that was lost is refused by name, and marks seed with marks raise bring both hosts back', async () => {
    const [first, second] = [newHost(), newHost()]
    await migrate(first)
    await done(first.bench.init())
    await done(second.bench.init())
    await Promise.all([first.start(), second.start()])
    expect((await first.ask(attestation(100))).signature).toBeDefined()
    await cluster.sql('DROP SCHEMA tezio_bridge CASCADE')
    await migrate(first)
    expect(await first.ask(attestation(101))).toMatchObject({ code: 'marks-went-back' })
    await first.stop()
    await second.stop()
    await done(cli('marks', 'seed', ...second.bench.options))
    await done(cli('marks', 'raise', '--level', '200', ...first.bench.options))
    await Promise.all([first.start(), second.start()])
    expect(await second.ask(attestation(200))).toMatchObject({ code: 'conflicts-with-mark' })
    expect((await second.ask(attestation(201))).signature).toBeDefined()
    expect((await first.ask(attestation(202))).signature).toBeDefined()
  })
})
