import type { StatusReport } from '../status-report.js'
import { Fact, Heading, Since } from './words.js'

/** What was asked since the start, and what waits. */
export const Requests = ({ report }: { readonly report: StatusReport }) => {
  const { queue, counts, startedAt, at } = report
  return (
    <>
      <Heading of="requests">Requests</Heading>
      <dl class="facts">
        <Fact name="Waiting now">
          {queue.waiting} of {queue.capacity} places
        </Fact>
        <Fact name="Signed">{counts.signed}</Fact>
        <Fact name="Repeated">{counts.repeated}</Fact>
        <Fact name="Refused">{counts.refused}</Fact>
        <Fact name="Running">
          <Since at={startedAt} now={at} />
        </Fact>
      </dl>
    </>
  )
}
