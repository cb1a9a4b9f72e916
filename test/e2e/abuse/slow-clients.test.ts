import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { octezBody, operation, outcome } from '../../server/fixture.js'
import { chunk, octezGet, octezHead, plainPost, RawClient } from '../../server/raw-client.js'
import { ADDRESS } from '../daemon.js'
import { START_MS, Target } from './target.js'

let target: Target
beforeAll(async () => {
  target = await Target.start()
}, START_MS)
afterAll(() => target.close())

const body = octezBody(operation())

/** What a client sends that then sends no more, or not yet. */
const HALVES: Readonly<Record<string, string>> = {
  nothing: '',
  'half a request line': 'POST /ke',
  'half a head': octezGet('/').slice(0, -10),
  'a head without its body': octezHead(ADDRESS.tz3),
  'half a chunk': `${octezHead(ADDRESS.tz3)}100\r\n"03`,
  'a body without its last chunk': octezHead(ADDRESS.tz3) + chunk(body),
  'a body but for its last byte': plainPost(ADDRESS.tz3, body.slice(0, -1), body.length),
  'an expectation': `POST /keys/${ADDRESS.tz3} HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n`,
}

const open = async (half: string, isStubborn = false) => {
  const client = await RawClient.open(target.port, isStubborn)
  await client.write(half)
  return client
}

describe('F37', () => {
  it('500 slow and half-open connections do not keep honest signatures waiting', async () => {
    const halves = Object.values(HALVES)
    const clients: RawClient[] = []
    await target.untouchedBy(async () => {
      for (let index = 0; index < 500; index += 1)
        clients.push(await open(halves[index % halves.length]!, index % 2 === 0))
    })
    // The device is asked within the first second; the ratio to the usual time is measured by the soak.
    for (let turn = 0; turn < 20; turn += 1) expect(await target.signsHonestly()).toBeLessThan(1000)
    const stillOpen = clients.filter(({ socket }) => !socket.destroyed).length
    expect(stillOpen).toBeGreaterThan(400) // or the honest ones had company no more
  })

  it('1500 connections, more than are taken, leave room again as soon as they are gone', async () => {
    const clients: RawClient[] = []
    for (let index = 0; index < 1500; index += 1) clients.push(await open('GET / HT'))
    for (const { socket } of clients) socket.destroy()
    await Promise.all(clients.map(({ closed }) => closed))
    await target.settles()
    await target.signsHonestly()
  })

  it('a client that does not go on is cut off, wherever it stopped, and nothing is signed or marked', async () => {
    await target.untouchedBy(async () => {
      const clients = await Promise.all(Object.values(HALVES).map((half) => open(half)))
      await target.settles()
      expect(clients.filter(({ socket }) => socket.destroyed)).toEqual([])
      await Promise.all(clients.map(({ closed }) => closed))
      const answer = /^(HTTP\/1\.1 100 Continue\r\n\r\n)?HTTP\/1\.1 400 .*malformed-body.*$/s
      const [silent, ...others] = clients
      expect(silent?.received).toMatch(/^$|malformed-body/)
      for (const client of others) expect(client.received).toMatch(answer)
    })
    await target.signsHonestly()
  })

  it('a client that drips its body is answered when it is whole in time', async () => {
    const client = await open(octezHead(ADDRESS.tz3))
    for (const byte of body) {
      await client.write(chunk(byte))
      await target.settles()
    }
    await client.write(chunk(''))
    expect(outcome(await client.answer())).toBe('200')
  })

  it('a client that never reads its answers holds up nobody', async () => {
    const client = await open('')
    client.socket.pause()
    let isTaken = true
    for (let turn = 0; turn < 200 && isTaken; turn += 1) isTaken = await client.write(octezGet('/'))
    await target.signsHonestly()
  })
})
