/** A setting of another signer that the new configuration does not have, and what to do about it. */
export type NotCarriedOver = {
  /** Its name, as it stands in the other signer's file or command line; never its value. */
  readonly setting: string
  readonly reason: string
  readonly remedy: string
}

/** Collects what a person has to know of a translation. Neither part may hold a secret: both are printed. */
export class Notes {
  readonly #left: NotCarriedOver[] = []
  readonly #assumed: string[] = []

  get notCarriedOver(): readonly NotCarriedOver[] {
    return this.#left
  }

  get assumptions(): readonly string[] {
    return this.#assumed
  }

  /** A setting that has no place in the new configuration. */
  leave(setting: string, reason: string, remedy: string): void {
    this.#left.push({ setting, reason, remedy })
  }

  /** What was decided where the other signer's settings leave it open; each sentence once. */
  assume(sentence: string): void {
    if (!this.#assumed.includes(sentence)) this.#assumed.push(sentence)
  }
}
