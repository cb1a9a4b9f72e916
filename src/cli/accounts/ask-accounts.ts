import { z } from 'zod'
import { askDaemon } from '../control-client.js'
import { RefusedError, UnavailableError } from '../exit-code.js'

/** A device may have to sign twice behind others, and two passphrases be stretched, in ms. */
const TIMEOUT_MS = 60_000

const refusalSchema = z.object({
  outcome: z.literal('refused'),
  refusal: z.object({ code: z.string(), message: z.string() }),
})

/**
 * Has the running daemon do something with accounts. `secret` goes over its control socket, which only its user can open,
 * and is wiped here. Rejects with a RefusedError in the daemon's words.
 */
export async function askAccounts(
  stateDir: string,
  action: string,
  query: Readonly<Record<string, string>> = {},
  secret: Buffer = Buffer.alloc(0),
): Promise<unknown> {
  try {
    const path = `/accounts/${action}?${new URLSearchParams(query).toString()}`
    const answer = await askDaemon(stateDir, 'POST', path, secret, TIMEOUT_MS)
    if (answer === undefined) {
      throw new UnavailableError('no daemon runs on this state; to start it: tezio-bridge serve')
    }
    const refused = refusalSchema.safeParse(answer)
    if (!refused.success) return answer
    const { code, message } = refused.data.refusal
    throw new RefusedError(`${code}: ${message}`)
  } finally {
    secret.fill(0)
  }
}
