import type { SimulatedTezio } from '../../hw-sim/index.js'
import { markName, type Position } from '../../src/policy/index.js'
import { BrokenPromise, describe, type History } from './history.js'
import { compare, follow, isSame, readMarks, text, type ModelMark } from './model-mark.js'
import { ALIAS, MAGIC_BYTE, MARKED, placeName, type Asked } from './place.js'
import type { BridgeProcess } from './bridge-process.js'
import { MAX_LEVEL_GAP, type Heard, type World } from './world.js'

/** What a client is to hear: `signed`, `repeated` with its signature, or the code of a refusal. */
type Expected = string

/** What a request is to come to: settled as it comes in, whatever goes wrong; in its turn, if nothing goes wrong. */
type Expectation = { readonly asked: Asked; readonly atOnce: Expected | undefined; readonly inTurn: Expected }

/** Refusals that a disk, a board or a cable may cause. Anything else that was not foreseen is a fault. */
const EXCUSES: ReadonlySet<string> = new Set([
  'device-unavailable',
  'device-lost',
  'device-timeout',
  'device-reply-damaged',
  'device-watermark',
  'device-failed',
  'signature-lost',
  'signature-invalid',
  'state-write-failed',
  'state-unreadable',
  'deadline-passed',
])

/** What the bridge may do, said a second time: no line of src/policy/decide.ts is used here. */
export class Model {
  isUp = false
  isPlugged = true
  readonly asked: Asked[] = []
  readonly raises: Position[] = []
  /** The marks of the process that runs. */
  marks: ReadonlyMap<string, ModelMark>
  /** What every later process must have, and whether the signature in it was written. */
  #floor: ReadonlyMap<string, ModelMark>
  #signaturesMayBeLost = false

  constructor() {
    this.marks = new Map(
      MARKED.map((mark) => [
        markName(mark),
        { place: { ...mark, level: 0, round: 0 }, asked: undefined, signature: undefined },
      ]),
    )
    this.#floor = this.marks
  }

  /** What requests that come in one moment are to come to, and the marks after them when nothing goes wrong. */
  expect(requests: readonly Asked[], board: SimulatedTezio) {
    const marks = new Map(this.marks)
    const boardMarks = new Map(
      board.marks().map((mark) => [`${mark.alias}/${mark.magicByte}`, mark] as const),
    )
    const expectations = requests.map((asked): Expectation => {
      const atOnce = settledBy(asked, this.marks.get(markName(asked.place)))
      return { asked, atOnce, inTurn: atOnce ?? serve(asked, marks, boardMarks) }
    })
    return { expectations, marks }
  }

  /** Compares what clients heard with what they were to hear. */
  compare(expectations: readonly Expectation[], heard: readonly Heard[], isCalm: boolean): void {
    for (const [index, { asked, atOnce, inTurn }] of expectations.entries()) {
      const answer = heard[index] ?? 'nothing'
      if (answer === 'nothing' && !isCalm) continue
      const words = inWords(answer)
      if (words === (atOnce ?? inTurn) || (inTurn === 'repeated' && words.startsWith(inTurn))) continue
      const isKnown = wasSigned(expectations.slice(0, index), heard, asked)
      const isExcused = EXCUSES.has(words) && (!isKnown || words === 'deadline-passed')
      if (!isCalm && atOnce === undefined && (isExcused || isAnotherTurn(words))) continue
      throw new BrokenPromise(`${describe(asked)}: ${words}, not ${atOnce ?? inTurn}`)
    }
  }

  /** Looks at the marks of a process that served: none went down, and each stands for what was asked. */
  observe(world: World, process: BridgeProcess, predicted?: ReadonlyMap<string, ModelMark>): void {
    const areSignaturesWritten = !process.events.some(({ event }) => event === 'signature.not-stored')
    this.isPlugged = world.plug.isPlugged
    this.isUp = process.isAlive
    if (process.isAlive)
      this.#follow(readMarks(process.journal.marks(), this.raises, world.history), predicted)
    if (process.isAlive && process.isSound) {
      this.#floor = this.marks
      this.#signaturesMayBeLost = false
    }
    this.#raiseFloor(world.history, areSignaturesWritten)
  }

