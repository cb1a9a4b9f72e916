/** The code of an operating-system error, such as ENOENT; `undefined` for whatever else was thrown. */
export function systemErrorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}
