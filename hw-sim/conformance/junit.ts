import type { CheckResult, Report } from './report.js'

/** A report as JUnit XML: a suite per group of checks. Surprises and timings are in the JSON report alone. */
export function junitReport(report: Report): string {
  const groups = [...new Set(report.checks.map(groupOf))]
  const suites = groups.map((group) =>
    suite(
      group,
      report.checks.filter((check) => groupOf(check) === group),
    ),
  )
  const head = attributes({
    name: 'tezio-conformance',
    ...counts(report.checks),
    time: seconds(report.durationMs),
  })
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites${head}>`,
    ...suites,
    '</testsuites>',
    '',
  ].join('\n')
}

function suite(name: string, checks: readonly CheckResult[]): string {
  const ms = checks.reduce((sum, { durationMs }) => sum + durationMs, 0)
  const head = attributes({ name, ...counts(checks), time: seconds(ms) })
  return [`  <testsuite${head}>`, ...checks.map(testCase), '  </testsuite>'].join('\n')
}

function testCase(check: CheckResult): string {
  const { id, title, durationMs } = check
  const head = attributes({
    classname: `tezio.${groupOf(check)}`,
    name: `${id}: ${title}`,
    time: seconds(durationMs),
  })
  switch (check.verdict) {
    case 'passed':
      return `    <testcase${head}/>`
    case 'failed': {
      const [first = ''] = check.problems
      const text = escapeXml(check.problems.join('\n'))
      return `    <testcase${head}><failure${attributes({ message: first })}>${text}</failure></testcase>`
    }
    case 'left-out':
      return `    <testcase${head}><skipped${attributes({ message: check.reason })}/></testcase>`
  }
}

function counts(checks: readonly CheckResult[]) {
  const count = (verdict: CheckResult['verdict']) =>
    checks.filter((check) => check.verdict === verdict).length
  return {
    tests: `${checks.length}`,
    failures: `${count('failed')}`,
    errors: '0',
    skipped: `${count('left-out')}`,
  }
}

function attributes(values: Readonly<Record<string, string>>): string {
  return Object.entries(values)
    .map(([name, value]) => ` ${name}="${escapeXml(value)}"`)
    .join('')
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
}

/** Text as XML 1.0 may carry it: characters that it must not hold at all become U+FFFD. */
export function escapeXml(text: string): string {
  return text
    .replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '\ufffd')
    .replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '')
}

const groupOf = ({ id }: CheckResult) => id.split('.')[0] ?? id

const seconds = (ms: number) => (ms / 1000).toFixed(3)
