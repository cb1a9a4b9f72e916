import { describe, expect, it } from 'vitest'
import { StateError } from '../../src/policy/index.js'
import { controlApp, HttpRefusalError, type ControlHandlers } from '../../src/server/index.js'
import { checkedAnswer, outcome } from './fixture.js'
import { incomingOf } from './incoming.js'

function testControl(handlers: Partial<ControlHandlers> = {}) {
  const raised: unknown[] = []
  const faults: unknown[] = []
  const all: ControlHandlers = {
    keys: () => ({ keys: ['k'] }),
    marks: () => ({ marks: ['m'] }),
    status: () => ({ state: 'ready' }),
    raise: (request) => {
      raised.push(request)
      return { raised: [], left: [] }
    },
    clearQuarantine: (request) => {
      raised.push(request)
      return { cleared: true }
    },
    ...handlers,
  }
  const app = controlApp(all, (error) => faults.push(error))
  const ask = async (method: string, path: string, body?: string | Uint8Array) => {
    const init: RequestInit = body === undefined ? { method } : { method, body }
    const response = await app.request(path, init, incomingOf(body))
    return checkedAnswer(response.status, response.headers, await response.text())
  }
  const raise = (body?: string | Uint8Array) => ask('POST', '/marks/raise', body)
  return { ask, raise, raised, faults }
}

describe('the control socket', () => {
  it('tells keys and marks, and hands a raise on as it came', async () => {
    const { ask, raise, raised } = testControl()
    expect((await ask('GET', '/keys')).body).toEqual({ keys: ['k'] })
    expect((await ask('GET', '/marks')).body).toEqual({ marks: ['m'] })
    expect((await ask('GET', '/status')).body).toEqual({ state: 'ready' })
    expect((await raise('{"level":5,"x":[1]}')).body).toEqual({ raised: [], left: [] })
    expect(raised).toEqual([{ level: 5, x: [1] }])
  })

  it('hands the end of a quarantine on as it came', async () => {
    const { ask, raised } = testControl()
    expect((await ask('POST', '/keys/clear-quarantine', '{"key":"k"}')).body).toEqual({ cleared: true })
    expect(raised).toEqual([{ key: 'k' }])
    expect(outcome(await ask('POST', '/keys/clear-quarantine', '{'))).toBe('400 malformed-body')
  })

  it.each([undefined, '', ' ', '{', 'level=5', '{"a":1}{"a":2}', Uint8Array.of(0xff), '[' + 'x'.repeat(100)])(
    'refuses to raise with the body %j, and says so',
    async (body) => {
      const { raise, raised, faults } = testControl()
      expect(outcome(await raise(body))).toBe('400 malformed-body')
      expect([raised, faults]).toEqual([[], []])
    },
  )

  it('refuses a body of more than 4 KiB by name', async () => {
    const { raise, raised, faults } = testControl()
    expect(outcome(await raise('{}'.padEnd(4096)))).toBe('200')
    expect(outcome(await raise('{}'.padEnd(4097)))).toBe('400 body-too-large')
    expect([raised.length, faults]).toEqual([1, []])
  })

  it('answers with the refusal of a handler', async () => {
    const refusing = testControl({
      raise: () => {
        throw new HttpRefusalError('malformed-body', 'level: a number expected')
      },
    })
    expect(outcome(await refusing.raise('{}'))).toBe('400 malformed-body')
  })

  it('says by name that the state cannot be written', async () => {
    const { raise, faults } = testControl({
      raise: () => {
        throw new StateError('state-write-failed', 'ENOSPC')
      },
    })
    const answer = await raise('{}')
    expect(outcome(answer)).toBe('500 state-write-failed')
    expect(JSON.stringify(answer.body)).toContain('ENOSPC')
    expect(faults).toEqual([])
  })

  it('answers 500 without the reason when it fails itself, and tells the log', async () => {
    const fault = new Error('secret words')
    const { raise, faults } = testControl({
      raise: () => {
        throw fault
      },
    })
    const answer = await raise('{}')
    expect(outcome(answer)).toBe('500 internal-error')
    expect(JSON.stringify(answer.body)).not.toContain('secret')
    expect(faults).toEqual([fault])
  })

  it('has nothing that lowers or sets a mark, and nothing that signs', async () => {
    const { ask, raised } = testControl()
    const paths = ['/marks/lower', '/marks/set', '/marks/seed', '/marks', '/keys/tz1', '/sign', '/']
    for (const path of paths) expect(outcome(await ask('POST', path, '{}'))).toBe('404 not-found')
    for (const method of ['PUT', 'DELETE', 'PATCH', 'GET']) {
      expect(outcome(await ask(method, '/marks/raise'))).toBe('404 not-found')
    }
    expect(raised).toEqual([])
  })
})
