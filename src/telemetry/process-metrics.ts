import { collectDefaultMetrics, type Registry } from 'prom-client'

/**
 * Of prom-client's defaults those that are left out: labels of Node's own making, gauges that call themselves a total,
 * spaces of the heap, and figures of the event loop that are no numbers where two scrapes follow closely.
 */
const LEFT_OUT = [
  'nodejs_active_resources',
  'nodejs_active_resources_total',
  'nodejs_active_handles',
  'nodejs_active_handles_total',
  'nodejs_active_requests',
  'nodejs_active_requests_total',
  'nodejs_heap_space_size_total_bytes',
  'nodejs_heap_space_size_used_bytes',
  'nodejs_heap_space_size_available_bytes',
  'nodejs_eventloop_lag_min_seconds',
  'nodejs_eventloop_lag_mean_seconds',
  'nodejs_eventloop_lag_stddev_seconds',
]

/** Memory, processor time, descriptors, garbage collection and the lag of the event loop, read when asked. */
export function collectProcessMetrics(registry: Registry): void {
  collectDefaultMetrics({ register: registry })
  for (const name of LEFT_OUT) registry.removeSingleMetric(name)
}
