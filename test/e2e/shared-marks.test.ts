import { writeFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { INSTALL_TIMEOUT_MS, whyMissing } from '../debian-package.js'
import { Cluster, SUPERUSER } from '../shared-marks/postgresql/cluster.js'
import { ADDRESS, Bench, cli, sign, type CommandResult } from './daemon.js'
import { attestation } from './payloads.js'

vi.setConfig({ testTimeout: 90_000, hookTimeout: INSTALL_TIMEOUT_MS })

const whyNot = whyMissing('postgresql')

/** A host as an operator has it, with a role that may do the least. */
const configOf = (cluster: Cluster) => (ports: readonly string[]) => `
devices: { board: { kind: tezio, port: ${ports[0]} } }
server: { listen: "127.0.0.1:0" }
admin: { listen: "127.0.0.1:0" }
marks: { postgresql: { url: "${cluster.url('bridge')}", passfile: ${cluster.passfile}, timeout_ms: 3000 } }
policy: { signing_keys: { ${ADDRESS.tz3}: { allowed_ops: [0x13] } } }
`

describe.skipIf(whyNot !== '')('hosts that share their marks, from the command line', () => {
  let cluster: Cluster
  const hosts: Bench[] = []
  const host = (): Bench => {
    const bench = new Bench(configOf(cluster))
    hosts.push(bench)
    return bench
  }
  const run = (bench: Bench, ...words: readonly string[]): Promise<CommandResult> =>
    cli(...words, ...bench.options)

  beforeAll(async () => {
    cluster = await Cluster.make()
    await cluster.sql(`CREATE ROLE bridge LOGIN PASSWORD 'correct horse battery staple'`)
  })
  afterAll(async () => {
    for (const bench of hosts) await bench.close()
    await cluster.remove()
  })

  test('are told what to do at each step, until they sign by one table', async () => {
    const one = host()
    const early = await run(one, 'init', '--level', '10')
    expect([early.code, early.stderr]).toMatchObject([78, expect.stringContaining('marks migrate') as string])

    const migration = ['marks', 'migrate', '--url', cluster.url(SUPERUSER), '--role', 'bridge'] as const
    const migrated = await run(one, ...migration, '--json')
    expect(migrated.code).toBe(0)
    const { from, to, grants } = JSON.parse(migrated.stdout) as { from: number; to: number; grants: string[] }
    expect(from).toBe(0)
    for (const grant of grants) await cluster.sql(grant)
    expect((await run(one, ...migration)).stdout).toContain(`up to date: version ${to}`)

    const unable = await run(one, 'init', '--level', '10')
    expect([unable.code, unable.stderr]).toMatchObject([
      78,
      expect.stringContaining('lacks a right') as string,
    ])
    await cluster.sql('GRANT INSERT ON tezio_bridge.marks TO bridge')
    expect((await run(one, 'init', '--level', '10')).stdout).toContain('1 high-water mark')

    const two = host()
    const second = await run(two, 'init', '--level', '1', '--json')
    expect(JSON.parse(second.stdout)).toMatchObject({ marks: [{ level: 10 }], takenOver: [{ level: 10 }] })

    const doctor = JSON.parse((await run(two, 'doctor', '--json')).stdout) as { checks: { id: string }[] }
    expect(doctor.checks.find(({ id }) => id === 'marks-shared')).toMatchObject({ status: 'pass' })
    await cluster.sql('REVOKE INSERT ON tezio_bridge.marks FROM bridge')

    const [left, right] = [one.startConfigured(), two.startConfigured()]
    for (const daemon of [left, right]) {
      await daemon.line('marks.available')
      await daemon.line('device.ready')
    }
    const payload = attestation(11)
    const answer = await sign(await left.url(), ADDRESS.tz3, payload)
    expect(answer.status).toBe(200)
    expect(await sign(await right.url(), ADDRESS.tz3, attestation(11))).toMatchObject({
      status: 409,
      code: 'conflicts-with-mark',
    })
    const same = await sign(await right.url(), ADDRESS.tz3, payload)
    expect(same.status).toBe(200)

    // a raise on one host holds on the other, and survives it
    expect((await run(one, 'marks', 'raise', '--level', '20')).code).toBe(0)
    expect(await sign(await right.url(), ADDRESS.tz3, attestation(20))).toMatchObject({ status: 409 })
    left.kill('SIGTERM')
    expect(await left.exit).toBe(0)
    expect((await run(one, 'marks', 'raise', '--level', '30')).code).toBe(0)
    expect(await sign(await right.url(), ADDRESS.tz3, attestation(30))).toMatchObject({ status: 409 })
    expect((await sign(await right.url(), ADDRESS.tz3, attestation(31))).status).toBe(200)

    const exported = await run(one, 'marks', 'export', `${one.folder}/marks.json`)
    expect([exported.code, exported.stderr]).toMatchObject([78, expect.stringContaining('init') as string])
  })

  test('serve without their table, sign nothing, say why, and sign as soon as it is there', async () => {
    const bench = host()
    expect((await run(bench, 'init', '--level', '10')).code).toBe(0)
    await cluster.stop()
    const daemon = bench.startConfigured()
    await daemon.line('device.ready')
    await daemon.line('server.listening')
    const refused = await sign(await daemon.url(), ADDRESS.tz3, attestation(1000))
    expect(refused).toMatchObject({ status: 500, code: 'marks-unavailable' })
    const ready = await fetch(`${await daemon.adminUrl()}/readyz`)
    expect(ready.status).toBe(503)
    expect(await ready.json()).toMatchObject({ reasons: [{ code: 'marks-unavailable' }] })
    expect(await (await fetch(`${await daemon.adminUrl()}/metrics`)).text()).toContain(
      'tezio_marks_available 0',
    )
    await cluster.start()
    await daemon.line('marks.available')
    expect((await sign(await daemon.url(), ADDRESS.tz3, attestation(1000))).status).toBe(200)
    expect(await (await fetch(`${await daemon.adminUrl()}/metrics`)).text()).toContain(
      'tezio_marks_available 1',
    )
  })

  test('do not start with a url that says nothing of encryption, or holds a password', async () => {
    const bench = host()
    const text = configOf(cluster)([bench.port.path])
    writeFileSync(bench.config, text.replace('?sslmode=disable', ''))
    const plain = await run(bench, 'serve')
    expect([plain.code, plain.stderr]).toMatchObject([78, expect.stringContaining('sslmode') as string])
    writeFileSync(bench.config, text.replace('bridge@', 'bridge:s3cr3t@'))
    const secret = await run(bench, 'config', 'check')
    expect([secret.code, secret.stderr]).toMatchObject([78, expect.stringContaining('passfile') as string])
    expect(secret.stderr).not.toContain('s3cr3t')
  })
})
