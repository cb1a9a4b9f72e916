import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { INSTALL_TIMEOUT_MS, whyMissing } from '../../debian-package.js'
import { digestOf, signatureOf } from '../../policy/fixture.js'
import { Cluster } from './cluster.js'
import { CuttingProxy } from './cutting-proxy.js'
import { refusalOf, scene } from './scene.js'

const missing = whyMissing('postgresql')
const WAITING = `SELECT pid FROM pg_stat_activity WHERE application_name LIKE 'tezio-bridge %' AND wait_event_type = 'Lock'`

describe.skipIf(missing !== '')(`a server that fails${missing && `: skipped, ${missing}`}`, () => {
  let cluster: Cluster
  beforeAll(async () => {
    cluster = await Cluster.make()
  }, INSTALL_TIMEOUT_MS)
  afterAll(() => cluster.remove())

  /** Locks the only row that counts until the returned function is called. */
  const lockMark = async (key: string) => {
    const session = await cluster.session()
    await session.query('BEGIN')
    await session.query(`SELECT FROM tezio_bridge.marks WHERE key = '${key}' FOR UPDATE`)
    onTestFinished(() => session.end())
    return async () => {
      await session.query('ROLLBACK')
    }
  }

  test('one that is stopped is named in time, and used again once it is back', async () => {
    const { host, want } = await scene(cluster)
    const { marks, events } = await host('a')
    await marks.reserve(want(101))
    await cluster.stop('SIGQUIT')
    expect(await refusalOf(() => marks.reserve(want(102)))).toMatchObject({
      code: 'marks-unavailable',
      message: expect.stringMatching(/nobody listens there.*ECONNREFUSED/) as string,
    })
    expect(await refusalOf(marks.check.bind(marks), 50)).toMatchObject({ code: 'marks-unavailable' })
    expect(marks.trouble()?.code).toBe('marks-unavailable')
    expect(marks.peek(want(101))).toMatchObject({ verdict: 'repeat' })
    await cluster.start()
    await marks.refresh()
    marks.check()
    expect(marks.trouble()).toBeUndefined()
    expect(await marks.reserve(want(102, 0, 2))).toMatchObject({ verdict: 'advance' })
    const told = events.map(({ event }) => event)
    expect(told.filter((event) => event === 'marks.unavailable')).toHaveLength(1)
    expect(told.filter((event) => event === 'marks.available')).toHaveLength(2)
  })

  test('one that is stopped and started at once costs no signature', async () => {
    const { host, want } = await scene(cluster)
    const { marks } = await host('a', { timeoutMs: 15_000 })
    await cluster.stop('SIGQUIT')
    const verdict = marks.reserve(want(101))
    await cluster.start()
    expect(await verdict).toMatchObject({ verdict: 'advance' })
  })

  test('what was let through stands after the server was killed and started again', async () => {
    const { host, want, table, key } = await scene(cluster)
    const { marks } = await host('a')
    for (let round = 0; round < 3; round++) {
      const through: number[] = []
      const stopped = new AbortController()
      const asking = (async () => {
        for (let level = 101 + round * 100; !stopped.signal.aborted; level++) {
          const verdict = await marks.reserve(want(level)).catch(() => undefined)
          if (verdict?.verdict === 'advance') through.push(level)
        }
      })()
      await expect.poll(() => through.length, { interval: 1 }).toBeGreaterThan(5)
      await cluster.stop('SIGKILL')
      stopped.abort()
      await asking
      await cluster.start()
      const reader = table('reader', { timeoutMs: 15_000 })
      const mark = (await reader.read()).marks.find((found) => found.key === key)
      expect(mark?.level).toBeGreaterThanOrEqual(through.at(-1)!)
      const { marks: other } = await host('b')
      for (const level of through.slice(-3)) {
        expect(await other.reserve(want(level, 0, 2))).toMatchObject({ verdict: 'deny' })
      }
      await marks.refresh()
    }
  }, 60_000)

  test('one that stands still is given up in time; what it did afterwards binds both hosts', async () => {
    const { host, want } = await scene(cluster)
    const [{ marks: a }, { marks: b }] = [await host('a'), await host('b')]
    cluster.freeze()
    try {
      const said = await refusalOf(() => a.reserve(want(101)))
      expect(said).toMatchObject({
        code: 'marks-unavailable',
        message: expect.stringMatching(/did not answer within|did not let us in within/) as string,
      })
    } finally {
      cluster.thaw()
    }
    const again = await a.reserve(want(101))
    expect(['advance', 'repeat']).toContain(again.verdict)
    expect(await b.reserve(want(101, 0, 2))).toMatchObject({ denial: 'conflicts-with-mark' })
  })

  test('a statement whose connection is ended is sent again, and raises once', async () => {
    const { host, want, key } = await scene(cluster)
    const [{ marks: a }, { marks: b }] = [await host('a', { timeoutMs: 10_000 }), await host('b')]
    const unlock = await lockMark(key)
    const verdict = a.reserve(want(101))
    await expect.poll(() => cluster.sql(WAITING), { interval: 10 }).toHaveLength(1)
    await cluster.sql(`SELECT pg_terminate_backend(pid) FROM (${WAITING}) AS waiting`)
    await unlock()
    expect(await verdict).toMatchObject({ verdict: 'advance', to: { digest: digestOf(1) } })
    expect(await b.reserve(want(101, 0, 2))).toMatchObject({ denial: 'conflicts-with-mark' })
  })

  test('a commit whose answer was lost is known as its own by the second try', async () => {
    const { host, want, seed } = await scene(cluster)
    const proxy = await CuttingProxy.before(cluster.port)
    onTestFinished(() => proxy.close())
    const urls = [cluster.url().replace(`:${cluster.port}/`, `:${proxy.port}/`)]
    const { marks, events } = await host('a', { urls })
    proxy.cut()
    expect(await marks.reserve(want(101))).toMatchObject({ verdict: 'advance' })
    expect(proxy.cutsLeft).toBe(0)
    proxy.cut()
    expect(await marks.raise({ ...seed, level: 150 })).toMatchObject({
      outcome: 'raised',
      from: { level: 101, digest: digestOf(1) },
    })
    expect(proxy.cutsLeft).toBe(0)
    expect(events.map(({ event }) => event)).not.toContain('marks.unavailable')
  })

  test('a commit whose every answer was lost lets only the same payload through later, as a repeat', async () => {
    const { host, want, key } = await scene(cluster)
    const proxy = await CuttingProxy.before(cluster.port)
    onTestFinished(() => proxy.close())
    const urls = [cluster.url().replace(`:${cluster.port}/`, `:${proxy.port}/`)]
    const [{ marks: a }, { marks: b }] = [await host('a', { urls }), await host('b')]
    proxy.cut(1000)
    expect((await refusalOf(() => a.reserve(want(101)))).code).toBe('marks-unavailable')
    proxy.cut(0)
    expect(a.marks().find((mark) => mark.key === key)).toMatchObject({ level: 100 })
    expect(await b.reserve(want(101, 0, 2))).toMatchObject({ denial: 'conflicts-with-mark' })
    expect(await a.reserve(want(101))).toEqual({ verdict: 'repeat', signature: undefined })
  })

  test('a mark that somebody holds is given up in time, and what is left behind ends on the server too', async () => {
    const { host, want, key } = await scene(cluster)
    const { marks } = await host('a')
    const unlock = await lockMark(key)
    const { code } = await refusalOf(() => marks.reserve(want(101)))
    expect(code).toBe('marks-unavailable')
    await expect.poll(() => cluster.sql(WAITING), { interval: 20, timeout: 5000 }).toEqual([])
    await unlock()
    expect(await marks.reserve(want(101))).toMatchObject({
      verdict: expect.stringMatching(/advance|repeat/) as string,
    })
  })

  test('connections that end while nobody uses them are replaced before they are needed', async () => {
    const { host, table, want } = await scene(cluster)
    const { marks, events } = await host('a')
    const own = `SELECT pid FROM pg_stat_activity WHERE application_name = 'tezio-bridge a'`
    await expect.poll(() => cluster.sql(own), { interval: 10 }).toHaveLength(2)
    const before = await cluster.sql(own)
    await cluster.sql(`SELECT pg_terminate_backend(pid) FROM (${own}) AS own`)
    await expect
      .poll(
        async () => (await cluster.sql(own)).filter(({ pid }) => !before.some((one) => one['pid'] === pid)),
        {
          interval: 10,
        },
      )
      .toHaveLength(2)
    expect(events.map(({ event }) => event)).toContain('marks.connection-lost')
    expect(await marks.reserve(want(101))).toMatchObject({ verdict: 'advance' })
    await table('closed').close()
  })

  test('a host that starts while the server is away refuses everything until it is there', async () => {
    const { host, want } = await scene(cluster)
    const { marks: first, directory } = await host('a')
    await first.close()
    await cluster.stop('SIGINT')
    const { marks } = await host('a', {}, directory)
    expect(marks.trouble()?.code).toBe('marks-unavailable')
    expect((await refusalOf(() => marks.reserve(want(101)))).code).toBe('marks-unavailable')
    await cluster.start()
    await marks.refresh()
    expect(marks.trouble()).toBeUndefined()
    expect(await marks.reserve(want(101))).toMatchObject({ verdict: 'advance' })
  })

  test('a table restored from an older copy is not believed until its marks are raised', async () => {
    const { host, want, seed } = await scene(cluster)
    const { marks, events } = await host('a')
    const { marks: young } = await host('b')
    await marks.reserve(want(101))
    await cluster.stop('SIGINT')
    cluster.saveData()
    await cluster.start()
    await marks.refresh()
    await marks.reserve(want(102))
    marks.keepSignature(want(102), signatureOf(1))
    await young.refresh()
    await cluster.stop('SIGINT')
    cluster.restoreData()
    await cluster.start()
    const said = await refusalOf(() => marks.reserve(want(103)))
    expect(said.code).toBe('marks-went-back')
    expect(said.message).toMatch(/stands at level 101 round 0 .* knows level 102 round 0.*marks raise/)
    await young.refresh()
    for (const one of [marks, young]) {
      expect(one.trouble()?.code).toBe('marks-went-back')
      expect((await refusalOf(one.check.bind(one), 50)).code).toBe('marks-went-back')
      expect((await refusalOf(() => one.reserve(want(500)))).code).toBe('marks-went-back')
    }
    expect(await marks.raise({ ...seed, level: 102 })).toMatchObject({ reason: 'not-higher' })
    expect(await marks.raise({ ...seed, level: 110 })).toMatchObject({ outcome: 'raised' })
    await young.refresh()
    expect([marks.trouble(), young.trouble()]).toEqual([undefined, undefined])
    expect(await young.reserve(want(111))).toMatchObject({ verdict: 'advance' })
    expect(events.filter(({ event }) => event === 'marks.went-back')).toHaveLength(1)
  })

  test('clocks of hosts that are days apart change neither marks nor windows', async () => {
    const { host, want, key } = await scene(cluster)
    const DAY_MS = 86_400_000
    const { marks: behind } = await host('a', { clockOffsetMs: -3 * DAY_MS })
    const { marks: ahead } = await host('b', { clockOffsetMs: 3 * DAY_MS })
    const window = [{ hours: 1, maxMutez: 100, maxFeeMutez: undefined }]
    const spend = (payload: number, mutez: bigint) => ({
      key,
      digest: digestOf(payload),
      mutez,
      feeMutez: 0n,
    })
    expect(await behind.reserveSpend(spend(1, 60n), window)).toEqual({ verdict: 'reserve' })
    expect(await ahead.reserveSpend(spend(2, 60n), window)).toMatchObject({ verdict: 'deny' })
    expect(await ahead.reserveSpend(spend(3, 40n), window)).toEqual({ verdict: 'reserve' })
    expect(await behind.reserveSpend(spend(4, 1n), window)).toMatchObject({ verdict: 'deny' })
    await behind.refresh()
    const at = behind.spends().filter((one) => one.key === key)
    expect(at.every((one) => Math.abs(Date.parse(one.at) - Date.now()) < DAY_MS)).toBe(true)
    expect(await behind.reserve(want(101))).toMatchObject({ verdict: 'advance' })
    expect(await ahead.reserve(want(102))).toMatchObject({ verdict: 'advance' })
  })
})
