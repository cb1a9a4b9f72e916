import {
  comparePosition,
  decide,
  decideSpend,
  LONGEST_WINDOW_HOURS,
  StateError,
  type LevelGap,
  type Mark,
  type MarkKey,
  type MarkRecord,
  type Position,
  type Quarantine,
  type RaiseOutcome,
  type Spend,
  type SpendVerdict,
  type SpendWindow,
  type Wanted,
  type WantedSpend,
} from '../../policy/index.js'
import { assertNever, type PublicKeyHash } from '../../tezos/index.js'
import type { MarksTable, TableContents, TableRaise } from '../marks-table.js'
import type { Call, Changed } from './call.js'
import { Connection, type DynamoDbOptions } from './connection.js'
import { placeText } from './dynamodb-failure.js'
import { markItemName, parseItemName, quarantineItemName, spendsItemName } from './item-name.js'
import { ownAttributes, readMark, sharedPart, type Item } from './mark-item.js'
import { HELD, NOT_HELD, quarantineAttributes, readQuarantine } from './quarantine-item.js'
import { isLower, mayRaise, isUnsigned, type Condition } from './raise-condition.js'
import { isVersion, MAX_SPENDS, readSpends, spendsAttributes, withSpend } from './spend-item.js'
import { checkTable } from './table-check.js'

const IS_NEW: Condition = { text: 'attribute_not_exists(#sig_type)', values: {} }

/**
 * Marks in a DynamoDB table of the form that tacoinfra's remote-signer has, so that its marks hold here and ours there.
 * Each change of an item is one conditional write.
 */
export class DynamoDbTable implements MarksTable {
  readonly place: string
  readonly #connection: Connection

  private constructor(connection: Connection) {
    this.place = placeText(connection.place)
    this.#connection = connection
  }

  /** Loads the AWS SDK; the table is asked nothing yet. Rejects with a StateError where the SDK is not installed. */
  static async open(options: DynamoDbOptions): Promise<DynamoDbTable> {
    return new DynamoDbTable(await Connection.open(options))
  }

  check(): Promise<void> {
    return this.#connection.within((call) => checkTable(call, this.#connection.place))
  }

  read(): Promise<TableContents> {
    return this.#connection.within(async (call) => {
      const marks: MarkRecord[] = []
      const quarantines: Quarantine[] = []
      const spends: Spend[] = []
      for await (const item of call.items()) sort(item, { marks, quarantines, spends })
      return { marks, quarantines, spends }
    })
  }

  raise(
    wanted: Wanted,
    floor: Pick<Mark, 'level' | 'round'> | undefined,
    gap: LevelGap,
  ): Promise<TableRaise> {
    return this.#connection.within(async (call) => {
      const mark = { ...wanted, signature: undefined }
      const changed = await call.change(markChange(wanted, mark, mayRaise(wanted, floor, gap)))
      const { raised, stands } = raiseOf(wanted, changed)
      const isAbove = floor === undefined || (stands !== undefined && comparePosition(stands, floor) >= 0)
      if (!raised && isAbove && decide(wanted, stands, gap).verdict === 'advance')
        throw this.#changedMeanwhile()
      return { raised, stands }
    })
  }

  async keepSignature(wanted: Wanted, signature: string): Promise<void> {
    await this.#connection.within((call) =>
      call.write(markItemName(wanted), { 'tezio.signature': { S: signature } }, isUnsigned(wanted)),
    )
  }

  seed(seeds: readonly Position[]): Promise<readonly Position[]> {
    return this.#connection.within(async (call) => {
      const fresh: Position[] = []
      for (const seed of seeds) {
        const { outcome } = await call.change(markChange(seed, byHand(seed), IS_NEW))
        if (outcome === 'written') fresh.push(seed)
      }
      return fresh
    })
  }

  raiseByHand(position: Position): Promise<RaiseOutcome> {
    return this.#connection.within(async (call) => {
      const before = markIn(position, await call.get(markItemName(position)))
      const changed = await call.change(markChange(position, byHand(position), isLower(position)))
      if (changed.outcome === 'written' && before !== undefined) return { outcome: 'raised', from: before }
      const mark = markIn(position, changed.item)
      return { outcome: 'refused', reason: mark === undefined ? 'no-mark' : 'not-higher', mark }
    })
  }

  raiseTo(mark: Position & Pick<Mark, 'digest' | 'signature'>): Promise<boolean> {
    return this.#connection.within(async (call) => {
      return (await call.change(markChange(mark, mark, isLower(mark)))).outcome === 'written'
    })
  }

  async quarantine(key: PublicKeyHash, digest: string): Promise<void> {
    const own = quarantineAttributes('held', digest)
    await this.#connection.within((call) =>
      call.change({ name: quarantineItemName(key), own, condition: NOT_HELD }),
    )
  }

  clearQuarantine(key: PublicKeyHash): Promise<boolean> {
    return this.#connection.within(async (call) => {
      const name = quarantineItemName(key)
      const item = await call.get(name)
      const held = item === undefined ? undefined : readQuarantine(key, item)
      if (held === undefined) return false
      const own = quarantineAttributes('released', held.digest)
      return (await call.change({ name, own, condition: HELD })).outcome === 'written'
    })
  }

  reserveSpend(wanted: WantedSpend, windows: readonly SpendWindow[]): Promise<SpendVerdict> {
    return this.#connection.within((call) => reserve(call, wanted, windows))
  }

  close(): Promise<void> {
    this.#connection.close()
    return Promise.resolve()
  }

  /** Only where the server did not say what stood when it refused, and the mark was set or taken back since. */
  #changedMeanwhile(): StateError {
    const text = `${this.place} refused to raise a mark that could be raised a moment later`
    return new StateError('marks-unavailable', `${text}; ask again`)
  }
}

