import { describe, expect, test } from 'vitest'
import type { ConfigPlan } from '../../../src/cli/setup/choose-config.js'
import { nextSteps } from '../../../src/cli/setup/next-steps.js'
import { besidePlan, changesAnything, completePlan, deeds, planState } from '../../../src/cli/setup/plan.js'
import { shellWord } from '../../../src/cli/setup/shell-word.js'
import { parseConfig } from '../../../src/config/index.js'
import { parseChainId, parsePublicKeyHash } from '../../../src/tezos/index.js'
import { ADDRESS } from '../../e2e/daemon.js'

const KEY = parsePublicKeyHash(ADDRESS.tz3)!
const MARK = { chain: parseChainId('mainnet')!, key: KEY, kind: 'block' } as const
const AUTHENTICATION = 'tz3QaGkVCH9iVy4Rh7fQJobiQnc4yJpQKoMJ'

const parse = (more = '') =>
  parseConfig(`${more}policy: {signing_keys: {${KEY}: {allowed_ops: [0x11]}}}`, {
    file: '/etc/config.yaml',
    stateDir: undefined,
    defaultStateDir: 'state',
  })

const config = (action: ConfigPlan['action']): ConfigPlan => ({
  action,
  file: 'config.yaml',
  text: '',
  config: parse(),
})

describe('what becomes of a state', () => {
  test('is that it is made, added to, or left alone', () => {
    const seeds = [{ ...MARK, level: 7, round: 0 }]
    const directory = '/state'
    const found = { exists: true, marks: [] }
    expect(planState(directory, { exists: false, marks: [] }, [MARK], 7)).toEqual({
      action: 'create',
      directory,
      seeds,
    })
    expect(planState(directory, found, [MARK], 7)).toEqual({ action: 'seed', directory, seeds })
    expect(planState(directory, found, [], 7)).toEqual({ action: 'keep', directory, seeds: [] })
  })
})

describe('a plan', () => {
  const kept = planState('/state', { exists: true, marks: [] }, [], 0)
  const made = planState('/state', { exists: false, marks: [] }, [MARK], 7)

  test('changes nothing only where configuration, state and files all stay', () => {
    const files = { preview: '', command: '', arguments: [], isWanted: false }
    expect(changesAnything(completePlan(config('keep'), kept, files, KEY))).toBe(false)
    expect(deeds(completePlan(config('keep'), kept, files, KEY))).toEqual([])
    for (const plan of [
      completePlan(config('write'), kept, files, KEY),
      completePlan(config('keep'), made, undefined, KEY),
      completePlan(config('keep'), kept, { ...files, isWanted: true }, KEY),
      besidePlan(config('beside')),
    ]) {
      expect(changesAnything(plan)).toBe(true)
      expect(deeds(plan)).toHaveLength(1)
    }
  })

  test('beside a configuration makes no state', () => {
    expect(besidePlan(config('beside')).state.action).toBe('keep')
  })
})

describe('the next steps', () => {
  const commands = (more: string, file: string) =>
    nextSteps(parse(more), KEY, file, false).map(({ command }) => command)

  test('name the configuration where it is not the usual one, and the listeners that it names', () => {
    expect(commands('', 'config.yaml')).toContain('tezio-bridge serve')
    expect(commands('', '/etc/my bridge.yaml')).toContain(`tezio-bridge --config '/etc/my bridge.yaml' serve`)
    const listeners = 'server: {listen: "[::1]:5000"}\nadmin: {listen: "127.0.0.1:5001"}\n'
    expect(commands(listeners, 'config.yaml')).toEqual(
      expect.arrayContaining([
        `octez-client import secret key baker http://[::1]:5000/${KEY}`,
        'curl -s http://127.0.0.1:5001/readyz',
      ]),
    )
  })

  test('give the authentication key to the client before the baking key, where it is asked for', () => {
    const text = `policy: {signing_keys: {${KEY}: {allowed_ops: [0x11]}}, auth_key: {pkh: ${AUTHENTICATION}}}`
    const context = { file: '/etc/config.yaml', stateDir: undefined, defaultStateDir: 'state' }
    const steps = nextSteps(parseConfig(text, context), KEY, 'config.yaml', false)
    const at = (word: string) => steps.findIndex(({ command }) => command.includes(word))
    expect(at('tezio-auth')).toBeGreaterThan(-1)
    expect(at('tezio-auth')).toBeLessThan(at('baker'))
    expect(steps[at('tezio-auth')]?.why).toContain(AUTHENTICATION)
    expect(commands('', 'config.yaml').join()).not.toContain('tezio-auth')
  })
})

test('a word for a shell is quoted where the shell would read more into it', () => {
  expect(shellWord('/etc/tezio-bridge.d/x:1=2@a%b+c')).toBe('/etc/tezio-bridge.d/x:1=2@a%b+c')
  expect(shellWord("it's $HOME")).toBe(`'it'\\''s $HOME'`)
  expect(shellWord('')).toBe("''")
})
