import { monotonicClock } from '../../clock.js'
import type { JobRefusal } from '../../server/ethereum/index.js'
import type { EthereumDecided } from '../../telemetry/index.js'

/** Hears of every decision. */
export type DecisionSink = (event: EthereumDecided) => void

/** Begins to measure a decision; what comes back tells of its end. */
export function decided(
  onDecided: DecisionSink,
  of: Pick<EthereumDecided, 'job' | 'requestId' | 'clients'>,
): (refusal: JobRefusal | undefined, digest?: string) => void {
  const startedAt = monotonicClock.now()
  return (refusal, digest) => {
    onDecided({
      ...{ event: 'ethereum.decided', ...of, outcome: refusal === undefined ? 'answered' : 'refused' },
      ...(refusal === undefined ? {} : { code: refusal.code, rule: refusal.rule, reason: refusal.message }),
      ...(digest === undefined ? {} : { digest }),
      totalMs: monotonicClock.now() - startedAt,
    })
  }
}
