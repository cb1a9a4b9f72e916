import { afterAll, beforeAll, expect, test } from 'vitest'
import { ADDRESS, Bench, sign } from '../e2e/daemon.js'
import { START_MS } from '../e2e/abuse/target.js'
import { block } from '../e2e/payloads.js'
import { describedIn, samplesOf } from '../telemetry/exposition.js'
import { codeSpans, readDocument, tableRows } from './documents.js'

const bench = new Bench()
let text = ''

beforeAll(async () => {
  expect(await bench.init()).toMatchObject({ code: 0 })
  const daemon = await bench.started()
  // without a signature there is no time of one
  expect((await sign(await daemon.url(), ADDRESS.tz3, block(1))).status).toBe(200)
  text = await (await fetch(`${await daemon.adminUrl()}/metrics`)).text()
}, START_MS)

afterAll(() => bench.close())

/** A metric as a line of text: name, type, labels in order. */
const line = (name: string, type: string, labels: readonly string[]) =>
  `${name} ${type} ${[...labels].sort().join(',')}`

const documented = tableRows(readDocument('docs/metrics.md'), 'metric').map(
  ([name = '', type = '', labels = '']) => line(codeSpans(name)[0] ?? '', type, codeSpans(labels)),
)

function served(exposition: string): readonly string[] {
  const samples = samplesOf(exposition)
  return describedIn(exposition).map(({ name, type }) => {
    const own = samples.filter(
      (sample) => sample.name.replace(/_(?:bucket|sum|count)$/, '') === name || sample.name === name,
    )
    const labels = own.flatMap((sample) => Object.keys(sample.labels)).filter((label) => label !== 'le')
    return line(name, type, [...new Set(labels)])
  })
}

test('docs/metrics.md has every metric that a daemon serves, with its type and labels, and no other', () => {
  // Node may not have collected any garbage yet: then there is no series with its kind.
  const withKinds = served(text).map((one) => one.replace(/^(nodejs_gc_\S+ \S+) $/, '$1 kind'))
  expect(withKinds.toSorted()).toEqual(documented.toSorted())
})

test('a metric, a type and a label that differ are found', () => {
  expect(served('# HELP x_total y\n# TYPE x_total counter\nx_total{a="1",b="2"} 3\n')).toEqual([
    'x_total counter a,b',
  ])
})
