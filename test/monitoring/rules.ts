import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { z } from 'zod'
import { ROOT } from '../docs/documents.js'

/** The folder with the rules, the dashboard and their README. */
export const MONITORING = join(ROOT, 'supervisor/monitoring')

/** The rules as they are written. */
export const RULES = readFileSync(join(MONITORING, 'alerts.yml'), 'utf8')

const alert = z.strictObject({
  alert: z.string(),
  expr: z.string(),
  for: z.string().optional(),
  labels: z.strictObject({ severity: z.enum(['critical', 'warning', 'info']) }),
  annotations: z.strictObject({ summary: z.string(), description: z.string(), runbook: z.string() }),
})
const record = z.strictObject({ record: z.string(), expr: z.string() })
const file = z.strictObject({
  groups: z.array(
    z.strictObject({
      name: z.string(),
      interval: z.string().optional(),
      rules: z.array(z.union([alert, record])),
    }),
  ),
})

/** An alert as it is written. */
export type Alert = z.infer<typeof alert>

const rules = file.parse(parse(RULES)).groups.flatMap((group) => group.rules)

/** The alerts in their order. */
export const ALERTS: readonly Alert[] = rules.filter((rule) => 'alert' in rule)

/** The expressions that are evaluated beforehand, by their names. */
export const RECORDS: ReadonlyMap<string, string> = new Map(
  rules.flatMap((rule) => ('record' in rule ? [[rule.record, rule.expr]] : [])),
)
