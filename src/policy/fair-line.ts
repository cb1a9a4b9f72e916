/** Where a request waits: behind others for its key, and before everything that can wait when it cannot. */
export type Lane = {
  /** Whose requests these are: a key that signs, or another job that a device is asked to do. */
  readonly key: string
  /** Blocks and votes: late they are worth nothing, while an operation is as good a second later. */
  readonly isUrgent: boolean
}

type Queue<Item> = { readonly lane: Lane; readonly items: Item[] }
type Queues<Item> = Map<string, Queue<Item>>

/**
 * As many urgent ones may go first, one after the other; then one that can wait has its turn. Even at 0.85 s for each,
 * what Ed25519 takes on a board, that is within the 4 s that a request waits by default.
 */
const URGENT_IN_A_ROW = 4

/**
 * Who is next: urgent ones first, the keys in turns, first come first served within a key. One that can wait is never
 * overtaken by more than `URGENT_IN_A_ROW` urgent ones in a row.
 */
export class FairLine<Item> {
  /** By key; whose turn comes first is at the front. */
  readonly #urgent: Queues<Item> = new Map()
  readonly #patient: Queues<Item> = new Map()
  /** Whose turn it was last. Who came during that turn goes before another of the same key. */
  readonly #lastTurn = new Map<Queues<Item>, string>()
  #urgentInARow = 0

  get size(): number {
    return [...this.#queues()].reduce((sum, { items }) => sum + items.length, 0)
  }

  add(lane: Lane, item: Item): void {
    const queues = this.#queuesOf(lane)
    const queue = queues.get(lane.key)
    if (queue === undefined) queues.set(lane.key, { lane, items: [item] })
    else queue.items.push(item)
  }

  /** Takes out the next one. */
  next(): Item | undefined {
    const mustYield = this.#urgentInARow >= URGENT_IN_A_ROW && this.#patient.size > 0
    const queues = this.#urgent.size > 0 && !mustYield ? this.#urgent : this.#patient
    this.#urgentInARow = queues === this.#urgent && this.#patient.size > 0 ? this.#urgentInARow + 1 : 0
    moveToEnd(queues, this.#lastTurn.get(queues))
    const [queue] = queues.values()
    const item = queue?.items.shift()
    if (queue === undefined) return undefined
    this.#lastTurn.set(queues, queue.lane.key)
    if (queue.items.length === 0) queues.delete(queue.lane.key)
    return item
  }

  /** Takes out one that waits no longer. */
  remove(lane: Lane, item: Item): void {
    const queues = this.#queuesOf(lane)
    const items = queues.get(lane.key)?.items ?? []
    const index = items.indexOf(item)
    if (index >= 0) items.splice(index, 1)
    if (items.length === 0) queues.delete(lane.key)
  }

  /**
   * Takes out the one that has to go so that a newcomer can wait: the last of the key that holds most places, among
   * those that can wait before any urgent one. `undefined` when the newcomer has no better claim itself.
   */
  makeRoomFor({ key, isUrgent }: Lane): Item | undefined {
    const own = this.#queuesOf({ key, isUrgent }).get(key)?.items.length ?? 0
    const patient = longest(this.#patient)
    const crowded =
      isUrgent && patient !== undefined ? patient : longest(isUrgent ? this.#urgent : this.#patient)
    const hasClaim =
      crowded !== undefined && (crowded.lane.isUrgent !== isUrgent || crowded.items.length > own + 1)
    if (!hasClaim) return undefined
    const item = crowded.items.at(-1)
    if (item !== undefined) this.remove(crowded.lane, item)
    return item
  }

  /** Takes out everybody. */
  clear(): readonly Item[] {
    const all = [...this.#queues()].flatMap(({ items }) => items)
    this.#urgent.clear()
    this.#patient.clear()
    return all
  }

  *#queues(): Iterable<Queue<Item>> {
    yield* this.#urgent.values()
    yield* this.#patient.values()
  }

  #queuesOf({ isUrgent }: Lane): Queues<Item> {
    return isUrgent ? this.#urgent : this.#patient
  }
}

function moveToEnd<Item>(queues: Queues<Item>, key: string | undefined): void {
  const queue = key === undefined ? undefined : queues.get(key)
  if (queue === undefined) return
  queues.delete(queue.lane.key)
  queues.set(queue.lane.key, queue)
}

function longest<Item>(queues: ReadonlyMap<string, Queue<Item>>): Queue<Item> | undefined {
  return [...queues.values()].reduce<Queue<Item> | undefined>(
    (most, queue) => (most === undefined || queue.items.length > most.items.length ? queue : most),
    undefined,
  )
}
