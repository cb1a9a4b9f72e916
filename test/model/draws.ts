import fc from 'fast-check'
import type { Incident } from '../policy/simulated-disk.js'
import { ask, end, raise, restart, touch, wait, type Command } from './commands.js'
import type { Disturbance, End } from './disturbance.js'
import type { Pick } from './picks.js'
import { MARKED, UNMARKED, VARIANTS } from './place.js'
import { importMark, move } from './transfer.js'
import { MAX_LEVEL_GAP } from './world.js'

const variant = fc.nat(VARIANTS - 1)
const round = fc.nat(1)
/** Few marks, so that requests meet: mostly the first two. */
const mark = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...MARKED.slice(0, 2)) },
  { weight: 3, arbitrary: fc.constantFrom(...MARKED) },
  { weight: 1, arbitrary: fc.constant(UNMARKED) },
)
const which = fc.oneof(fc.constant(0), fc.nat(6))
const up = fc.constantFrom(1, 1, 1, 0, 2, MAX_LEVEL_GAP + 1)
const by = fc.integer({ min: 1, max: VARIANTS - 1 })

const any: fc.Arbitrary<Pick> = fc
  .tuple(mark, fc.nat(6), round, variant)
  .map(([mark, level, round, variant]) => ({ pick: 'any', mark, level, round, variant }))
const next: fc.Arbitrary<Pick> = fc
  .tuple(mark, up, round, variant)
  .map(([mark, up, round, variant]) => ({ pick: 'next', mark, up, round, variant }))
const same: fc.Arbitrary<Pick> = which.map((which) => ({ pick: 'same', which }))
const conflicting: fc.Arbitrary<Pick> = fc
  .tuple(which, by)
  .map(([which, by]) => ({ pick: 'conflicting', which, by }))
const pick = fc.oneof(next, same, conflicting, next, same, conflicting, any)
const single = pick.map((one) => [one])
const burst = fc.array(pick, { minLength: 2, maxLength: 6 })

const how = fc.constantFrom<End>('kill', 'power-cut')
const board = fc.constantFrom('keeps power' as const, 'loses power' as const)
const incident: fc.Arbitrary<Incident> = fc.record({
  // a signature takes 11 operations, of which 6 writes the mark and 7 syncs it; a start or a rolled segment more
  at: fc.oneof(fc.nat(11), fc.constantFrom(6, 7), fc.nat(30)),
  when: fc.constantFrom<Incident['when']>('before', 'halfway', 'behind', 'short'),
  then: fc.constantFrom<Incident['then']>('goes-on', 'stays', 'dies'),
  code: fc.constantFrom('EIO', 'ENOSPC', 'EROFS', 'EACCES'),
})

const turn = fc.oneof(fc.constant(0), fc.nat(2))
const onDisk: fc.Arbitrary<Disturbance> = fc
  .tuple(incident, how)
  .map(([incident, end]) => ({ what: 'disk', incident, end }))
const atBoard: fc.Arbitrary<Disturbance> = fc
  .tuple(
    fc.constantFrom('read' as const, 'answered' as const),
    fc.constantFrom('kill' as const, 'power-cut' as const, 'unplug' as const, 'reboot' as const),
    turn,
  )
  .map(([moment, act, turn]) => ({ what: 'board', moment, act, turn }))
const FAULTS: readonly (readonly [string, object])[] = [
  ['drop-reply', {}],
  ['late-reply', { ms: 1400 }],
  ['late-reply', { ms: 1600 }],
  ['late-reply', { ms: 3000 }],
  ['truncate', { keep: 30 }],
  ['flip-bit', { bit: 100 }],
  ['duplicate-reply', { ms: 0 }],
  ['duplicate-reply', { ms: 20 }],
  ['extra-bytes', {}],
  ['byte-by-byte', { ms: 1 }],
  ['noise', { where: 'before' }],
  ['wrong-signature', { how: 'other-message' }],
  ['refuse', { status: 0xd4, when: 'after' }],
]
const inReply: fc.Arbitrary<Disturbance> = fc
  .tuple(fc.constantFrom(...FAULTS), turn)
  .map(([[fault, parameters], turn]) => ({ what: 'reply', fault, parameters, turn }))
const disturbance = fc.oneof(onDisk, onDisk, atBoard, atBoard, inReply)

const none = fc.constant(undefined)
const sometimes = <Value>(value: fc.Arbitrary<Value>) => fc.oneof(none, none, value)
const isPatient = fc.constantFrom(true, true, true, false)

const asking = (picks: fc.Arbitrary<readonly Pick[]>, disturbed: fc.Arbitrary<Disturbance | undefined>) =>
  fc.tuple(picks, disturbed, isPatient).map((parts) => ask(...parts))

/**
 * Every command there is. One is drawn as often as another; what matters more stands here more than once.
 */
export const COMMANDS: readonly fc.Arbitrary<Command>[] = [
  asking(
    next.map((one) => [one]),
    none,
  ),
  asking(
    same.map((one) => [one]),
    none,
  ),
  asking(
    conflicting.map((one) => [one]),
    none,
  ),
  asking(single, none),
  asking(burst, none),
  asking(single, disturbance),
  asking(burst, disturbance),
  fc.tuple(how, board).map((parts) => end(...parts)),
  fc.constant(restart(undefined)),
  fc.constant(restart(undefined)),
  sometimes(incident).map(restart),
  fc.tuple(fc.constantFrom('unplug', 'reboot board'), isPatient).map((parts) => touch(...parts)),
  isPatient.map((waits) => touch('replug', waits)),
  isPatient.map((waits) => touch('replug', waits)),
  fc.tuple(mark, fc.integer({ min: -1, max: 2 }), round, sometimes(incident)).map((parts) => raise(...parts)),
  fc
    .tuple(mark, fc.integer({ min: -1, max: 2 }), round, sometimes(variant), sometimes(incident))
    .map((parts) => importMark(...parts)),
  sometimes(incident).map(move),
  fc.constantFrom(1, 100, 1000, 5000).map(wait),
]
