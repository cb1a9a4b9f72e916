/** Who wants to hear of something; called in the order they came. */
export class Listeners<Values extends readonly unknown[]> {
  readonly #listeners = new Set<(...values: Values) => void>()

  /** Adds one; the returned function takes it away. */
  add(listener: (...values: Values) => void): () => void {
    this.#listeners.add(listener)
    return () => {
      this.#listeners.delete(listener)
    }
  }

  /** Calls every listener. */
  call(...values: Values): void {
    for (const listener of this.#listeners) listener(...values)
  }
}
