/**
 * Why there is no port: the system gave no pseudo-terminal or it could not be set to raw mode (`terminal-failed`),
 * something that is not a port stands at the link's path (`link-occupied`), or the link could not be made
 * (`link-failed`, for want of a directory or a permission).
 */
export type PseudoTerminalErrorCode = 'terminal-failed' | 'link-occupied' | 'link-failed'

/** A port that could not be opened. */
export class PseudoTerminalError extends Error {
  override readonly name = 'PseudoTerminalError'
  readonly code: PseudoTerminalErrorCode

  constructor(code: PseudoTerminalErrorCode, message: string, cause?: unknown) {
    super(message, { cause })
    this.code = code
  }
}
