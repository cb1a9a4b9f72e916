import type { Clock } from '../../clock.js'
import { StateError } from '../../policy/index.js'
import type { SharedMarksEvent } from '../shared-marks-event.js'
import { Connection, type ConnectionOptions } from './connection.js'
import { faultOf, TableFault, type Fault } from './fault.js'
import { inspectServer, type InspectTables } from './inspect.js'
import type { Place } from './place.js'
import { Slots } from './slots.js'

export type ConnectionsOptions = ConnectionOptions & {
  readonly places: readonly Place[]
  readonly onEvent: (event: SharedMarksEvent) => void
  /** What is kept there, for messages. */
  readonly what: string
  /** Throws why the tables are not as they must be; asked of each new connection. None where they are only being made. */
  readonly inspectTables?: InspectTables
}

/** Sends one statement on the connection in hand. */
export type Send = (text: string, values?: readonly unknown[]) => ReturnType<Connection['send']>

/** Connections at once: a few keys raise their marks side by side, and the table is read beside them. */
const MOST = 6
/** Connections that are kept, so that a request never waits for a handshake. */
const WARM = 2
/** Between two rounds over all servers, in ms: one that restarts is there again soon. */
const PAUSE_MS = 50
/** The least that one try gets, in ms, where so much is left. */
const LEAST_TRY_MS = 250
/** How long a goodbye is waited for, in ms. */
const GOODBYE_MS = 250

/**
 * Connections to the one server that takes writes. Each work has `timeoutMs` in all: a try that breaks or gets nothing
 * in half of what is left is ended with its connection, and the work is done again on a new one. Whoever gives work here
 * makes it such that doing it twice is as good as once, for the first try may have been committed.
 */
export class Connections {
  readonly #options: ConnectionsOptions
  readonly #clock: Clock
  readonly #slots: Slots
  readonly #idle: Connection[] = []
  #lastGood = 0
  #server: Place | undefined
  #warming: Promise<void> | undefined
  #isClosed = false

  constructor(options: ConnectionsOptions) {
    this.#options = options
    this.#clock = options.clock
    this.#slots = new Slots(options.clock, MOST)
  }

  /** Rejects with a StateError, in time. */
  async use<Value>(work: (send: Send) => Promise<Value>): Promise<Value> {
    const { timeoutMs } = this.#options
    const endsAt = this.#clock.now() + timeoutMs
    const left = () => endsAt - this.#clock.now()
    let fault: Fault | undefined
    while (left() > 0) {
      if (this.#isClosed) throw this.#error({ code: 'marks-unavailable', text: 'it is closed here' })
      const tryMs = Math.min(left(), Math.max(left() / 2, LEAST_TRY_MS))
      const tryEndsAt = this.#clock.now() + tryMs
      try {
        return await this.#try(work, () => tryEndsAt - this.#clock.now())
      } catch (error) {
        const found = faultOf(error)
        if (!found.passing) throw this.#error(found, error)
        // That the last moment was too short for one more try says less than why it was needed.
        if (fault === undefined || tryMs >= LEAST_TRY_MS) fault = found
      }
      await this.#pause(Math.min(PAUSE_MS, left()))
    }
    throw this.#error(fault ?? { code: 'marks-unavailable', text: `no answer within ${timeoutMs} ms` })
  }

  /** The same for several statements that are committed together. */
  transaction<Value>(work: (send: Send) => Promise<Value>): Promise<Value> {
    return this.use(async (send) => {
      await send('BEGIN ISOLATION LEVEL READ COMMITTED')
      const value = await work(send)
      await send('COMMIT')
      return value
    })
  }

  /** Ends what nobody uses; work in hand ends by itself, in its time. */
  async close(): Promise<void> {
    this.#isClosed = true
    await this.#warming
    await Promise.all(this.#idle.splice(0).map((connection) => connection.end(GOODBYE_MS)))
  }

  async #try<Value>(work: (send: Send) => Promise<Value>, left: () => number): Promise<Value> {
    const release = await this.#slots.take(left())
    let connection: Connection | undefined
    try {
      connection = this.#sound() ?? (await this.#connect(left))
      const used = connection
      const value = await work((text, values) => used.send(left(), text, values))
      this.#giveBack(used)
      return value
    } catch (error) {
      connection?.destroy()
      throw error
    } finally {
      release()
      this.#keepWarm()
    }
  }

  #sound(): Connection | undefined {
    for (;;) {
      const connection = this.#idle.pop()
      if (connection?.isBroken !== true) return connection
    }
  }

  #giveBack(connection: Connection): void {
    if (this.#isClosed || connection.isBroken || this.#idle.length >= WARM) void connection.end(GOODBYE_MS)
    else this.#idle.push(connection)
  }

  /** The servers in turn, the last good one first; each gets its share of the time. */
  async #connect(left: () => number): Promise<Connection> {
    const { places } = this.#options
    const faults: Fault[] = []
    for (let step = 0; step < places.length; step++) {
      const index = (this.#lastGood + step) % places.length
      const place = places[index]
      if (place === undefined) break
      const endsAt = this.#clock.now() + left() / (places.length - step)
      try {
        const connection = await this.#open(place, () => endsAt - this.#clock.now())
        this.#lastGood = index
        return connection
      } catch (error) {
        const fault = faultOf(error)
        faults.push({ ...fault, text: places.length === 1 ? fault.text : `${place.text}: ${fault.text}` })
      }
    }
    const schema = faults.find(({ code }) => code === 'marks-schema')
    const text = faults.map((fault) => fault.text).join('; ')
    const isPassing = schema === undefined && faults.some(({ passing }) => passing)
    throw new TableFault(schema?.code ?? 'marks-unavailable', text, isPassing)
  }

  async #open(place: Place, left: () => number): Promise<Connection> {
    const { places, inspectTables, onEvent } = this.#options
    const connection = await Connection.open(place, left(), this.#options)
    try {
      await inspectServer(connection, places.length, left)
      await inspectTables?.(connection, left)
    } catch (error) {
      connection.destroy()
      throw error
    }
    connection.onEnd(() => {
      this.#ended(connection)
    })
    if (this.#server !== place) onEvent({ event: 'marks.connected', server: place.text })
    this.#server = place
    return connection
  }

  /** One that breaks while nobody uses it is replaced before it is needed. */
  #ended(connection: Connection): void {
    const index = this.#idle.indexOf(connection)
    if (index < 0) return
    this.#idle.splice(index, 1)
    const reason = 'the server or the network ended it'
    this.#options.onEvent({ event: 'marks.connection-lost', server: connection.place.text, reason })
    this.#keepWarm()
  }

  /** Tried once at a time; a failure is told to whoever needs a connection next. */
  #keepWarm(): void {
    if (this.#isClosed || this.#warming !== undefined || this.#idle.length >= WARM) return
    const endsAt = this.#clock.now() + this.#options.timeoutMs
    this.#warming = this.#connect(() => endsAt - this.#clock.now()).then(
      (connection) => {
        this.#warming = undefined
        this.#giveBack(connection)
        this.#keepWarm()
      },
      () => {
        this.#warming = undefined
      },
    )
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.#clock.after(Math.max(ms, 0), resolve)
    })
  }

  #error({ code, text }: Pick<Fault, 'code' | 'text'>, cause?: unknown): StateError {
    const where = this.#options.places.map((place) => place.text).join(', ')
    const words = text.startsWith('postgresql://') ? text : `${where}: ${text}`
    return new StateError(code, `${this.#options.what} are not to be had from ${words}`, cause)
  }
}
