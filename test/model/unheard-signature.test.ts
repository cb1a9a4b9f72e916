import { afterEach, expect, test } from 'vitest'
import { ask, restart, touch, type Command } from './commands.js'
import type { Pick } from './picks.js'
import { MARKED, type Asked } from './place.js'
import { Model } from './model.js'
import { move } from './transfer.js'
import { World } from './world.js'

const PLACE = { ...MARKED[0]!, level: 1, round: 0 }
const ASKED: Asked = { place: PLACE, variant: 0 }
const PICK: Pick = { pick: 'any', mark: MARKED[0]!, level: 1, round: 0, variant: 0 }
/** More operations than the disk does for one signature. */
const OPERATIONS = 16

let open: World | undefined
afterEach(async () => {
  await open?.destroy()
  open = undefined
})

/**
 * A payload is signed, moves with its mark to another host without its signature, is signed again by a process that
 * dies at an operation of the disk, and is asked for once more. The signatures that clients heard, if only the first
 * and the last request were answered, each after one SIGN.
 */
async function live(world: World, at: number) {
  const model = new Model()
  await world.start()
  model.observeStart(world)
  const play = async (commands: readonly Command[]) => {
    for (const command of commands) await command.run(model, world)
    return { signature: world.history.signatureOf(ASKED), signs: world.signs }
  }
  const incident = { at, when: 'behind', then: 'dies', code: 'EIO' } as const
  const forget = touch('reboot board', true)
  const first = await play([ask([PICK], undefined, true)])
  const unheard = await play([
    move(undefined),
    forget,
    ask([PICK], { what: 'disk', incident, end: 'kill' }, true),
  ])
  const last = await play([restart(undefined), forget, ask([PICK], undefined, true)])
  const isUnheard = unheard.signs === 2 && unheard.signature === first.signature
  const isRepeated = last.signs === 2 && last.signature !== first.signature
  return isUnheard && isRepeated ? { first: first.signature, last: last.signature } : undefined
}

test('a signature that nobody heard may be the one that is repeated, and from then on no other one is', async () => {
  let repeats = 0
  for (let at = 0; at < OPERATIONS; at++) {
    const world = new World()
    open = world
    const heard = await live(world, at)
    if (heard !== undefined) {
      repeats += 1
      const hear = (signature = '') => {
        world.history.hear(ASKED, { outcome: 'signed', signature, repeated: true })
      }
      hear(heard.last)
      expect(() => {
        hear(heard.first)
      }).toThrow('the repeated signature is another one')
    }
    await world.destroy()
    open = undefined
  }
  expect(repeats).toBeGreaterThan(0)
})
