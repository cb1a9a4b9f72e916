import { refused, show, type Refused } from './findings.js'
import { readUrl } from './values.js'

/** What a hook can be asked about. */
export const HOOK_KINDS: readonly string[] = [
  ...['block', 'preattestation', 'attestation', 'operation', 'michelson_data'],
]

/** How a hook's URL is written, for messages. */
export const HOOK_EXAMPLE = 'write it like http://127.0.0.1:9000/sign'

/** A hook's URL, as it is written. What it holds is not shown: it may be a secret. */
export function readHookUrl(value: unknown): string | Refused {
  const url = readUrl(value, HOOK_EXAMPLE)
  return url instanceof URL ? url.href : url
}

/** A kind of payload that a hook is asked about. */
export function readHookKind(value: unknown): string | Refused {
  if (typeof value === 'string' && HOOK_KINDS.includes(value)) return value
  return refused(`${show(value)} is not a kind that a hook is asked about; write ${HOOK_KINDS.join(', ')}`)
}
