import type { Check, Run } from '../check.js'
import { judged, type Judgement } from '../judgement.js'
import { describe } from '../reply.js'
import { reference } from './framing.js'

const LISTEN_MS = 300
const ATTEMPTS = 3

/** Before all else: a device that says nothing unasked, and answers. */
export const LINK_CHECKS: readonly Check[] = [
  { id: 'link.quiet', title: 'the device sends nothing that was not asked for', judge: judgeQuiet },
  { id: 'link.answers', title: 'the device answers GET_PK', judge: judgeAnswers },
]

async function judgeQuiet(run: Run): Promise<Judgement> {
  const count = await run.prober.strayBytes(LISTEN_MS)
  return judged([count === 0 ? undefined : `${count} byte(s) came unasked within ${LISTEN_MS} ms`])
}

/** What was in the port before may cost the first command, so there is more than one attempt. */
async function judgeAnswers(run: Run): Promise<Judgement> {
  let reply = await reference(run)
  for (let attempt = 1; attempt < ATTEMPTS && reply.kind !== 'body'; attempt += 1)
    reply = await reference(run)
  return judged([reply.kind === 'body' ? undefined : describe(reply)])
}