  #follow(seen: ReadonlyMap<string, ModelMark>, predicted?: ReadonlyMap<string, ModelMark>): void {
    for (const [name, mark] of seen) {
      const expected = predicted?.get(name)
      if (expected !== undefined && !isSame(mark, expected)) {
        throw new BrokenPromise(`the mark is ${text(mark)}, not ${text(expected)}`)
      }
      follow(this.marks.get(name), mark, false)
    }
    this.marks = seen
  }

  /** What a raise by hand is to come to; the model notes that somebody tried. */
  expectRaise(position: Position): 'raised' | 'no-mark' | 'not-higher' {
    this.raises.push(position)
    const mark = this.marks.get(markName(position))
    if (mark === undefined) return 'no-mark'
    return compare(position, mark.place) > 0 ? 'raised' : 'not-higher'
  }

  /** A mark that was raised by hand stands there. */
  expectRaised(position: Position): void {
    const mark = this.marks.get(markName(position))
    if (mark === undefined || compare(mark.place, position) !== 0 || mark.asked !== undefined) {
      throw new BrokenPromise(`the raised mark is ${text(mark)}`)
    }
  }

  /** Looks at the marks of a new process: they are those of the one before. */
  observeStart(world: World): void {
    this.isUp = true
    const seen = readMarks(world.running.journal.marks(), this.raises, world.history)
    for (const [name, floor] of this.#floor) follow(floor, seen.get(name), this.#signaturesMayBeLost)
    this.marks = seen
    this.#floor = seen
    this.#signaturesMayBeLost = false
  }

  /** The process ended. What was not synced may be lost by a power cut: signatures, never marks. */
  lose(how: 'kill' | 'power-cut'): void {
    this.isUp = false
    if (how === 'power-cut') this.#signaturesMayBeLost = true
  }

  /** What the board got stands, and what was given out is kept, whatever became of the process. */
  #raiseFloor(history: History, areSignaturesWritten: boolean): void {
    const floor = new Map(this.#floor)
    for (const asked of history.sent) {
      const mark = floor.get(markName(asked.place))
      if (mark === undefined) throw new BrokenPromise(`${describe(asked)} was sent without a mark`)
      const order = compare(asked.place, mark.place)
      if (order < 0) continue
      if (order === 0 && mark.asked?.variant !== asked.variant) {
        throw new BrokenPromise(`${describe(asked)} was sent beside the mark ${text(mark)}`)
      }
      const kept = order === 0 ? mark.signature : undefined
      const signature = kept ?? (areSignaturesWritten ? history.freshSignatureOf(asked) : undefined)
      floor.set(markName(asked.place), { place: asked.place, asked, signature })
    }
    this.#floor = floor
    history.forgetFresh()
  }
}

/** What a mark alone says to a request. */
function settledBy(asked: Asked, mark: ModelMark | undefined): Expected | undefined {
  if (mark === undefined) return 'no-mark'
  const order = compare(asked.place, mark.place)
  if (order > 0) {
    const isUntouched = mark.place.level === 0 && mark.asked === undefined
    return !isUntouched && asked.place.level - mark.place.level > MAX_LEVEL_GAP ? 'level-gap' : undefined
  }
  if (order < 0) return 'below-mark'
  if (mark.asked?.variant !== asked.variant) return 'conflicts-with-mark'
  return mark.signature === undefined ? undefined : `repeated ${mark.signature}`
}

/** A request in its turn: what becomes of it, of its mark, and of the board's own mark. */
function serve(
  asked: Asked,
  marks: Map<string, ModelMark>,
  boardMarks: Map<string, { readonly level: number; readonly round: number }>,
): Expected {
  const { place } = asked
  const name = markName(place)
  const mark = marks.get(name)
  const settled = settledBy(asked, mark)
  if (settled !== undefined) return settled.startsWith('repeated') ? 'repeated' : settled
  const isRepeat = mark !== undefined && compare(place, mark.place) === 0
  const boardName = `${String(ALIAS.get(place.key))}/${MAGIC_BYTE[place.kind]}`
  const boardMark = boardMarks.get(boardName) ?? { level: 0, round: 0 }
  const isSigned = compare(place, { ...place, ...boardMark }) > 0
  if (isSigned) boardMarks.set(boardName, place)
  marks.set(name, { place, asked, signature: isSigned ? 'any' : undefined })
  if (isSigned) return 'signed'
  return isRepeat ? 'signature-lost' : 'device-watermark'
}

/** In a turn that others were lost before, the marks may be lower or the same: refusals by mark may differ. */
function isAnotherTurn(words: string): boolean {
  return ['signed', 'repeated', 'below-mark', 'conflicts-with-mark', 'level-gap'].includes(
    words.split(' ')[0] ?? '',
  )
}

/** Whether somebody who came before got the signature of this very payload: then nobody needs the board for it. */
function wasSigned(
  before: readonly Expectation[],
  heard: readonly Heard[],
  { place, variant }: Asked,
): boolean {
  return before.some(({ asked }, index) => {
    const isSame = placeName(asked.place) === placeName(place) && asked.variant === variant
    return isSame && inWords(heard[index] ?? 'nothing') === 'signed'
  })
}

function inWords(heard: Heard): string {
  if (heard === 'nothing') return 'nothing'
  if (heard.outcome === 'refused') return heard.refusal.code
  return heard.repeated ? `repeated ${heard.signature}` : 'signed'
}
