import { describe, expect, test } from 'vitest'
import { refusal, withKey } from './fixture.js'

const headCheck = (inside: string) => withKey(`head_check: {${inside}}`).headCheck
const messageOf = (inside: string) => refusal(() => headCheck(inside)).message

describe('head_check', () => {
  test('is off until a node is named', () => {
    expect(withKey('').headCheck).toBeUndefined()
    expect(withKey('head_check:\n').headCheck).toBeUndefined()
  })

  test('needs a node alone; the rest has defaults', () => {
    expect(headCheck('rpc: "http://127.0.0.1:8732"')).toEqual({
      ...{ rpc: 'http://127.0.0.1:8732', maxAhead: 2, maxBehind: 10, onError: 'allow' },
    })
  })

  test('is taken as it is written', () => {
    const all = 'rpc: "https://node.example.org/a", max_ahead: 1, max_behind: 14400, on_error: refuse'
    expect(headCheck(all)).toEqual({
      ...{ rpc: 'https://node.example.org/a', maxAhead: 1, maxBehind: 14_400, onError: 'refuse' },
    })
  })

  test.each([
    ['http://127.0.0.1:8732/', 'http://127.0.0.1:8732'],
    ['http://127.0.0.1:8732/a/b//', 'http://127.0.0.1:8732/a/b'],
    ['HTTP://LOCALHOST:80/A', 'http://localhost/A'],
    ['http://[::1]:8732', 'http://[::1]:8732'],
  ])('takes the node at %s', (rpc, expected) => {
    expect(headCheck(`rpc: "${rpc}"`)?.rpc).toBe(expected)
  })

  test.each([
    'node.example.org:8732',
    'ftp://127.0.0.1',
    'http:127.0.0.1:8732',
    'http://',
    'http://127.0.0.1:70000',
    'unix:/run/node.sock',
    '',
  ])('refuses %j, which is no URL of a node', (rpc) => {
    expect(messageOf(`rpc: ${JSON.stringify(rpc)}`)).toContain(
      'config.yaml:2: head_check.rpc: is not an http or https URL; write it like http://127.0.0.1:8732',
    )
  })

  test.each([
    ['http://baker:hunter2@127.0.0.1:8732', 'holds a user name or a password'],
    ['http://hunter2@127.0.0.1:8732', 'holds a user name or a password'],
    ['http://127.0.0.1:8732/?key=hunter2', 'holds a query or a fragment'],
    ['http://127.0.0.1:8732/#hunter2', 'holds a query or a fragment'],
    ['http://127.0.0.1:8732?', 'holds a query or a fragment'],
  ])('refuses %j and does not show what may be a secret', (rpc, message) => {
    const text = messageOf(`rpc: ${JSON.stringify(rpc)}`)
    expect(text).toContain(`head_check.rpc: ${message}`)
    expect(text).not.toContain('hunter2')
  })

  const NODE = 'rpc: "http://127.0.0.1:8732"'

  test.each([
    ['max_ahead: 2', 'head_check.rpc: is missing'],
    [`${NODE}, max_ahead: 0`, 'head_check.max_ahead: 0 is not a whole number from 1 to 100 (levels)'],
    [`${NODE}, max_ahead: 101`, 'head_check.max_ahead: 101 is not a whole number from 1 to 100 (levels)'],
    [`${NODE}, max_behind: 0`, 'head_check.max_behind: 0 is not a whole number from 1 to 14400 (levels)'],
    [`${NODE}, max_behind: 1.5`, 'head_check.max_behind: 1.5 is not a whole number from 1 to 14400 (levels)'],
    [`${NODE}, on_error: maybe`, 'head_check.on_error: "maybe" is neither allow nor refuse'],
    [`${NODE}, on_error: false`, 'head_check.on_error: false is neither allow nor refuse'],
    [`${NODE}, max_behin: 1`, 'did you mean "max_behind"?'],
    ['rpc: 8732', 'head_check.rpc: is not an http or https URL'],
  ])('refuses {%s}', (inside, message) => {
    expect(messageOf(inside)).toContain(message)
  })
})
