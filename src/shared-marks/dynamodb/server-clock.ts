import { z } from 'zod'

const httpResponse = z.object({ headers: z.record(z.string(), z.string()) })

/** The time of DynamoDB, whole seconds, by the `Date` of its answers. It has no other clock to ask. */
export class ServerClock {
  #latest: Date | undefined

  /** Takes the time of an answer as it came; an answer without one leaves no time. */
  note(response: unknown): void {
    const date = httpResponse.safeParse(response).data?.headers['date'] ?? ''
    const ms = Date.parse(date)
    this.#latest = Number.isNaN(ms) ? undefined : new Date(ms)
  }

  /** The time of the latest answer, whichever request it was to. */
  latest(): Date | undefined {
    return this.#latest
  }
}
