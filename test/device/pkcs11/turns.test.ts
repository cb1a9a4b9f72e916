import { expect, it } from 'vitest'
import { Turns } from '../../../src/device/pkcs11/turns.js'

/** Something that lasts until it is told to end. */
function lasting() {
  let end: () => void = () => undefined
  const over = new Promise<void>((resolve) => (end = resolve))
  return { run: () => over, end }
}

it('whoever comes first goes first, except for what is urgent', async () => {
  const turns = new Turns()
  const order: string[] = []
  const first = lasting()
  const named = (name: string) => () => {
    order.push(name)
    return Promise.resolve()
  }
  const all = [
    turns.take(first.run, false),
    turns.take(named('patient'), false),
    turns.take(named('second patient'), false),
    turns.take(named('urgent'), true),
  ]
  expect(order).toEqual([])
  first.end()
  await Promise.all(all)
  expect(order).toEqual(['urgent', 'patient', 'second patient'])
})

it('a turn that fails fails alone', async () => {
  const turns = new Turns()
  const failing = turns.take(() => Promise.reject(new Error('this one')), false)
  const next = turns.take(() => Promise.resolve('next'), false)
  await expect(failing).rejects.toThrow('this one')
  expect(await next).toBe('next')
  expect(await turns.take(() => Promise.resolve('later'), true)).toBe('later')
})

it('no more than 64 wait, and what is urgent has a line of its own', async () => {
  const turns = new Turns()
  const first = lasting()
  const done = () => Promise.resolve('done')
  const holding = turns.take(first.run, false)
  const waiting = Array.from({ length: 64 }, () => turns.take(done, false))
  await expect(turns.take(done, false)).rejects.toMatchObject({ code: 'device-busy', sent: false })
  const urgent = turns.take(done, true)
  first.end()
  await holding
  expect(await urgent).toBe('done')
  expect(await Promise.all(waiting)).toEqual(waiting.map(() => 'done'))
  expect(await turns.take(done, false)).toBe('done')
})
