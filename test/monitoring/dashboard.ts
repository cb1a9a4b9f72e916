import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { MONITORING } from './rules.js'

const target = z.looseObject({ expr: z.string(), refId: z.string() })
const panel = z.looseObject({
  id: z.number(),
  type: z.string(),
  title: z.string(),
  description: z.string().optional(),
  targets: z.array(target).optional(),
  gridPos: z.object({ x: z.number(), y: z.number(), w: z.number(), h: z.number() }),
})
const variable = z.looseObject({ name: z.string(), type: z.string(), definition: z.string().optional() })
const dashboard = z.looseObject({
  __inputs: z.array(z.looseObject({ name: z.string(), pluginId: z.string() })),
  uid: z.string(),
  version: z.number(),
  schemaVersion: z.number(),
  panels: z.array(panel),
  templating: z.object({ list: z.array(variable) }),
  annotations: z.object({ list: z.array(z.looseObject({ name: z.string(), expr: z.string() })) }),
})

export type Panel = z.infer<typeof panel>

/** The dashboard as Grafana imports it. */
export const DASHBOARD = dashboard.parse(
  JSON.parse(readFileSync(join(MONITORING, 'grafana-dashboard.json'), 'utf8')),
)

/** Panels that ask for something. */
export const PANELS: readonly Panel[] = DASHBOARD.panels.filter(({ type }) => type !== 'row')

/** One query of the dashboard and where it stands. */
export type Query = { readonly title: string; readonly expr: string }

/** The queries of panels, as Grafana sends them with "All" chosen everywhere and a window for rates. */
export function queriesOf(panels: readonly Panel[], rateInterval: string): readonly Query[] {
  return panels.flatMap(({ title, targets = [] }) =>
    targets.map(({ expr }) => ({ title, expr: substituted(expr, rateInterval) })),
  )
}

/** An expression without variables. */
export function substituted(expr: string, rateInterval: string): string {
  return expr.replaceAll('$__rate_interval', rateInterval).replaceAll(/\$(?:instance|key)\b/g, '.*')
}
