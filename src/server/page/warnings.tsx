import type { StatusReport } from '../status-report.js'
import { Ago, Heading, Icon, plainly } from './words.js'

/** What an operator should know, each with what to do about it. */
export const Warnings = ({ report: { warnings, at: now } }: { readonly report: StatusReport }) => (
  <>
    <Heading of="warnings">Warnings</Heading>
    {warnings.length === 0 ? (
      <p class="quiet">None.</p>
    ) : (
      <ul class="warnings">
        {warnings.map(({ code, message, remedy, at }) => (
          <li>
            <Icon name="warning" />
            <div>
              <h3>{plainly(code)}</h3>
              <p>{message}</p>
              <p class="remedy">
                <strong>What to do:</strong> {remedy}.
              </p>
              {at !== undefined && (
                <p class="quiet">
                  <Ago at={at} now={now} />
                </p>
              )}
            </div>
          </li>
        ))}
      </ul>
    )}
  </>
)
