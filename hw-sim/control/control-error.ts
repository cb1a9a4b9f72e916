/**
 * Why a request was refused: it cannot be understood (`malformed-request`, `body-too-large`), names something that is
 * not there (`unknown-device`, `unknown-path`, `not-armed`), or a device without keys yet cannot do it
 * (`being-provisioned`).
 */
export type ControlErrorCode =
  | 'malformed-request'
  | 'body-too-large'
  | 'unknown-device'
  | 'unknown-path'
  | 'not-armed'
  | 'being-provisioned'

/** A request that the control interface refuses. */
export class ControlError extends Error {
  override readonly name = 'ControlError'
  readonly code: ControlErrorCode

  constructor(code: ControlErrorCode, message: string) {
    super(message)
    this.code = code
  }
}
