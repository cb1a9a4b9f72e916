/**
 * Why a fault was not armed: there is none of this name (`unknown-fault`), a parameter is unknown or out of its range
 * (`bad-parameters`), or the port cannot do it (`not-possible-here`).
 */
export type FaultErrorCode = 'unknown-fault' | 'bad-parameters' | 'not-possible-here'

/** A fault that was not armed. The message names the fault, the parameter and the limit. */
export class FaultError extends Error {
  override readonly name = 'FaultError'
  readonly code: FaultErrorCode

  constructor(code: FaultErrorCode, message: string) {
    super(message)
    this.code = code
  }
}
