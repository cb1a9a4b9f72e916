import { afterEach, expect, test } from 'vitest'
import { MARKED, VARIANTS, type Asked } from './place.js'
import { World, type Heard } from './world.js'

let open: World | undefined
afterEach(() => open?.destroy())

const codeOf = (heard: Heard) =>
  heard === 'nothing' || heard.outcome === 'signed' ? heard : heard.refusal.code

/** A board that has forgotten its marks: how it came to that. */
const FORGETTING: readonly (readonly [string, (world: World) => Promise<void> | void])[] = [
  [
    'was restarted',
    ({ board }) => {
      board.reboot()
    },
  ],
  [
    'was unplugged and plugged in again',
    async ({ plug, time }) => {
      plug.unplug()
      await time.pass(500)
      plug.replug()
    },
  ],
  [
    'lost its power with the host',
    async (world) => {
      await world.end('power-cut', 'loses power')
      await world.start()
    },
  ],
]

test.each(FORGETTING)(
  'F24 a board that %s and so forgot its marks gets no old level, of no kind and no key',
  async (_, forget) => {
    const world = new World()
    open = world
    await world.start()
    const at = (level: number, round: number, variant: number): readonly Asked[] =>
      MARKED.map((mark) => ({ place: { ...mark, level, round }, variant }))
    // one chain after the other: the board's own marks know no chain
    for (const asked of at(3, 1, 0)) {
      world.board.reboot()
      await world.ask([asked])
    }
    expect(world.board.marks().length).toBeGreaterThan(0)
    await forget(world)
    await world.untilReady()
    expect(world.board.marks()).toEqual([])
    const { signs } = world
    expect(signs).toBe(MARKED.length)
    for (const asked of [...at(2, 0, 0), ...at(3, 0, 0), ...at(3, 0, 1), ...at(2, 9, 0)])
      expect((await world.ask([asked])).map(codeOf)).toEqual(['below-mark'])
    for (let variant = 1; variant < VARIANTS; variant++)
      for (const asked of at(3, 1, variant))
        expect((await world.ask([asked])).map(codeOf)).toEqual(['conflicts-with-mark'])
    expect(world.signs).toBe(signs)
  },
)
