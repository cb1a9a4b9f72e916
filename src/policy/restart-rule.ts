import type { ChainId } from '../tezos/index.js'
import type { HeadWindow } from './head-window.js'
import { markName, type MarkRecord, type Wanted } from './mark.js'
import { refuse, type Refusal } from './refusal.js'

/** A mark that may be older than what was signed: it signs nothing below `signsFrom`. */
export type Suspicion = { readonly mark: MarkRecord; readonly head: number; readonly signsFrom: number }

/**
 * What a state restored from an older backup may have forgotten is not signed again. When a chain's head becomes known
 * for the first time, a mark that a request had raised and that stands far below that head is suspect: signatures at
 * the levels between may have been made. A mark that was set by hand is an operator's word and is exempt.
 */
export class RestartRule {
  readonly #window: HeadWindow
  readonly #marks: () => readonly MarkRecord[]
  /** The marks as they stood at the start, until their chain's head is known. */
  readonly #unjudged: Map<string, MarkRecord>
  readonly #suspicions = new Map<string, Suspicion>()

  /** `marks` gives the marks as they stand now. */
  constructor(window: HeadWindow, marks: () => readonly MarkRecord[]) {
    this.#window = window
    this.#marks = marks
    const raised = marks().filter(({ digest }) => digest !== undefined)
    this.#unjudged = new Map(raised.map((mark) => [markName(mark), mark]))
  }

  /** Judges a chain's marks by its head; those found suspect. Marks that were judged before stay as they were judged. */
  judge(chain: ChainId, head: number): readonly Suspicion[] {
    const { maxAhead, maxBehind } = this.#window
    const found: Suspicion[] = []
    for (const [name, mark] of this.#unjudged) {
      if (mark.chain !== chain) continue
      this.#unjudged.delete(name)
      if (mark.level >= head - maxBehind || this.#isSetByHand(name)) continue
      const suspicion = { mark, head, signsFrom: head + maxAhead + 1 }
      this.#suspicions.set(name, suspicion)
      found.push(suspicion)
    }
    return found
  }

  /** Why a level is not signed, if its mark is suspect. Every request has to ask: a raise by hand is seen here. */
  refusalOf(wanted: Wanted): Refusal | undefined {
    const name = markName(wanted)
    if (!this.#unjudged.has(name) && !this.#suspicions.has(name)) return undefined
    if (this.#isSetByHand(name)) {
      this.#unjudged.delete(name)
      this.#suspicions.delete(name)
      return undefined
    }
    const suspicion = this.#suspicions.get(name)
    if (suspicion === undefined || wanted.level >= suspicion.signsFrom) return undefined
    return suspicionRefusal(suspicion, this.#window)
  }

  #isSetByHand(name: string): boolean {
    return this.#marks().some((mark) => markName(mark) === name && mark.digest === undefined)
  }
}

function suspicionRefusal({ mark, head, signsFrom }: Suspicion, { maxBehind }: HeadWindow): Refusal {
  const found = `at the start the high-water mark (level ${mark.level}) stood ${head - mark.level} levels below the node's head ${head}`
  const why = `more than ${maxBehind} (head_check.max_behind), as if the state were an older backup`
  const remedy = `it signs again from level ${signsFrom} on, or from a mark that you know to be right: tezio-bridge marks raise`
  return refuse('level-gap', `${found}, ${why}; ${remedy}`)
}
