import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { monotonicClock, type Clock } from '../../clock.js'
import { StateError } from '../../policy/index.js'
import { Call } from './call.js'
import type { DynamoDbEvent } from './dynamodb-event.js'
import { dynamoDbFailure, placeText, type TablePlace } from './dynamodb-failure.js'
import { endpointFault } from './endpoint.js'
import { loadSdk, type DynamoDbSdk } from './load-sdk.js'
import { ServerClock } from './server-clock.js'

export type DynamoDbOptions = {
  readonly table: string
  readonly region: string
  /** For a service of one's own; AWS' own for the region unless told. */
  readonly endpoint?: string
  /** What one operation may take in all: credentials, connection, and every attempt. */
  readonly timeoutMs: number
  /** Who is written beside what this host raises; the name of the host unless told. */
  readonly host?: string
  readonly onEvent?: (event: DynamoDbEvent) => void
  readonly clock?: Clock
  /** Wall-clock time for what is shown; no decision depends on it. */
  readonly wallClock?: () => Date
  /** A text that was never used before. */
  readonly newToken?: () => string
}

/** A stalled connection leaves time for another attempt on a new one. */
const ATTEMPTS_IN_TIME = 3
/** More than fit into the time are cut off by it. */
const MAX_ATTEMPTS = 4

/** The SDK's client, with one deadline for all that an operation asks. */
export class Connection {
  readonly place: TablePlace
  readonly #options: DynamoDbOptions
  readonly #sdk: DynamoDbSdk
  readonly #client: DynamoDBClient
  readonly #serverClock = new ServerClock()
  readonly #open = new Set<AbortController>()
  #isClosed = false

  private constructor(options: DynamoDbOptions, sdk: DynamoDbSdk) {
    const { table, region, endpoint, timeoutMs } = options
    this.place = { table, region, endpoint }
    this.#options = options
    this.#sdk = sdk
    const attemptMs = Math.max(1, Math.floor(timeoutMs / ATTEMPTS_IN_TIME))
    this.#client = new sdk.DynamoDBClient({
      region,
      ...(endpoint === undefined ? {} : { endpoint }),
      maxAttempts: MAX_ATTEMPTS,
      retryMode: 'standard',
      requestHandler: {
        connectionTimeout: attemptMs,
        requestTimeout: attemptMs,
        throwOnRequestTimeout: true,
      },
    })
    // inside the SDK's own step of this name, so that it sees refusals too
    this.#client.middlewareStack.add(
      (next) => async (args) => {
        const result = await next(args)
        this.#serverClock.note(result.response)
        return result
      },
      { step: 'deserialize', priority: 'low', name: 'noteServerTime' },
    )
  }

  /** Loads the SDK and asks nothing yet. Rejects with a StateError where it cannot be used. */
  static async open(options: DynamoDbOptions): Promise<Connection> {
    const fault = options.endpoint === undefined ? undefined : endpointFault(options.endpoint)
    if (fault !== undefined) throw new StateError('marks-unavailable', `marks.dynamodb: ${fault}`)
    return new Connection(options, await loadSdk())
  }

  /**
   * Runs an operation to its end or to the deadline, whichever comes first; it rejects with StateErrors only. The SDK
   * cannot stop looking for credentials: that may outlive the deadline, and then sends nothing any more.
   */
  within<T>(operation: (call: Call) => Promise<T>): Promise<T> {
    const { timeoutMs, clock = monotonicClock } = this.#options
    if (this.#isClosed) return Promise.reject(this.#unavailable('this host has closed it'))
    const over = new AbortController()
    return new Promise((resolve, reject) => {
      const call = this.#call(over.signal)
      const cancel = clock.after(timeoutMs, () => {
        over.abort(this.#late(call.lastFailure()))
      })
      over.signal.addEventListener('abort', () => {
        reject(asError(over.signal.reason))
      })
      this.#open.add(over)
      operation(call)
        .then(resolve, (error: unknown) => {
          reject(dynamoDbFailure(error, this.place))
        })
        .finally(() => {
          cancel()
          this.#open.delete(over)
        })
    })
  }

  /** Gives up what is asked at the moment. */
  close(): void {
    this.#isClosed = true
    for (const over of this.#open) over.abort(this.#unavailable('this host has closed it'))
    this.#client.destroy()
  }

  #call(signal: AbortSignal): Call {
    const { host = hostname(), newToken = randomUUID, onEvent = () => undefined } = this.#options
    const wallClock = this.#options.wallClock ?? (() => new Date())
    const [sdk, client, table] = [this.#sdk, this.#client, this.place.table]
    const serverTime = () => this.#serverClock.latest()
    return new Call({ sdk, client, table, signal, host, newToken, wallClock, serverTime, onEvent })
  }

  #late(lastFailure: unknown): StateError {
    const { timeoutMs } = this.#options
    if (lastFailure === undefined) return this.#unavailable(`it did not answer within ${timeoutMs} ms`)
    return dynamoDbFailure(lastFailure, this.place, timeoutMs)
  }

  #unavailable(what: string): StateError {
    const remedy = 'look at the network to it and at timeout_ms of marks.dynamodb'
    return new StateError(
      'marks-unavailable',
      `${placeText(this.place)} gave no answer that counts: ${what}; ${remedy}`,
    )
  }
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason))
}
