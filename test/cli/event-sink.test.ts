import { expect, test } from 'vitest'
import { eventSink } from '../../src/cli/event-sink.js'
import type { LogEvent } from '../../src/cli/log.js'
import { decided } from '../telemetry/fixture.js'

test('an event that telemetry fails at is logged all the same, and the failure beside it', () => {
  const lines: LogEvent[] = []
  const log = { write: (_level: string, event: LogEvent) => void lines.push(event) }
  const telemetry = {
    observe: () => {
      throw new Error('no such label')
    },
  }
  eventSink(log, telemetry)(decided())
  expect(lines).toEqual([
    { event: 'telemetry.failed', of: 'signature.decided', reason: 'no such label' },
    decided(),
  ])
})
