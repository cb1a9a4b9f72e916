/** What a command needs of its surroundings. Lines come without their end. */
export type Surroundings = {
  readonly print: (line: string) => void
  readonly warn: (line: string) => void
  /** Aborted when the command is to end. */
  readonly stop: AbortSignal
}

/** Resolves when one of the signals is aborted. */
export async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return
  await new Promise<void>((resolve) => {
    signal.addEventListener(
      'abort',
      () => {
        resolve()
      },
      { once: true },
    )
  })
}
