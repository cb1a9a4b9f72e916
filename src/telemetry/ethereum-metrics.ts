import type Counter from 'prom-client/lib/counter.js'
import type { EthereumDecided } from './bridge-event.js'
import type { Instruments } from './instruments.js'

/** Counts the answers of the Ethereum jobs. There is no such metric before the first: a bridge that bakes has none. */
export class EthereumMetrics {
  readonly #made: Instruments
  #answers: Counter | undefined

  constructor(made: Instruments) {
    this.#made = made
  }

  decided({ job, outcome, code = '' }: EthereumDecided): void {
    this.#answers ??= this.#made.counter('ethereum_answers_total', 'Answers of the Ethereum jobs', [
      ...['job', 'outcome', 'code'],
    ])
    this.#answers.inc({ job, outcome, code })
  }
}
