import Counter from 'prom-client/lib/counter.js'
import Gauge from 'prom-client/lib/gauge.js'
import Histogram from 'prom-client/lib/histogram.js'
import Registry from 'prom-client/lib/registry.js'

/** Seconds; fits a board that takes 150 ms, a budget of a few hundred, and one second as the end of patience. */
const BUCKETS = [0.005, 0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 0.75, 1, 1.5, 3]

/** Makes metrics of this program in a registry of its own; their names begin with `tezio_`. */
export class Instruments {
  readonly registry = new Registry()

  counter(name: string, help: string, labelNames: string[] = []): Counter {
    return new Counter({ name: `tezio_${name}`, help, labelNames, registers: [this.registry] })
  }

  histogram(name: string, help: string, labelNames: string[] = [], buckets = BUCKETS): Histogram {
    return new Histogram({ name: `tezio_${name}`, help, labelNames, buckets, registers: [this.registry] })
  }

  /** `collect` is called whenever somebody reads. */
  gauge(name: string, help: string, labelNames: string[] = [], collect?: (gauge: Gauge) => void): Gauge {
    const gauge: Gauge = new Gauge({
      ...{ name: `tezio_${name}`, help, labelNames, registers: [this.registry] },
      collect() {
        collect?.(this)
      },
    })
    return gauge
  }
}
