import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hasDebianPackage } from '../debian-package.js'
import { DASHBOARD, PANELS, queriesOf, substituted, type Query } from './dashboard.js'
import { EventfulDay } from './eventful-day.js'
import { Prometheus } from './prometheus.js'
import { ALERTS, RECORDS } from './rules.js'

/** Grafana's window for rates is four scrapes at least; here it reaches back to the first one. */
const RATE_INTERVAL = '5m'

/** What is 0 or below on a good day, and on this one: a sample is enough. */
const QUIET = [
  'Keys in quarantine',
  'Queue depth',
  'Journal errors, last hour',
  'Last signature',
  'Last signature, age',
  'Up for',
  'Processor',
  'Waiting for the device',
]

let day: EventfulDay
let prometheus: Prometheus

const dayOfTest = hasDebianPackage('prometheus')

beforeAll(async () => {
  if (!dayOfTest) return
  day = await EventfulDay.begin()
  prometheus = await Prometheus.start(new URL(day.adminUrl).host)
  // The zeros have to be seen: what is counted after them is an increase.
  await prometheus.until(async () => (await prometheus.values('count_over_time(up[1m]) > 1')).length > 0)
  await day.pass()
  await prometheus.until(async () => {
    const seen = await prometheus.values('tezio_mark_level{kind="block"} == 20')
    const told = await prometheus.values('count(ALERTS{alertstate="firing"}) >= 3')
    const isEveryRuleEvaluated = (await prometheus.rules()).every(({ health }) => health !== 'unknown')
    return seen.length > 0 && told.length > 0 && isEveryRuleEvaluated
  })
}, 120_000)

afterAll(async () => {
  if (!dayOfTest) return
  await prometheus.close()
  await day.close()
})

/** Queries that show nothing: no sample, none that is a number, or, where something happened, nothing but zeros. */
async function deadQueries(queries: readonly Query[]): Promise<readonly string[]> {
  const dead: string[] = []
  for (const { title, expr } of queries) {
    const values = (await prometheus.values(expr)).filter((value) => !Number.isNaN(value))
    const shows = QUIET.includes(title) ? values.length > 0 : values.some((value) => value > 0)
    if (!shows) dead.push(`${title}: ${expr}`)
  }
  return dead
}

const WORDS = /\b(?:by|on|ignoring|without|group_left|group_right)\s*\([^)]*\)|\{[^}]*\}|\[[^\]]*\]|"[^"]*"/g
const KEYWORDS = ['unless', 'and', 'or', 'offset', 'bool', 'by', 'on']

/** The metrics that an expression names: words that are neither functions nor keywords nor labels. */
function metricsIn(expr: string): readonly string[] {
  const bare = expr.replaceAll(WORDS, ' ')
  const words = [...bare.matchAll(/(?<![\w.:])([a-zA-Z_:][\w:]*)\b(?!\s*\()/g)].map(([, word = '']) => word)
  return [...new Set(words.filter((word) => !KEYWORDS.includes(word)))]
}

describe.runIf(dayOfTest)('a real Prometheus behind a daemon to which everything happened', () => {
  test('has something for every query of every panel', async () => {
    const queries = queriesOf(PANELS, RATE_INTERVAL)
    expect(queries.length).toBeGreaterThan(40)
    expect(await deadQueries(queries)).toEqual([])
  })

  test('shows nothing for a panel with a wrong metric, label or value, and that is found', async () => {
    const planted = ['tezio_queue_depht', 'tezio_ready{job="tezio"}', 'sum by (le) (tezio_queue_depth) > 999']
    const dead = await deadQueries(planted.map((expr) => ({ title: 'planted', expr })))
    expect(dead).toHaveLength(planted.length)
  })

  test('knows values for the variables, and an alert for the annotations', async () => {
    for (const { name, definition = '' } of DASHBOARD.templating.list.slice(1)) {
      const [, selector = '', label = ''] = /^label_values\((.*), (\w+)\)$/.exec(definition) ?? []
      expect(label).toBe(name)
      expect(await prometheus.labelValues(label, substituted(selector, RATE_INTERVAL))).not.toEqual([])
    }
    for (const { name, expr } of DASHBOARD.annotations.list) {
      expect([name, await prometheus.values(expr)]).not.toEqual([name, []])
    }
  })

  test.each([
    ...ALERTS.map(({ alert: name, expr }) => ({ name, expr })),
    ...[...RECORDS].map(([name, expr]) => ({ name, expr })),
  ])('understands $name, all of whose metrics there are', async ({ expr }) => {
    await prometheus.values(expr)
    const known = new Set(await prometheus.labelValues('__name__', '{job="tezio-bridge"}'))
    const metrics = metricsIn(expr)
    expect(metrics.length).toBeGreaterThan(0)
    expect(metrics.filter((name) => !known.has(name) && !RECORDS.has(name))).toEqual([])
  })

  test('evaluates every rule, and fills in the words of those that fire', async () => {
    const rules = await prometheus.rules()
    expect(rules.filter(({ health }) => health !== 'ok').map(({ name }) => name)).toEqual([])
    const firing = rules.filter(({ alerts = [] }) => alerts.length > 0)
    expect(firing.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['TezioConflictingPayload', 'TezioSignatureInvalid', 'TezioLateReplies']),
    )
    const words = firing.flatMap(({ alerts = [] }) =>
      alerts.flatMap(({ annotations }) => Object.values(annotations)),
    )
    expect(words.filter((text) => /<error|<no value>|\{\{/.test(text))).toEqual([])
    expect(words.join('\n')).toContain('127.0.0.1:')
  })
})

test('metrics are told from functions, labels and keywords', () => {
  const expr = 'max by (a) (rate(x_total{b="c"}[5m])) > 0.5 and on (d) y:z offset 15m == 1'
  expect(metricsIn(expr)).toEqual(['x_total', 'y:z'])
})