function sort(
  item: Item,
  into: { readonly marks: MarkRecord[]; readonly quarantines: Quarantine[]; readonly spends: Spend[] },
): void {
  const name = parseItemName(item['sig_type']?.S ?? '')
  switch (name.is) {
    case 'mark':
      into.marks.push(readMark(name.key, item))
      return
    case 'quarantine': {
      const held = readQuarantine(name.key, item)
      if (held !== undefined) into.quarantines.push(held)
      return
    }
    case 'spends':
      into.spends.push(...readSpends(name.key, item).spends)
      return
    case 'unknown-own':
      throw new StateError(
        'marks-schema',
        `the marks table has the item ${item['sig_type']?.S ?? ''}, which this version does not know; bring all hosts to the same version`,
      )
    case 'foreign':
      return
    default:
      assertNever(name)
  }
}

function byHand({ level, round }: Position): Mark {
  return { level, round, digest: undefined, signature: undefined }
}

function markChange(key: MarkKey, mark: Mark, condition: Condition) {
  return { name: markItemName(key), own: ownAttributes(mark), shared: sharedPart(mark), condition }
}

function markIn(key: MarkKey, item: Item | undefined): MarkRecord | undefined {
  return item === undefined ? undefined : readMark(key, item)
}

function raiseOf(wanted: Wanted, { outcome, item }: Changed): TableRaise {
  const mark = markIn(wanted, item)
  if (mark === undefined) return { raised: false, stands: undefined }
  const { level, round, digest, signature } = mark
  return { raised: outcome === 'written', stands: { level, round, digest, signature } }
}

/** Decides and writes the next version of the key's item; where another host wrote one first, decides again. */
async function reserve(
  call: Call,
  wanted: WantedSpend,
  windows: readonly SpendWindow[],
): Promise<SpendVerdict> {
  const name = spendsItemName(wanted.key)
  let item = await call.get(name)
  // ends at the deadline at the latest: each turn asks the table
  for (;;) {
    const now = call.serverTime()
    const { version, spends } = readSpends(wanted.key, item)
    const verdict = decideSpend(wanted, windows, spends, now)
    if (verdict.verdict !== 'reserve') return verdict
    const next = withSpend(spends, wanted, now)
    if (next.length > MAX_SPENDS) return { verdict: 'deny', because: TOO_MANY }
    const own = spendsAttributes(version + 1, next)
    const changed = await call.change({ name, own, condition: isVersion(version) })
    if (changed.outcome === 'written') return verdict
    item = changed.item
  }
}

const TOO_MANY =
  `the marks table keeps at most ${MAX_SPENDS} operations of one key within ${LONGEST_WINDOW_HOURS} hours, and they are all there;` +
  ' put more transfers into one operation, or wait until old ones are forgotten'
