import { randomUUID } from 'node:crypto'
import { monotonicClock, type Clock } from '../../clock.js'
import {
  decideSpend,
  LONGEST_WINDOW_HOURS,
  StateError,
  type LevelGap,
  type Mark,
  type MarkKey,
  type Position,
  type RaiseOutcome,
  type SpendVerdict,
  type SpendWindow,
  type Wanted,
  type WantedSpend,
} from '../../policy/index.js'
import type { PublicKeyHash } from '../../tezos/index.js'
import type { MarksTable, TableContents, TableRaise } from '../marks-table.js'
import type { SharedMarksEvent } from '../shared-marks-event.js'
import { Connections } from './connections.js'
import { TableFault } from './fault.js'
import { inspectMarks } from './inspect.js'
import { readPlace, type Place } from './place.js'
import {
  contentsRow,
  firstRow,
  lockedRow,
  quarantineRow,
  raisedRow,
  reliableRow,
  seededRow,
  spendsRow,
} from './rows.js'
import * as sql from './statements.js'

/** What the connections of this table are for, in messages. */
export const SHARED_MARKS = 'the shared marks'

export type PostgresqlOptions = {
  /** Without a password. Of several, the one that takes writes is used. */
  readonly urls: readonly string[]
  /** In libpq's format, mode 0600; PGPASSFILE or ~/.pgpass where it is not named. */
  readonly passfile?: string | undefined
  /** For each method in all, with connecting and trying again. */
  readonly timeoutMs: number
  /** Name of this host, for the rows. */
  readonly host: string
  readonly clock?: Clock
  readonly onEvent?: (event: SharedMarksEvent) => void
}

/**
 * Marks in PostgreSQL. No statement uses a host's clock. Every method is such that sending it twice is as good as once:
 * the same payload again is a repeat, and a token that is the call's own tells a try that was committed without an answer.
 */
export class PostgresqlTable implements MarksTable {
  readonly place: string
  readonly #host: string
  readonly #servers: number
  readonly #connections: Connections

  /** Throws a StateError for a url that cannot be used. Connects with the first use. */
  constructor(options: PostgresqlOptions) {
    const places = placesOf(options.urls)
    this.place = places.map(({ text }) => text).join(', ')
    this.#host = options.host
    this.#servers = places.length
    const { passfile, timeoutMs, host, clock = monotonicClock, onEvent = () => undefined } = options
    const tables = { what: SHARED_MARKS, inspectTables: inspectMarks }
    this.#connections = new Connections({ places, passfile, timeoutMs, host, clock, onEvent, ...tables })
  }

  async check(): Promise<void> {
    await this.read()
  }

