import { afterEach, describe, expect, it } from 'vitest'
import { MARK_KINDS } from '../../src/tezos/index.js'
import { CrashBench, type Remains } from './crash-bench.js'
import { KILL_POINTS, type KillPoint, type Scene } from './kill-points.js'
import { markAt, powerCutFaults } from './left-journal.js'
import { makePlace, wantedOf, type Place, type Which } from './place.js'

const benches: CrashBench[] = []
afterEach(async () => {
  for (const bench of benches.splice(0)) await bench.close()
})

const POINTS = Object.keys(KILL_POINTS) as KillPoint[]
const FIRST_LEVEL = 1_000_000

/** What the journal's bytes have of a payload that was asked for. */
function journalScene({ journal }: Remains, place: Place): Scene['journal'] {
  const mark = markAt(journal, wantedOf(place, 0))
  const torn = Buffer.from(journal.subarray(journal.lastIndexOf(0x0a) + 1)).toString()
  if (mark === undefined) return torn.includes('"type":"mark"') ? 'torn-mark' : 'nothing'
  if (torn.includes('"type":"signature"')) return 'torn-signature'
  return mark.signature === undefined ? 'mark' : 'signature'
}

/** What was sent for a place, and so must be held by its mark wherever the power is cut. */
function sentOf(scene: Scene, place: Place) {
  return scene.command === 'nothing' ? [] : [wantedOf(place, 0)]
}

describe.each(MARK_KINDS)('F1 F2 a daemon that is killed while it signs a %s', (kind) => {
  it.each([
    ['is asked for another payload first', [1, 0, 1]],
    ['is asked for the same payload first', [0, 1, 0]],
  ] as const)(
    'at each point, and afterwards %s',
    async (_, order: readonly Which[]) => {
      const bench = await CrashBench.make()
      benches.push(bench)
      await bench.start({ point: POINTS[0]!, level: FIRST_LEVEL })
      for (const [index, point] of POINTS.entries()) {
        const level = FIRST_LEVEL + index
        const scene: Scene = KILL_POINTS[point]
        const place = makePlace(kind, level, index % 3)

        const remains = await bench.crash(place, 0)
        expect(remains).toMatchObject({ reached: point, answer: undefined })
        expect({ point, journal: journalScene(remains, place) }).toEqual({ point, journal: scene.journal })
        const synced = remains.journal.subarray(0, remains.syncedBytes)
        expect({ point, isSynced: markAt(synced, wantedOf(place, 0)) !== undefined }).toEqual({
          point,
          isSynced: scene.isSynced,
        })
        expect(powerCutFaults(remains.journal, remains.syncedBytes, sentOf(scene, place))).toEqual([])

        const reboots = (index + order[0]!) % 2 === 1
        if (reboots) bench.reboot()
        const next = POINTS[index + 1]
        await bench.start(next && { point: next, level: level + 1 })
        expect({ point, command: bench.commandReceived(place, 0) }).toEqual({ point, command: scene.command })
        for (const which of order) await bench.ask(place, which)
      }
      expect(bench.judge.places).toBe(POINTS.length)
    },
    120_000,
  )
})
