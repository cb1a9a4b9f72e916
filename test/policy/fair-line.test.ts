import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { FairLine, type Lane } from '../../src/policy/fair-line.js'
import { parsePublicKeyHash } from '../../src/tezos/index.js'
import { TZ1, TZ3 } from './fixture.js'

const TZ2 = parsePublicKeyHash('tz2BFTyPeYRzxd5aiBchbXN3WCZhx7BqbMBq')!
const KEYS = [TZ1, TZ2, TZ3]
const lane = (key = TZ1, isUrgent = true): Lane => ({ key, isUrgent })

/** The order in which a line gives out what was put in it. */
function orderOf(...items: readonly (readonly [name: string, lane: Lane])[]): readonly string[] {
  const line = new FairLine<string>()
  for (const [name, where] of items) line.add(where, name)
  return drain(line)
}

function drain<Item>(line: FairLine<Item>): readonly Item[] {
  const order: Item[] = []
  for (let item = line.next(); item !== undefined; item = line.next()) order.push(item)
  return order
}

const many = (count: number, name: string, where: Lane) =>
  Array.from({ length: count }, (_, index) => [`${name}${index}`, where] as const)

describe('the line for the device', () => {
  test('is first come first served within a key', () => {
    expect(orderOf(...many(3, 'a', lane()))).toEqual(['a0', 'a1', 'a2'])
  })

  test('lets the keys take turns', () => {
    expect(orderOf(...many(3, 'a', lane(TZ1)), ...many(2, 'b', lane(TZ3)))).toEqual([
      'a0',
      'b0',
      'a1',
      'b1',
      'a2',
    ])
  })

  test('a key that comes back waits for the turn in hand and for no other of that key', () => {
    const line = new FairLine<string>()
    for (const [name, where] of many(5, 'a', lane(TZ1))) line.add(where, name)
    expect(line.next()).toBe('a0')
    line.add(lane(TZ3), 'b0')
    expect([line.next(), line.next()]).toEqual(['b0', 'a1'])
    line.add(lane(TZ3), 'b1')
    expect([line.next(), line.next()]).toEqual(['b1', 'a2'])
  })

  test('keys that always come back get as many turns each as one with a long queue', () => {
    const line = new FairLine<string>()
    for (const [name, where] of many(9, 'a', lane(TZ1, false))) line.add(where, name)
    const order: unknown[] = []
    for (let turn = 0; turn < 9; turn += 1) {
      const served = line.next()
      order.push(served?.slice(0, 1))
      for (const [name, key] of [
        ['b', TZ2],
        ['c', TZ3],
      ] as const) {
        if (turn === 0 || served === name) line.add(lane(key, false), name)
      }
    }
    expect(order).toEqual(['a', 'b', 'c', 'a', 'b', 'c', 'a', 'b', 'c'])
  })

  test('lets blocks and votes go before what can wait', () => {
    expect(orderOf(...many(2, 'transfer', lane(TZ1, false)), ...many(2, 'vote', lane(TZ3)))).toEqual([
      'vote0',
      'vote1',
      'transfer0',
      'transfer1',
    ])
  })

  test('lets one that can wait go after four that cannot', () => {
    const order = orderOf(...many(10, 'vote', lane()), ...many(2, 'transfer', lane(TZ3, false)))
    expect(order.indexOf('transfer0')).toBe(4)
    expect(order.indexOf('transfer1')).toBe(9)
  })

  test('holds nobody up for those who went while nobody who can wait was there', () => {
    const line = new FairLine<string>()
    for (const [name, where] of many(9, 'vote', lane())) line.add(where, name)
    for (let count = 0; count < 6; count += 1) line.next()
    line.add(lane(TZ3, false), 'transfer')
    expect(drain(line)).toEqual(['vote6', 'vote7', 'vote8', 'transfer'])
  })

  test('gives no place to a newcomer that has as many as the others', () => {
    const line = new FairLine<string>()
    for (const [name, where] of [...many(2, 'a', lane(TZ1)), ...many(2, 'b', lane(TZ3))])
      line.add(where, name)
    expect(line.makeRoomFor(lane(TZ1))).toBeUndefined()
    expect(line.makeRoomFor(lane(TZ1, false))).toBeUndefined()
    expect(line.makeRoomFor(lane(TZ2))).toBe('a1')
    expect(line.size).toBe(3)
    expect(line.makeRoomFor(lane(TZ1))).toBeUndefined() // it would have as many then as the other had
  })

  test('never gives the place of a block or vote to what can wait', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.constantFrom(...KEYS), fc.boolean())), (waiting) => {
        const line = new FairLine<boolean>()
        for (const [key, isUrgent] of waiting) line.add({ key, isUrgent }, isUrgent)
        expect(line.makeRoomFor(lane(TZ1, false))).not.toBe(true)
      }),
    )
  })

  const step = fc.oneof(
    fc.record({ key: fc.constantFrom(...KEYS), isUrgent: fc.boolean() }),
    fc.constant('next' as const),
    fc.record({ leave: fc.nat() }),
  )

  test('loses nobody, serves nobody twice, keeps the order within a key, and starves nobody', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
        const line = new FairLine<number>()
        const waiting = new Map<number, Lane>()
        /** How often somebody else was served while a lane's first one waited. */
        const passed = new Map<string, number>()
        let added = 0
        for (const one of steps) {
          if (one === 'next') {
            const served = line.next()
            expect(served === undefined).toBe(waiting.size === 0)
            const of = served === undefined ? undefined : waiting.get(served)
            if (served === undefined || of === undefined) continue
            const lanes = new Set([...waiting.values()].map(nameOf))
            expect(served).toBe(firstOf(waiting, of))
            waiting.delete(served)
            for (const name of lanes) passed.set(name, (passed.get(name) ?? 0) + 1)
            passed.set(nameOf(of), 0)
          } else if ('leave' in one) {
            const left = [...waiting.keys()][one.leave % Math.max(waiting.size, 1)]
            const of = left === undefined ? undefined : waiting.get(left)
            if (left === undefined || of === undefined) continue
            line.remove(of, left)
            waiting.delete(left)
            if (![...waiting.values()].some((other) => nameOf(other) === nameOf(of)))
              passed.delete(nameOf(of))
          } else {
            if (![...waiting.values()].some((other) => nameOf(other) === nameOf(one)))
              passed.set(nameOf(one), 0)
            line.add(one, added)
            waiting.set(added, one)
            added += 1
          }
          expect(line.size).toBe(waiting.size)
          // of three keys the two others go first, and of what can wait one in five at least is served
          for (const of of waiting.values()) {
            expect(passed.get(nameOf(of))).toBeLessThanOrEqual(of.isUrgent ? 3 : 3 * 5 - 1)
          }
        }
        expect(drain(line)).toHaveLength(waiting.size)
      }),
      { numRuns: 500 },
    )
  })
})

function nameOf({ key, isUrgent }: Lane): string {
  return `${key} ${String(isUrgent)}`
}

function firstOf(waiting: ReadonlyMap<number, Lane>, lane: Lane): number | undefined {
  return [...waiting].find(([, other]) => nameOf(other) === nameOf(lane))?.[0]
}