  read(): Promise<TableContents> {
    return this.#connections.use(async (send) => {
      const row = reliableRow(contentsRow, await send(sql.READ), this.#servers)
      return row ?? missing('the contents')
    })
  }

  raise(
    wanted: Wanted,
    floor: Pick<Mark, 'level' | 'round'> | undefined,
    gap: LevelGap,
  ): Promise<TableRaise> {
    const { level, round, digest } = wanted
    const limits = [floor?.level ?? null, floor?.round ?? null, gap === 'off' ? null : gap]
    const values = [...names(wanted), level, round, ...limits, digest, this.#host, randomUUID()]
    return this.#connections.use(async (send) => {
      const row = reliableRow(raisedRow, await send(sql.RAISE, values), this.#servers)
      return { raised: row?.raised ?? false, stands: row && markOf(row) }
    })
  }

  async keepSignature(wanted: Wanted, signature: string): Promise<void> {
    const { level, round, digest } = wanted
    await this.#connections.use((send) =>
      send(sql.KEEP_SIGNATURE, [...names(wanted), level, round, digest, signature]),
    )
  }

  async seed(seeds: readonly Position[]): Promise<readonly Position[]> {
    const fresh: Position[] = []
    for (const seed of seeds) {
      const token = randomUUID()
      const isMine = await this.#connections.use(async (send) => {
        await send(sql.SEED, [...names(seed), seed.level, seed.round, this.#host, token])
        const row = reliableRow(seededRow, await send(sql.SEEDED, [...names(seed), token]), this.#servers)
        return row?.mine ?? missing('the seeded mark')
      })
      if (isMine) fresh.push(seed)
    }
    return fresh
  }

  async raiseByHand(position: Position): Promise<RaiseOutcome> {
    const { raised, before } = await this.#write(position, { digest: undefined, signature: undefined })
    if (before === undefined) return { outcome: 'refused', reason: 'no-mark', mark: undefined }
    const { chain, key, kind } = position
    const mark = { chain, key, kind, ...before }
    return raised ? { outcome: 'raised', from: mark } : { outcome: 'refused', reason: 'not-higher', mark }
  }

  async raiseTo(mark: Position & Pick<Mark, 'digest' | 'signature'>): Promise<boolean> {
    return (await this.#write(mark, mark)).raised
  }

  async quarantine(key: PublicKeyHash, digest: string): Promise<void> {
    const values = [key, digest, this.#host, randomUUID()]
    await this.#connections.use((send) => send(sql.QUARANTINE, values))
  }

  async clearQuarantine(key: PublicKeyHash): Promise<boolean> {
    let found: string | undefined
    await this.#connections.use(async (send) => {
      found ??= firstRow(quarantineRow, await send(sql.FIND_QUARANTINE, [key]))?.token
      if (found !== undefined) await send(sql.CLEAR_QUARANTINE, [key, found])
    })
    return found !== undefined
  }

  reserveSpend(wanted: WantedSpend, windows: readonly SpendWindow[]): Promise<SpendVerdict> {
    const { key, digest, mutez, feeMutez } = wanted
    return this.#connections.transaction(async (send) => {
      await send(sql.LOCK_SPENDS, [key])
      const row = reliableRow(spendsRow, await send(sql.SPENDS_OF, [key]), this.#servers)
      const { now, spends } = row ?? missing('the spends')
      const verdict = decideSpend(wanted, windows, spends, new Date(now))
      if (verdict.verdict === 'reserve') {
        await send(sql.SPEND, [key, digest, String(mutez), String(feeMutez), now, this.#host])
        await send(sql.FORGET_SPENDS, [key, now, LONGEST_WINDOW_HOURS])
      }
      return verdict
    })
  }

  close(): Promise<void> {
    return this.#connections.close()
  }

  /** Raises without a request, where that is higher. `before` is what stood there. */
  #write(
    position: Position,
    { digest, signature }: Pick<Mark, 'digest' | 'signature'>,
  ): Promise<{
    readonly raised: boolean
    readonly before: (Mark & { readonly raisedAt: string }) | undefined
  }> {
    const token = randomUUID()
    let first: (Mark & { readonly raisedAt: string }) | undefined
    return this.#connections.transaction(async (send) => {
      const locked = firstRow(lockedRow, await send(sql.LOCK_MARK, [...names(position), token]))
      if (locked === undefined) return { raised: false, before: undefined }
      const here = { ...markOf(locked), raisedAt: locked.raisedAt }
      // An earlier try may have raised it already, and what stood before that is known from then.
      first = locked.raised ? (first ?? here) : here
      const values = [position.level, position.round, digest ?? null, signature ?? null]
      const rows = await send(sql.WRITE_MARK, [...names(position), ...values, this.#host, token])
      const row = reliableRow(raisedRow, rows, this.#servers)
      return { raised: row?.raised ?? false, before: first }
    })
  }
}

/** The places of some urls. Throws a StateError that says which one is wrong, and why. */
export function placesOf(urls: readonly string[]): readonly Place[] {
  const [first, ...others] = urls.map((url, index) => {
    const place = readPlace(url)
    if (typeof place !== 'string') return place
    throw new StateError('marks-unavailable', `url ${index + 1} of the shared marks: ${place}`)
  })
  if (first !== undefined) return [first, ...others]
  throw new StateError('marks-unavailable', 'the shared marks have no url; name the server of PostgreSQL')
}

function names({ chain, key, kind }: MarkKey): readonly string[] {
  return [chain, key, kind]
}

function markOf({ level, round, digest, signature }: Mark): Mark {
  return { level, round, digest, signature }
}

function missing(what: string): never {
  throw new TableFault(
    'marks-schema',
    `the database gave no row for ${what}; its rights or rules hide it`,
    false,
  )
}
