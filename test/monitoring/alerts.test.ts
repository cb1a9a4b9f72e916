import { execFile, spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { parse, stringify } from 'yaml'
import { z } from 'zod'
import { DEVICE_ERRORS } from '../../src/telemetry/labels.js'
import { REMEDIES } from '../../src/telemetry/index.js'
import { hasDebianPackage } from '../debian-package.js'
import { readDocument, ROOT } from '../docs/documents.js'
import { ALERTS, MONITORING, RULES, type Alert } from './rules.js'

/** promtool goes through hours of samples; a machine that is busy with other tests takes its time. */
const TIMEOUT_MS = 180_000

const TESTS = readdirSync(join(MONITORING, 'tests')).filter((name) => name.endsWith('.yml'))

/** What a check of a test expected, and what it found instead. */
type Failure = { readonly expected: readonly string[]; readonly got: readonly string[] }

/** Runs the rules' tests against other rules, and tells which checks failed. */
async function failuresWith(rules: string): Promise<readonly Failure[]> {
  const folder = mkdtempSync(join(tmpdir(), 'tezio-alerts-'))
  onTestFinished(() => {
    rmSync(folder, { recursive: true })
  })
  cpSync(join(MONITORING, 'tests'), join(folder, 'tests'), { recursive: true })
  writeFileSync(join(folder, 'alerts.yml'), rules)
  return failuresIn(await promtool(join(folder, 'tests'), ...TESTS))
}

function promtool(cwd: string, ...files: readonly string[]): Promise<string> {
  return new Promise((resolve) => {
    execFile(
      'promtool',
      ['test', 'rules', ...files],
      { cwd, maxBuffer: 1 << 24 },
      (error, stdout, stderr) => {
        resolve(`${stdout}${stderr}${error === null ? 'SUCCEEDED' : ''}`)
      },
    )
  })
}

const NAMES = /alertname="(\w+)"/g
const namesIn = (text: string) => [...text.matchAll(NAMES)].map(([, name = '']) => name)

function failuresIn(output: string): readonly Failure[] {
  const failures = [...output.matchAll(/ exp:(.*)\n\s+got:(.*)/g)].map(([, expected = '', got = '']) => ({
    expected: namesIn(expected),
    got: namesIn(got),
  }))
  // A run that neither succeeded nor tells what failed did not run.
  if (failures.length === 0 && !output.includes('SUCCEEDED')) throw new Error(output)
  return failures
}

const rulesFile = z.looseObject({
  groups: z.array(z.looseObject({ rules: z.array(z.looseObject({ alert: z.string().optional() })) })),
})

/** The rules with other expressions for their alerts. */
function withExpressions(change: (alert: string) => string): string {
  const { groups, ...rest } = rulesFile.parse(parse(RULES))
  const changed = groups.map((group) => ({
    ...group,
    rules: group.rules.map((rule) =>
      rule.alert === undefined ? rule : { ...rule, expr: change(rule.alert) },
    ),
  }))
  return stringify({ ...rest, groups: changed })
}

/** For each alert an expression or a wait that is a little too eager: its tests must see it. */
const TOO_EAGER: Readonly<Record<string, readonly [from: string, to: string]>> = {
  TezioNoAttestation: ['0.985)), 5)', '0.985)), 4)'],
  TezioSlowRequests: ['> 0.5\n        for: 5m', '> 0.5\n        for: 3m'],
  TezioQueueWaiting: ['> 0.3\n        for: 2m', '> 0.3\n        for: 1m'],
  TezioConflictingPayload: ['"conflicts-with-mark"}[10m]', '"conflicts-with-mark"}[12m]'],
  TezioLevelGap: ['"level-gap"}[10m]', '"level-gap"}[12m]'],
  TezioMarkMissing: ['"no-mark"}[10m]', '"no-mark"}[12m]'],
  TezioJournalError: ['journal_errors_total[10m]', 'journal_errors_total[12m]'],
  TezioMarksUnavailable: ['available == 0\n        for: 15s', 'available == 0\n        for: 10s'],
  TezioDeviceGone: ['connected == 0\n        for: 15s', 'connected == 0\n        for: 10s'],
  TezioNotReady: [
    'for: 30s\n        labels: { severity: critical }\n        annotations:\n          summary: The bridge cannot sign',
    'for: 15s\n        labels: { severity: critical }\n        annotations:\n          summary: The bridge cannot sign',
  ],
  TezioDeviceDown: ['== 1\n        for: 5m', '== 1\n        for: 4m'],
  TezioTakeovers: ['takeovers_total[1h:1m]) >= 5', 'takeovers_total[1h:1m]) >= 4'],
  TezioSignatureInvalid: ['verify_failures_total[1h]) > 0', 'verify_failures_total[1h]) >= 0'],
  TezioKeyQuarantined: ['tezio_keys_quarantined > 0', 'tezio_keys_quarantined >= 0'],
  TezioCertificateExpiring: ['< 14 * 86400', '< 14 * 86400 + 600'],
  TezioReconnects: ['reconnects_total[1h]) >= 3', 'reconnects_total[1h]) >= 2'],
  TezioDeviceErrors: ['>= 3\n        labels', '>= 2\n        labels'],
  TezioLateReplies: ['late_replies_total[1h]) > 0', 'late_replies_total[1h]) >= 0'],
  TezioLinkNoise: ['noise_total[1h])) >= 10', 'noise_total[1h])) >= 8'],
  TezioAuthenticationBurst: ['[5m]) > 10', '[5m]) > 8'],
  TezioTargetDown: [
    'absent(up{job="tezio-bridge"})\n        for: 30s',
    'absent(up{job="tezio-bridge"})\n        for: 15s',
  ],
  TezioEventLoopLag: ['> 0.1\n', '> 0.09\n'],
  TezioNewBuild: [' unless on (job, instance, version, node) tezio_build_info offset 15m', ''],
}

function tooEager(): string {
  return Object.values(TOO_EAGER).reduce((text, [from, to]) => {
    expect(text.split(from), from).toHaveLength(2)
    return text.replace(from, to)
  }, RULES)
}

const names = ALERTS.map(({ alert }) => alert)

describe.runIf(hasDebianPackage('prometheus'))('promtool', () => {
  test('finds no fault in the rules and in the example configuration', () => {
    for (const what of [
      ['rules', 'alerts.yml'],
      ['config', 'prometheus.yml'],
    ]) {
      const { status, stderr } = spawnSync('promtool', ['check', ...what], {
        cwd: MONITORING,
        encoding: 'utf8',
      })
      expect([status, stderr]).toEqual([0, ''])
    }
  })

  test('sees every alert fire when it should, and nothing else', { timeout: TIMEOUT_MS }, async () => {
    expect(await failuresWith(RULES)).toEqual([])
  })

  test('misses every alert that cannot fire', { timeout: TIMEOUT_MS }, async () => {
    const failures = await failuresWith(withExpressions(() => 'vector(1) > 2'))
    const missed = failures.flatMap(({ expected, got }) => expected.filter((name) => !got.includes(name)))
    expect([...new Set(missed)].sort()).toEqual([...names].sort())
  })

  test('sees every alert that fires a little too early or too easily', { timeout: TIMEOUT_MS }, async () => {
    const failures = await failuresWith(tooEager())
    const extra = failures.flatMap(({ expected, got }) => got.filter((name) => !expected.includes(name)))
    expect([...new Set(extra)].sort()).toEqual([...names].sort())
  })
})

test('every alert has a mutation', () => {
  expect(Object.keys(TOO_EAGER).sort()).toEqual([...names].sort())
})

/** Where an alert sends its reader; a code in it may be any of those that its expression asks for. */
function runbooksOf({ expr, annotations: { runbook } }: Alert): readonly string[] {
  if (!runbook.includes('{{')) return [runbook]
  const pattern = /code=~"([^"]+)"/.exec(expr)?.[1] ?? ''
  const codes = DEVICE_ERRORS.filter((code) => new RegExp(`^(?:${pattern})$`).test(code))
  return codes.map((code) => runbook.replace('{{ $labels.code }}', code))
}

const anchorsOf = (path: string) =>
  [...readDocument(path).prose.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  )

describe.each(ALERTS)('$alert', (alert) => {
  test('leads to a place that tells what to do', () => {
    const places = runbooksOf(alert)
    expect(places.length).toBeGreaterThan(0)
    for (const place of places) {
      const [path = '', anchor = ''] = place.split('#')
      if (path === 'docs/runbook.md') expect(Object.keys(REMEDIES)).toContain(anchor)
      else expect(path).toBe('supervisor/monitoring/README.md')
      if (existsSync(join(ROOT, path))) expect(anchorsOf(path)).toContain(anchor)
    }
  })

  test('says in its description what was found, in whose words, and is explained in the README', () => {
    expect(alert.annotations.description).toMatch(/\$value|\$labels\.version|answered no scrape/)
    expect(alert.annotations.description).toContain('$labels.instance')
    expect(anchorsOf('supervisor/monitoring/README.md')).toContain(alert.alert.toLowerCase())
  })
})
