/**
 * Why the state cannot be used.
 * - `state-missing`: there is none; `tezio-bridge init` makes it.
 * - `state-exists`: `init` found one and leaves it alone.
 * - `state-exported`: its marks were exported; they sign on another host now, and never here again.
 * - `state-locked`: another process owns it.
 * - `journal-damaged`: a line before the last one is not what was written; nothing is guessed.
 * - `journal-replaced`: the file is not the one that was opened, or it went back behind what is known.
 * - `state-write-failed`: a write or a sync failed; nothing is signed until the journal was read again.
 * - `state-unreadable`: the operating system refused to open or read it.
 * - `marks-unavailable`: the store that several hosts share gave no answer that counts in time; asking again may help.
 * - `marks-went-back`: the shared store stands below what this host's journal knows, as if it came from an old backup.
 * - `marks-schema`: the shared store is there, but not as this program needs it.
 */
export type StateErrorCode =
  | 'state-missing'
  | 'state-exists'
  | 'state-exported'
  | 'state-locked'
  | 'journal-damaged'
  | 'journal-replaced'
  | 'state-write-failed'
  | 'state-unreadable'
  | 'marks-unavailable'
  | 'marks-went-back'
  | 'marks-schema'

/** The state directory or its journal cannot be used. */
export class StateError extends Error {
  readonly code: StateErrorCode

  constructor(code: StateErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? {} : { cause })
    this.name = 'StateError'
    this.code = code
  }
}
