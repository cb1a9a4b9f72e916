import { describe, expect, test } from 'vitest'
import { Turns, type Patience } from '../../src/policy/turns.js'
import type { Lane } from '../../src/policy/fair-line.js'
import { ManualClock, TZ1, TZ3 } from './fixture.js'

const URGENT: Lane = { key: TZ1, isUrgent: true }
const PATIENT: Lane = { key: TZ1, isUrgent: false }

type Job = { readonly done: Promise<unknown>; readonly finish: () => void }

function setUp(capacity = 10) {
  const clock = new ManualClock()
  const turns = new Turns(clock, capacity)
  const started: string[] = []
  const enter = (name: string, patience: Partial<Patience> = {}, lane = URGENT): Job => {
    let finish = () => {}
    const hold = new Promise<void>((resolve) => {
      finish = resolve
    })
    const done = turns.run(
      lane,
      { deadlineAt: clock.now() + 100, signal: undefined, ...patience },
      async () => {
        started.push(name)
        await hold
        return `${name} is done`
      },
    )
    return { done, finish }
  }
  return { clock, turns, started, enter }
}

/** Lets everything that is ready to go on go on. */
const settled = () => new Promise<void>((resolve) => setImmediate(resolve))

describe('turns', () => {
  test('come one at a time, first come first served', async () => {
    const { turns, started, enter } = setUp()
    const jobs = ['a', 'b', 'c'].map((name) => enter(name))
    await settled()
    expect(started).toEqual(['a'])
    expect(turns.waiting).toBe(2)
    for (const [index, job] of jobs.entries()) {
      job.finish()
      expect(await job.done).toBe(`${'abc'[index] ?? ''} is done`)
      await settled()
      expect(started).toEqual(['a', 'b', 'c'].slice(0, index + 2))
    }
    expect(turns.waiting).toBe(0)
  })

  test('one who comes while a turn is handed over does not overtake', async () => {
    const { started, enter } = setUp()
    const [a, b] = [enter('a'), enter('b')]
    await settled()
    a.finish()
    await a.done
    const c = enter('c')
    await settled()
    expect(started).toEqual(['a', 'b'])
    b.finish()
    c.finish()
    await c.done
    expect(started).toEqual(['a', 'b', 'c'])
  })

  test('as many wait as fit, and one more is refused at once', async () => {
    const { turns, started, enter } = setUp(2)
    const jobs = ['a', 'b', 'c'].map((name) => enter(name))
    expect(await enter('d').done).toBe('queue-full')
    expect(turns.waiting).toBe(2)
    for (const job of jobs) job.finish()
    await Promise.all(jobs.map(({ done }) => done))
    expect(started).toEqual(['a', 'b', 'c'])
  })

  test('where all places are taken by what can wait, a vote gets one, and the last who came leaves', async () => {
    const { turns, started, enter } = setUp(2)
    const jobs = ['a', 'b'].map((name) => enter(name, {}, PATIENT))
    const crowdedOut = enter('c', {}, PATIENT)
    const vote = enter('vote')
    expect(await crowdedOut.done).toBe('queue-full')
    expect(turns.waiting).toBe(2)
    for (const job of [...jobs, vote]) job.finish()
    await Promise.all([...jobs, vote].map(({ done }) => done))
    expect(started).toEqual(['a', 'vote', 'b'])
  })

  test('a key that takes all places gives one to a key that has none', async () => {
    const { started, enter } = setUp(3)
    const jobs = ['a', 'b', 'c'].map((name) => enter(name))
    const crowdedOut = enter('d')
    const other = enter('other', {}, { ...URGENT, key: TZ3 })
    expect(await crowdedOut.done).toBe('queue-full')
    for (const job of [...jobs, other]) job.finish()
    await Promise.all([...jobs, other].map(({ done }) => done))
    expect(started).toEqual(['a', 'b', 'other', 'c'])
  })

  test('without room to wait one is still served', async () => {
    const { enter } = setUp(0)
    const a = enter('a')
    expect(await enter('b').done).toBe('queue-full')
    a.finish()
    expect(await a.done).toBe('a is done')
  })

  test('F41 nobody starts after its deadline', async () => {
    const { clock, turns, started, enter } = setUp()
    const a = enter('a')
    const late = enter('late', { deadlineAt: clock.now() + 50 })
    const patient = enter('patient', { deadlineAt: clock.now() + 51 })
    clock.advance(49)
    expect(turns.waiting).toBe(2)
    clock.advance(1)
    expect(await late.done).toBe('deadline-passed')
    expect(turns.waiting).toBe(1)
    a.finish()
    patient.finish()
    expect(await patient.done).toBe('patient is done')
    expect(started).toEqual(['a', 'patient'])
    expect(clock.timers).toBe(0)
  })

  test('a deadline that is now has passed', async () => {
    const { clock, started, enter } = setUp()
    expect(await enter('a', { deadlineAt: clock.now() }).done).toBe('deadline-passed')
    expect(started).toEqual([])
  })

  test('F41 nobody starts after its client left', async () => {
    const { clock, turns, started, enter } = setUp()
    const a = enter('a')
    const client = new AbortController()
    const gone = enter('gone', { signal: client.signal })
    const stays = enter('stays')
    client.abort()
    expect(await gone.done).toBe('client-gone')
    expect(turns.waiting).toBe(1)
    expect(await enter('never there', { signal: AbortSignal.abort() }).done).toBe('client-gone')
    a.finish()
    stays.finish()
    await stays.done
    expect(started).toEqual(['a', 'stays'])
    expect(clock.timers).toBe(0)
  })

  test('a client that leaves during its turn does not disturb the next one', async () => {
    const { started, enter } = setUp()
    const client = new AbortController()
    const a = enter('a', { signal: client.signal })
    const b = enter('b', { signal: client.signal })
    const c = enter('c')
    await settled()
    client.abort()
    expect(await b.done).toBe('client-gone')
    expect(started).toEqual(['a'])
    a.finish()
    c.finish()
    expect(await a.done).toBe('a is done')
    expect(await c.done).toBe('c is done')
  })

  test('F14 closing turns away who waits and who comes, and lets the one at work finish', async () => {
    const { turns, started, enter } = setUp()
    const a = enter('a')
    const b = enter('b')
    await settled()
    let isClosed = false
    const closed = turns.close().then(() => {
      isClosed = true
    })
    expect(await b.done).toBe('shutting-down')
    expect(await enter('c').done).toBe('shutting-down')
    expect(turns.refusalOf({ deadlineAt: 1e9, signal: undefined })).toBe('shutting-down')
    await settled()
    expect(isClosed).toBe(false)
    a.finish()
    await closed
    expect(await a.done).toBe('a is done')
    expect(started).toEqual(['a'])
  })

  test('closing is done at once when nobody is at work', async () => {
    const { turns, enter } = setUp()
    await turns.close()
    expect(await enter('a').done).toBe('shutting-down')
  })

  test('a job that throws gives its turn on', async () => {
    const { clock, turns } = setUp()
    const patience = { deadlineAt: clock.now() + 1, signal: undefined }
    const broken = turns.run(URGENT, patience, () => Promise.reject(new Error('broken')))
    const next = turns.run(URGENT, patience, () => Promise.resolve('served'))
    await expect(broken).rejects.toThrow('broken')
    expect(await next).toBe('served')
    expect(await turns.run(URGENT, patience, () => Promise.resolve('and on'))).toBe('and on')
  })

  test('a turn refusal is told of a request that is no longer worth serving', () => {
    const { clock, turns } = setUp()
    const client = new AbortController()
    const patience = { deadlineAt: clock.now() + 10, signal: client.signal }
    expect(turns.refusalOf(patience)).toBeUndefined()
    clock.advance(10)
    expect(turns.refusalOf(patience)).toBe('deadline-passed')
    client.abort()
    expect(turns.refusalOf(patience)).toBe('client-gone')
  })
})
