import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { FaultRack, FAULTS, parseScenario, playScenario } from '../../hw-sim/index.js'
import { faultNamed } from '../../hw-sim/faults/catalogue.js'
import { TRIGGER_KEYS } from '../../hw-sim/scenario/scenario-schema.js'
import { faultBench } from './faults-bench.js'

const README = readFileSync(new URL('../../hw-sim/faults/README.md', import.meta.url), 'utf8')
const SCENARIOS = new URL('../../hw-sim/scenarios/', import.meta.url)

/** The cells of the table with this head, row by row. */
function table(head: string): readonly (readonly string[])[] {
  const lines = README.split('\n')
  const start = lines.findIndex((line) => new RegExp(`^\\| ${head} +\\|`).test(line))
  const rows = lines.slice(start + 2)
  const end = rows.findIndex((line) => !line.startsWith('|'))
  return rows.slice(0, end).map((row) =>
    row
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  )
}

describe('the README of the faults', () => {
  it('has a row for every fault, with its description and parameters, and no other', () => {
    const expected = FAULTS.map(({ name, description, parameters }) => [
      `\`${name}\``,
      description,
      parameters.length === 0
        ? '–'
        : parameters
            .map((one) => `\`${one.name}\` = ${JSON.stringify(one.default)}: ${one.description}`)
            .join('<br>'),
    ])
    expect(table('fault')).toEqual(expected)
  })

  it('has a row for every trigger, and no other', () => {
    expect(
      table('trigger')
        .map(([name]) => name)
        .sort(),
    ).toEqual(TRIGGER_KEYS.map((key) => `\`${key}\``).sort())
  })

  it('has a row for every ready-made day, with its sentence, and no other', () => {
    const expected = readdirSync(SCENARIOS).map((name) => {
      const { teaches } = parseScenario(readFileSync(new URL(name, SCENARIOS), 'utf8'), name)
      return [`\`${name}\``, teaches]
    })
    expect([...table('file')].sort()).toEqual(expected.sort())
  })

  it('names the faults that can act at a moment', () => {
    const named = FAULTS.map(({ name }) => name).filter((name) => faultNamed(name).actsAlone)
    const [, sentence = ''] =
      /`disarmAll` put right[^\n]*\. (`noise`[^\n]*) can also act at a moment/.exec(README) ?? []
    expect(
      sentence
        .match(/`[a-z-]+`/g)
        ?.map((word) => word.slice(1, -1))
        .sort(),
    ).toEqual([...named].sort())
  })

  it('shows a scenario that can be played, and code that arms a fault there is', () => {
    const [, yaml = ''] = /```yaml\n([^`]*)```/.exec(README) ?? []
    const { device, port, rack } = faultBench()
    playScenario(parseScenario(yaml, 'README.md'), { device, port }, rack)
    expect(rack.list()).toHaveLength(1)
    const [, name = '', ms] = /rack\.arm\('([^']+)', \{ ms: (\d+) \}/.exec(README) ?? []
    expect(new FaultRack({ device, port }).arm(name, { ms }).parameters).toEqual({ ms: 2500 })
  })
})
