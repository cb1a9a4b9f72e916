import type { CheckResult, Report, SurpriseResult, TimingRow } from './report.js'

const WORD = { passed: 'ok      ', failed: 'FAILED  ', 'left-out': 'left out' } as const

/** One line on a check, and under it what is wrong. */
export function checkText(check: CheckResult): string {
  const problems = check.verdict === 'failed' ? check.problems : []
  const head = `${WORD[check.verdict]}  ${check.id}: ${check.title}`
  return [head, ...problems.map((line) => `            ${line}`)].join('\n')
}

/** All of a report but its checks: keys, surprises, timings, what was left out, and the verdict. */
export function summaryText(report: Report): string {
  const failed = report.checks.filter(({ verdict }) => verdict === 'failed')
  return [
    'Keys',
    ...Object.entries(report.addresses).map(([name, address]) => `  ${name.padEnd(10)}${address ?? ''}`),
    '',
    'Known surprises (information: they do not decide)',
    ...report.surprises.map(surpriseText),
    '',
    'Time in milliseconds, from the last byte of the command to the last of the reply',
    ...timingText(report.timings),
    '',
    ...leftOutText(report.checks),
    ...(report.stopped === undefined ? [] : [`The run ended early: ${report.stopped}`]),
    report.conforming
      ? `CONFORMING: ${passed(report)} of ${report.checks.length} checks passed, none failed`
      : `NOT CONFORMING: ${failed.length} of ${report.checks.length} checks failed: ${failed.map(({ id }) => id).join(', ')}`,
    '',
  ].join('\n')
}

function surpriseText({ number, title, verdict, detail }: SurpriseResult): string {
  return `  ${number}  ${verdict.padEnd(8)}  ${title}\n               ${detail}`
}

function timingText(rows: readonly TimingRow[]): readonly string[] {
  const line = (command: string, key: string, ...numbers: readonly string[]) =>
    `  ${command.padEnd(16)}${key.padEnd(10)}${numbers.map((text) => text.padStart(10)).join('')}`
  const cells = ({ samples, p50Ms, p99Ms, maxMs }: TimingRow) =>
    [`${samples}`, ...[p50Ms, p99Ms, maxMs].map((ms) => ms.toFixed(1))] as const
  return [
    line('command', 'key', 'samples', 'p50', 'p99', 'max'),
    ...rows.map((row) => line(row.command, row.key, ...cells(row))),
  ]
}

/** What was left out, gathered by reason. */
function leftOutText(checks: readonly CheckResult[]): readonly string[] {
  const idsOf = new Map<string, string[]>()
  for (const check of checks) {
    if (check.verdict !== 'left-out') continue
    idsOf.set(check.reason, [...(idsOf.get(check.reason) ?? []), check.id])
  }
  if (idsOf.size === 0) return []
  const lines = [...idsOf].flatMap(([reason, ids]) => [`  ${reason}`, ...ids.map((id) => `    ${id}`)])
  return ['Left out', ...lines, '']
}

const passed = ({ checks }: Report) => checks.filter(({ verdict }) => verdict === 'passed').length
