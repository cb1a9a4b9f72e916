import type { Registry } from 'prom-client'
import Counter from 'prom-client/lib/counter.js'
import eventLoopLag from 'prom-client/lib/metrics/eventLoopLag.js'
import garbageCollection from 'prom-client/lib/metrics/gc.js'
import heapSize from 'prom-client/lib/metrics/heapSizeAndUsed.js'
import memory from 'prom-client/lib/metrics/osMemoryHeap.js'
import mostDescriptors from 'prom-client/lib/metrics/processMaxFileDescriptors.js'
import openDescriptors from 'prom-client/lib/metrics/processOpenFileDescriptors.js'
import startTime from 'prom-client/lib/metrics/processStartTime.js'
import nodeVersion from 'prom-client/lib/metrics/version.js'

/** Of prom-client's default metrics those that tell something, but for processor time: its file loads OpenTelemetry. */
const COLLECTED = [
  startTime,
  memory,
  openDescriptors,
  mostDescriptors,
  eventLoopLag,
  heapSize,
  nodeVersion,
  garbageCollection,
]

/** Figures of the event loop that are no numbers where two scrapes follow closely. */
const LEFT_OUT = [
  'nodejs_eventloop_lag_min_seconds',
  'nodejs_eventloop_lag_mean_seconds',
  'nodejs_eventloop_lag_stddev_seconds',
]

/** How often the event loop is looked at, in milliseconds: prom-client's own choice. */
const EVENT_LOOP_PRECISION_MS = 10

/** Memory, processor time, descriptors, garbage collection and the lag of the event loop, read when asked. */
export function collectProcessMetrics(registry: Registry): void {
  processorTime(registry, 'process_cpu_user_seconds_total', 'program', ({ user }) => user)
  processorTime(registry, 'process_cpu_system_seconds_total', 'kernel', ({ system }) => system)
  processorTime(registry, 'process_cpu_seconds_total', 'both', ({ user, system }) => user + system)
  for (const collect of COLLECTED) {
    collect(registry, { eventLoopMonitoringPrecision: EVENT_LOOP_PRECISION_MS })
  }
  for (const name of LEFT_OUT) registry.removeSingleMetric(name)
}

function processorTime(
  registry: Registry,
  name: string,
  where: string,
  microseconds: (usage: NodeJS.CpuUsage) => number,
): void {
  const time = new Counter({
    ...{ name, help: `Processor time of this process (${where}) since it began.`, registers: [registry] },
    collect: () => {
      time.reset()
      time.inc(microseconds(process.cpuUsage()) / 1e6)
    },
  })
}
