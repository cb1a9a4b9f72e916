import type { StatusReport } from '../status-report.js'
import { Fact, Heading, Since } from './words.js'

/** The states of the link (src/device/device-status.ts) in an operator's words. */
const STATES: Readonly<Record<string, string>> = {
  closed: 'Not connected',
  opening: 'Opening the port',
  syncing: 'Getting in step with the board',
  ready: 'Connected',
  busy: 'Connected, at work',
  resyncing: 'Getting in step with the board again',
}

/** The board and its cable. */
export const Device = ({ report: { device, warnings, at } }: { readonly report: StatusReport }) => {
  const { state, since, path, simulated, lastError, reconnects, lateReplies, noiseBytes } = device
  const remedy = warnings.find(({ code }) => code === lastError?.code)?.remedy
  return (
    <>
      <Heading of="device">Board</Heading>
      <dl class="facts">
        <Fact name="State">
          <span>
            {STATES[state] ?? state} <Since at={since} now={at} />
          </span>
        </Fact>
        <Fact name="Port">
          <code>{path ?? 'none found yet'}</code>
          {simulated && <span class="quiet"> a pseudo-terminal</span>}
        </Fact>
        {lastError !== undefined && (
          <Fact name="Last error">
            <span class="bad">{lastError.message}</span>
            {remedy !== undefined && (
              <p class="remedy">
                <strong>What to do:</strong> {remedy}.
              </p>
            )}
          </Fact>
        )}
        <Fact name="Reconnects">{reconnects}</Fact>
        <Fact name="Late replies">{lateReplies}</Fact>
        <Fact name="Noise on the line">{noiseBytes === 1 ? '1 byte' : `${noiseBytes} bytes`}</Fact>
      </dl>
    </>
  )
}
