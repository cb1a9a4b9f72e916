import type { StatusReport } from '../status-report.js'
import type { PageState } from './browser/live-message.js'
import { Heading, Icon, Since } from './words.js'

/** The state in one word: warnings count only beside readiness. */
export function pageState({ readiness, warnings }: StatusReport): PageState {
  if (!readiness.ready) return 'not-ready'
  return warnings.length === 0 ? 'ready' : 'warning'
}

/** The state for the title of the window, which tabs and screen readers show. */
export function pageTitle(report: StatusReport): string {
  const { length } = report.warnings
  const words = report.readiness.ready ? 'Ready' : 'Not ready'
  return `${words}${length === 0 ? '' : ` (${countOf(length)})`} – tezio-bridge`
}

/** Whether a signature could be made now, in words that can be read across the room. */
export const Verdict = ({ report }: { readonly report: StatusReport }) => {
  const { readiness, device, devices = [device], warnings, at } = report
  const { ready, reasons } = readiness
  return (
    <>
      {devices.some(({ simulated }) => simulated) && (
        <p class="simulated">
          <Icon name="warning" />
          <span>
            <strong>SIMULATED</strong> board: nothing protects its keys. For tests only.
          </span>
        </p>
      )}
      <div class="verdict" data-state={pageState(report)}>
        <span class="lamp">
          <Icon name={ready ? 'yes' : 'no'} />
        </span>
        <div>
          <div role="status">
            <Heading of="verdict">{ready ? 'Ready to sign' : 'Not ready to sign'}</Heading>
            {reasons.map(({ message }) => (
              <p class="why">{message}</p>
            ))}
            <p class="count">
              {warnings.length === 0 ? 'No warnings' : <a href="#warnings">{countOf(warnings.length)}</a>}
            </p>
          </div>
          <p class="since">
            <Since at={device.since} now={at} />
          </p>
        </div>
      </div>
    </>
  )
}

function countOf(warnings: number): string {
  return warnings === 1 ? '1 warning' : `${warnings} warnings`
}
