import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { INSTALL_TIMEOUT_MS, whyMissing } from '../../debian-package.js'
import { Cluster } from './cluster.js'
import { refusalOf, scene } from './scene.js'

const missing = whyMissing('postgresql')

describe.skipIf(missing !== '')(`a synchronous standby${missing && `: skipped, ${missing}`}`, () => {
  const clusters: Cluster[] = []
  const add = async (made: Promise<Cluster>) => {
    clusters.push(await made)
    return clusters.at(-1)!
  }
  const hasStandby = (cluster: Cluster) =>
    vi.waitFor(
      async () => {
        const found = await cluster.sql(`SELECT FROM pg_stat_replication WHERE sync_state = 'quorum'`)
        expect(found).toHaveLength(1)
      },
      { timeout: 15_000 },
    )
  let primary: Cluster
  let standby: Cluster

  beforeAll(async () => {
    primary = await add(Cluster.make())
    standby = await add(Cluster.standbyOf(primary, 's1'))
    primary.configure({ synchronous_standby_names: 'ANY 1 (s1, s2)' })
    standby.configure({ synchronous_standby_names: 'ANY 1 (s1, s2)' })
    primary.reload()
    standby.reload()
    await hasStandby(primary)
  }, INSTALL_TIMEOUT_MS)
  afterAll(() => Promise.all(clusters.map((cluster) => cluster.remove())))

  test('takes over with every mark that was let through, and lets nothing through until it has a standby itself', async () => {
    const { host, want } = await scene(primary)
    const urls = [standby.url(), primary.url()]
    const [{ marks: a, events }, { marks: b }] = [await host('a', { urls }), await host('b', { urls })]
    const through: number[] = []
    for (let level = 101; level < 121; level++) {
      if ((await (level % 2 ? a : b).reserve(want(level))).verdict === 'advance') through.push(level)
    }
    expect(through).toHaveLength(20)
    await primary.stop('SIGQUIT')
    expect((await refusalOf(() => a.reserve(want(121)))).message).toMatch(
      /nobody listens there.*is a standby; write to the primary/,
    )
    standby.promote()
    const alone = await refusalOf(() => a.reserve(want(122)))
    expect(alone).toMatchObject({
      code: 'marks-unavailable',
      message: expect.stringMatching(/did not answer within/) as string,
    })
    const second = await add(Cluster.standbyOf(standby, 's2'))
    await hasStandby(standby)
    for (const host_ of [a, b]) {
      await host_.refresh()
      expect(host_.trouble()).toBeUndefined()
    }
    expect(await b.reserve(want(120, 0, 2))).toMatchObject({ verdict: 'deny' })
    expect(await b.reserve(want(122))).toMatchObject({
      verdict: expect.stringMatching(/advance|repeat/) as string,
    })
    expect(await a.reserve(want(122, 0, 2))).toMatchObject({ denial: 'conflicts-with-mark' })
    const servers = events.flatMap((event) => (event.event === 'marks.connected' ? [event.server] : []))
    expect(servers.at(-1)).toContain(`:${standby.port}/`)
    expect(second.port).not.toBe(standby.port)
  }, 90_000)
})
