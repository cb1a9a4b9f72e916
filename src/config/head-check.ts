import type { HeadCheckConfig } from './config.js'
import type { Findings } from './findings.js'
import type { FileContents } from './schema.js'
import { RPC_EXAMPLE } from './values.js'

/** A block is asked for one level above the node's head; one more for a node that is slower than the client's. */
const MAX_AHEAD = 2
/** A minute of mainnet, about: votes for older levels cannot be included any more. */
const MAX_BEHIND = 10

/** The node that tells the chain's head, where the file names one. */
export function readHeadCheck(file: FileContents, findings: Findings): HeadCheckConfig | undefined {
  if (!file.head_check) return undefined
  const { rpc, max_ahead, max_behind, on_error } = file.head_check
  if (rpc === undefined) {
    findings.refuse(
      ['head_check', 'rpc'],
      `is missing, and without a node there is no head to compare with; ${RPC_EXAMPLE}, or remove head_check`,
    )
    return undefined
  }
  return {
    rpc,
    maxAhead: max_ahead ?? MAX_AHEAD,
    maxBehind: max_behind ?? MAX_BEHIND,
    onError: on_error ?? 'allow',
  }
}
