import { Socket } from 'node:net'
import type { Client } from 'pg'
import type { Clock } from '../../clock.js'
import { TableFault } from './fault.js'
import { passfilePath, passwordFrom } from './passfile.js'
import type { Place } from './place.js'
import { tlsOptions } from './tls.js'

/** What is the same for all connections. */
export type ConnectionOptions = {
  readonly clock: Clock
  readonly timeoutMs: number
  /** Name of this host. */
  readonly host: string
  readonly passfile?: string | undefined
}

/** What a statement gave back. */
export type Rows = readonly unknown[]

/** One connection to one server. Whatever goes wrong on it ends it. */
export class Connection {
  readonly place: Place
  readonly #clock: Clock
  readonly #client: Client
  readonly #socket: Socket
  #warning: string | undefined
  #isBroken = false

  private constructor(place: Place, clock: Clock, client: Client, socket: Socket) {
    this.place = place
    this.#clock = clock
    this.#client = client
    this.#socket = socket
    client.on('notice', ({ message = '', severity }) => {
      if (severity === 'WARNING') this.#warning = message
    })
  }

  /** Connects within `ms`. Rejects with what happened. */
  static async open(place: Place, ms: number, options: ConnectionOptions): Promise<Connection> {
    const { default: pg } = await import('pg').catch((error: unknown) => {
      const text = 'the package pg is not installed; install it: npm install pg'
      throw new TableFault('marks-unavailable', text, false, error)
    })
    // Our own socket: to end a connection that answers nothing, for `pg` waits for a goodbye.
    const socket = new Socket()
    const { host, port, user, database } = place
    const client = new pg.Client({
      ...{ host, port, user, database, ssl: tlsOptions(place), stream: () => socket, keepAlive: true },
      // Always a function: without one `pg` looks for a password in the environment.
      password: () => passwordFrom(passfilePath(options.passfile), place),
      application_name: `tezio-bridge ${options.host}`,
      // What is left behind by a connection that was given up ends soon on the server too.
      statement_timeout: options.timeoutMs,
      idle_in_transaction_session_timeout: options.timeoutMs,
    })
    const connection = new Connection(place, options.clock, client, socket)
    client.on('error', () => {
      connection.destroy()
    })
    await connection.#within(ms, 'did not let us in', client.connect())
    return connection
  }

  get isBroken(): boolean {
    return this.#isBroken
  }

  /** Calls back once when the connection ends, whoever ends it. */
  onEnd(action: () => void): void {
    this.#client.once('end', action)
  }

  /**
   * Sends one statement and waits `ms` for its rows. A warning is a failure: with one the server says that a commit is on
   * its own disk and perhaps not on the standby's.
   */
  async send(ms: number, text: string, values: readonly unknown[] = []): Promise<Rows> {
    this.#takeWarning()
    const { rows } = await this.#within<{ readonly rows: Rows }>(
      ms,
      'did not answer',
      this.#client.query(text, [...values]),
    )
    const warning = this.#takeWarning()
    if (warning !== undefined) {
      this.destroy()
      throw new TableFault('marks-unavailable', `the server warned: ${warning}`, true)
    }
    return rows
  }

  /** Ends it at once, whatever is on its way. */
  destroy(): void {
    this.#isBroken = true
    this.#socket.destroy()
  }

  /** Says goodbye, and does not wait for it longer than `ms`. Never rejects. */
  async end(ms: number): Promise<void> {
    await this.#within(ms, 'said no goodbye', this.#client.end()).catch(() => undefined)
    this.destroy()
  }

  #takeWarning(): string | undefined {
    const warning = this.#warning
    this.#warning = undefined
    return warning
  }

  /** What is not done in time is ended with its connection. */
  #within<Value>(ms: number, what: string, work: Promise<Value>): Promise<Value> {
    return new Promise((resolve, reject) => {
      const cancel = this.#clock.after(ms, () => {
        reject(new TableFault('marks-unavailable', `it ${what} within ${Math.round(ms)} ms`, true))
        this.destroy()
      })
      work
        .then(resolve, (error: unknown) => {
          this.destroy()
          reject(error instanceof Error ? error : new Error(String(error)))
        })
        .finally(cancel)
    })
  }
}
