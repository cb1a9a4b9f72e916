import { stripVTControlCharacters } from 'node:util'
import { describe, expect, test } from 'vitest'
import { fail, pass, skip, warn, type Check } from '../../../src/cli/doctor/check.js'
import { CHECKS } from '../../../src/cli/doctor/checks/index.js'
import { doctor } from '../../../src/cli/doctor/doctor.js'
import { examine, type CheckResult } from '../../../src/cli/doctor/examine.js'
import { gatherFacts } from '../../../src/cli/doctor/facts.js'
import { reportText } from '../../../src/cli/doctor/report.js'
import { place, plantedHost, temporaryFolder, thisHost } from './support.js'

const facts = () =>
  gatherFacts({ config: '/no/such.yaml', isConfigNamed: false }, thisHost(), new AbortController().signal)
const check = (id: string, run: Check['run'], more: Partial<Check> = {}): Check => ({
  id,
  title: id,
  run,
  ...more,
})

describe('the checks', () => {
  test('are told in their own order, however long each takes', async () => {
    let release: () => void = () => undefined
    const late = new Promise<void>((resolve) => {
      release = resolve
    })
    const slow = check('slow', async () => {
      await late
      return pass('late')
    })
    const quick = check('quick', () => {
      release()
      return pass('soon')
    })
    const results = await examine([slow, quick], facts())
    expect(results.map(({ id }) => id)).toEqual(['slow', 'quick'])
  })

  test('one that throws fails by itself, with the words', async () => {
    const broken = check('broken', () => {
      throw new Error('it broke')
    })
    const rejecting = check('rejecting', () => Promise.reject(new Error('it broke too')))
    const results = await examine([broken, rejecting, check('sound', () => pass('well'))], facts())
    expect(results.map(({ status, detail }) => [status, detail])).toEqual([
      ['fail', 'it broke'],
      ['fail', 'it broke too'],
      ['pass', 'well'],
    ])
  })

  test('one that comes to no end fails by itself', async () => {
    const endless = check('endless', () => new Promise(() => undefined))
    const results = await examine([endless, check('sound', () => pass('well'))], facts(), 20)
    expect(results.map(({ status }) => status)).toEqual(['fail', 'pass'])
  })

  test('one that wants to be alone begins when all others have ended', async () => {
    const ended: string[] = []
    const alone = check('alone', () => pass(ended.join()), { isAlone: true })
    const other = check('other', async () => {
      await new Promise((resolve) => setImmediate(resolve))
      ended.push('other')
      return pass('')
    })
    const [first] = await examine([alone, other], facts())
    expect(first?.detail).toBe('other')
  })

  test('have names that are kebab-case and there once', () => {
    const ids = CHECKS.map(({ id }) => id)
    expect(new Set(ids).size).toBe(ids.length)
    for (const id of ids) expect(id).toMatch(/^[a-z]+(?:-[a-z]+)*$/)
  })
})

describe('the report', () => {
  const of = (id: string, finding: Omit<CheckResult, 'id' | 'title'>): CheckResult =>
    ({ id, title: id, ...finding }) as CheckResult
  const results = [
    of('a', pass('well')),
    of('bcd', warn('hm', 'do it')),
    of('e', fail('bad\n\u001b[2Jtext', 'mend it')),
  ]

  test('is one line for each check, and one for each remedy, with a summary', () => {
    expect(reportText(results, false)).toBe(
      [
        'PASS  a    well',
        'WARN  bcd  hm',
        '           -> do it',
        'FAIL  e    bad [2Jtext',
        '           -> mend it',
        '',
        '1 passed, 1 warning, 1 failed',
        '',
      ].join('\n'),
    )
  })

  test('has colours only where they are wanted, and says the same without them', () => {
    const coloured = reportText(results, true)
    expect(coloured).toContain('\u001b[31mFAIL')
    expect(stripVTControlCharacters(coloured)).toBe(reportText(results, false))
  })

  test('tells neighbours that were skipped for one reason in one line', () => {
    const text = reportText(
      [
        of('a', skip('no node')),
        of('b', skip('no node')),
        of('c', skip('no port')),
        of('d', skip('no node')),
      ],
      false,
    )
    expect(text.split('\n').slice(0, 3)).toEqual([
      'SKIP  2 checks  no node: a, b',
      'SKIP  c         no port',
      'SKIP  d         no node',
    ])
    expect(text).toContain('4 skipped')
  })
})

describe('doctor', () => {
  const run = async (
    options: { readonly config: string; readonly isConfigNamed: boolean },
    host = plantedHost({}),
  ) => {
    let out = ''
    const output = { out: (text: string) => (out += text), err: () => undefined }
    const code = await doctor({ ...options, json: true, isColoured: false }, output, host)
    return { code, ...(JSON.parse(out) as { checks: CheckResult[]; summary: object }) }
  }

  test('without any configuration looks at what needs none, and fails where no board is found', async () => {
    const { code, checks, summary } = await run({
      config: `${temporaryFolder()}/config.yaml`,
      isConfigNamed: false,
    })
    expect(code).toBe(1)
    expect(checks.map(({ id }) => id)).toEqual(CHECKS.map(({ id }) => id))
    expect(checks.filter(({ status }) => status === 'fail').map(({ id }) => id)).toEqual(['port-found'])
    expect(summary).toMatchObject({ failed: 1 })
  })

  test('with a configuration that is refused tells the rest all the same', async () => {
    const { code, checks } = await run({ config: place('policy: 1\n').config, isConfigNamed: true })
    expect(code).toBe(1)
    expect(checks.find(({ id }) => id === 'config-loads')?.status).toBe('fail')
    expect(checks.find(({ id }) => id === 'native-parts')?.status).toBe('pass')
  })
})
