import type { Config } from '../../../config/index.js'
import { systemFiles, verifyHistory, type History } from '../../../policy/index.js'
import { systemErrorCode } from '../../../system-error.js'

/** The marks' journal, checked line by line. */
export type JournalFacts =
  | { readonly outcome: 'read'; readonly history: History }
  | { readonly outcome: 'unreadable'; readonly reason: string }

/** Reads the journal and its rolled segments, also beside a running daemon. */
export function journalFacts({ stateDir }: Config): JournalFacts {
  try {
    return { outcome: 'read', history: verifyHistory(systemFiles, stateDir) }
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error
    return { outcome: 'unreadable', reason: String(error) }
  }
}
