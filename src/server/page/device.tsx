import type { DeviceReport, StatusReport } from '../status-report.js'
import { Fact, Heading, Since } from './words.js'

/** The states of the link (src/device/device-status.ts) in an operator's words. */
const STATES: Readonly<Record<string, string>> = {
  closed: 'Not connected',
  opening: 'Opening the port',
  syncing: 'Getting in step with it',
  ready: 'Connected',
  busy: 'Connected, at work',
  resyncing: 'Getting in step with it again',
}

/** The board and its cable, or each of several devices. */
export const Device = ({ report }: { readonly report: StatusReport }) => {
  const { device, devices = [device] } = report
  const isOnly = devices.length === 1
  return (
    <>
      <Heading of="device">{isOnly ? 'Board' : 'Devices'}</Heading>
      {isOnly ? (
        <Link device={device} report={report} />
      ) : (
        devices.map((one) => (
          <article class="one-device" aria-label={one.name}>
            <h3>
              {one.name} <span class="quiet">{KINDS[one.kind] ?? one.kind}</span>
            </h3>
            <Link device={one} report={report} />
          </article>
        ))
      )}
    </>
  )
}

const KINDS: Readonly<Record<string, string>> = { tezio: 'Tezio HSM', pkcs11: 'PKCS#11 token' }

type LinkProps = { readonly device: DeviceReport; readonly report: StatusReport }

const Link = ({ device, report: { warnings, at } }: LinkProps) => {
  const { kind, state, since, path, simulated, lastError, reconnects, lateReplies, noiseBytes } = device
  const remedy = warnings.find(({ code }) => code === lastError?.code)?.remedy
  return (
    <dl class="facts">
      <Fact name="State">
        <span>
          {STATES[state] ?? state} <Since at={since} now={at} />
        </span>
      </Fact>
      <Fact name={kind === 'tezio' ? 'Port' : 'Token'}>
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
      {kind === 'tezio' && <Fact name="Late replies">{lateReplies}</Fact>}
      {kind === 'tezio' && (
        <Fact name="Noise on the line">{noiseBytes === 1 ? '1 byte' : `${noiseBytes} bytes`}</Fact>
      )}
    </dl>
  )
}
