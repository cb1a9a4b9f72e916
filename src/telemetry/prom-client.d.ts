// prom-client's parts by their files. Its index also loads OpenTelemetry, the metrics of a cluster and a push gateway:
// 60 modules that no metric of ours needs, and that the daemon would load at every start.
declare module 'prom-client/lib/counter.js' {
  export { Counter as default } from 'prom-client'
}
declare module 'prom-client/lib/gauge.js' {
  export { Gauge as default } from 'prom-client'
}
declare module 'prom-client/lib/histogram.js' {
  export { Histogram as default } from 'prom-client'
}
declare module 'prom-client/lib/registry.js' {
  export { Registry as default } from 'prom-client'
}
declare module 'prom-client/lib/metrics/*' {
  import type { DefaultMetricsCollectorConfiguration, PrometheusContentType, Registry } from 'prom-client'

  /** Adds some of prom-client's default metrics to a registry. */
  const collect: (
    registry: Registry,
    options?: DefaultMetricsCollectorConfiguration<PrometheusContentType>,
  ) => void
  export default collect
}
