import { Registry } from 'prom-client'
import { expect, test } from 'vitest'
import { collectProcessMetrics } from '../../src/telemetry/process-metrics.js'

test('processor time is that of the whole process at each scrape, and the sum is of program and kernel', async () => {
  const registry = new Registry()
  collectProcessMetrics(registry)
  await registry.metrics()
  const least = process.cpuUsage()
  const figures = await figuresOf(registry)
  const most = process.cpuUsage()
  const { user, system, both } = figures
  expect(user).toBeGreaterThanOrEqual(least.user / 1e6)
  expect(user).toBeLessThanOrEqual(most.user / 1e6)
  expect(system).toBeGreaterThanOrEqual(least.system / 1e6)
  expect(system).toBeLessThanOrEqual(most.system / 1e6)
  expect(both).toBeGreaterThanOrEqual((least.user + least.system) / 1e6)
  expect(both).toBeLessThanOrEqual((most.user + most.system) / 1e6)
})

async function figuresOf(registry: Registry): Promise<Record<'user' | 'system' | 'both', number>> {
  const text = await registry.metrics()
  const figure = (name: string) => Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1])
  return {
    user: figure('process_cpu_user_seconds_total'),
    system: figure('process_cpu_system_seconds_total'),
    both: figure('process_cpu_seconds_total'),
  }
}
