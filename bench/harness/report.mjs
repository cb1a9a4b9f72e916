import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { rounded } from './distribution.mjs'
import { TARGETS } from './targets.mjs'

/** Writes what was measured: `results.json`, `report.md` and a picture for each plot. */
export function writeReport(folder, { machine, startedAt, parts }) {
  mkdirSync(folder, { recursive: true })
  const targets = parts.flatMap((part) => part.targets ?? [])
  const plain = parts.map(({ name, tables }) => ({ name, tables }))
  const results = { startedAt, machine, targets, parts: plain }
  writeFileSync(join(folder, 'results.json'), `${JSON.stringify(results, null, 2)}\n`)
  for (const { plots = {} } of parts) {
    for (const [file, svg] of Object.entries(plots)) writeFileSync(join(folder, `${file}.svg`), `${svg}\n`)
  }
  const text = [
    `# Measured on ${startedAt.slice(0, 10)}\n`,
    markdown(Object.entries(machine).map(([what, value]) => ({ machine: what, '': value }))),
    targets.length === 0 ? '' : `## Targets\n\n${markdown(targetRows(targets))}`,
    ...parts.map(section),
  ]
  writeFileSync(join(folder, 'report.md'), text.filter((part) => part !== '').join('\n'))
}

/** What a person sees of the targets. */
export function targetRows(targets) {
  return targets.map(({ name, measured, isReached }) => {
    const { what, limit, unit, isBest } = TARGETS[name]
    const bound = `${isBest === 'lower' ? '≤' : '≥'} ${limit} ${unit}`
    return { what, target: bound, measured: `${figure(measured)} ${unit}`, reached: isReached ? 'yes' : 'NO' }
  })
}

/** A row for each distribution, in ms. */
export function latencyRows(distributions) {
  return Object.entries(distributions).map(([name, distribution]) => ({
    'ms of': name,
    ...distribution.summary(),
  }))
}

function section({ title, text, tables, plots = {} }) {
  const blocks = [`## ${title}\n`, `${text}\n`]
  for (const { title: name, rows } of tables) blocks.push(`### ${name}\n`, markdown(rows))
  for (const file of Object.keys(plots)) blocks.push(`![${file.replaceAll('-', ' ')}](${file}.svg)\n`)
  return blocks.join('\n')
}

function markdown(rows) {
  const names = Object.keys(rows[0] ?? {})
  const line = (cells) => `| ${cells.join(' | ')} |`
  const body = rows.map((row) => line(names.map((name) => figure(row[name]))))
  return `${[line(names), line(names.map(() => '---')), ...body].join('\n')}\n`
}

function figure(value) {
  return typeof value === 'number' ? String(rounded(value)) : String(value ?? '')
}
