import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { describe, expect, onTestFinished, test } from 'vitest'
import { raiseMarks } from '../../src/cli/control-handlers.js'
import { RefusedError, UsageError } from '../../src/cli/exit-code.js'
import { init } from '../../src/cli/init.js'
import { isSelected, markRequestSchema, neededMarks, seedsFor } from '../../src/cli/mark-selection.js'
import { raise, seed, showMarks } from '../../src/cli/marks.js'
import { loadConfig, parseConfig, type Config } from '../../src/config/index.js'
import { MarksJournal, StateError, type MarkRecord } from '../../src/policy/index.js'
import { parseChainId, parsePublicKeyHash } from '../../src/tezos/index.js'

const TZ1 = parsePublicKeyHash('tz1it3gNAe5nLjY6iqMNrmqFyWEL9p6GwSrv')!
const TZ3 = parsePublicKeyHash('tz3g4AnLYCcGY5sQvk6m2bxfBGFfXx4c1HfJ')!
const MAINNET = parseChainId('mainnet')!
const GHOSTNET = parseChainId('ghostnet')!

const SEEDS = 'high_water_marks: {level: {0x11: 10, 0x12: 20, 0x13: 30}, round: {0x12: 2}}\n'
const BAKER = `policy: {signing_keys: {${TZ1}: {allowed_ops: [0x11, 0x12, 0x13]}}}\n`

const parse = (text: string): Config =>
  parseConfig(text, { file: 'config.yaml', stateDir: undefined, defaultStateDir: 'state' })

/** A configuration file and the state directory that goes with it. */
function setUp(text = BAKER + SEEDS) {
  const directory = mkdtempSync(join(tmpdir(), 'tezio-marks-'))
  onTestFinished(() => {
    rmSync(directory, { recursive: true, force: true })
  })
  const config = join(directory, 'config.yaml')
  writeFileSync(config, text)
  const stateDir = join(directory, 'state')
  let written = ''
  const output = {
    out: (more: string) => {
      written += more
    },
    err: () => undefined,
  }
  const marks = () => [...MarksJournal.read(stateDir).marks.values()]
  return { options: { config, stateDir }, output, marks, written: () => written }
}

const places = (marks: readonly MarkRecord[]) => marks.map(({ kind, level, round }) => [kind, level, round])

describe('the marks that a configuration needs', () => {
  const needed = (text: string) => neededMarks(parse(text)).map(({ chain, key, kind }) => [chain, key, kind])

  test('are one for each key, allowed chain and kind that it may sign', () => {
    const text = `chains: [mainnet, ghostnet]\npolicy: {signing_keys: {${TZ1}: {allowed_ops: [0x11, 0x13]}, ${TZ3}: {allowed_ops: [0x12], chains: [ghostnet]}}}\n`
    expect(needed(text)).toEqual([
      [MAINNET, TZ1, 'block'],
      [MAINNET, TZ1, 'attestation'],
      [GHOSTNET, TZ1, 'block'],
      [GHOSTNET, TZ1, 'attestation'],
      [GHOSTNET, TZ3, 'preattestation'],
    ])
  })

  test('are none for a key that signs operations only', () => {
    expect(needed(`policy: {signing_keys: {${TZ1}: {allowed_ops: [0x03, 0x05]}}}\n`)).toEqual([])
  })

  test('are all kinds for a key that may sign anything', () => {
    const config = parse(BAKER)
    const keys = config.keys.map((key) => ({ ...key, allowedMagicBytes: 'any' as const }))
    expect(neededMarks({ ...config, keys }).map(({ kind }) => kind)).toEqual([
      'block',
      'preattestation',
      'attestation',
    ])
  })

  test('are named once for a chain that is written twice', () => {
    expect(needed(`chains: [mainnet, ${MAINNET}]\n${BAKER}`)).toHaveLength(3)
  })
})

describe('first levels', () => {
  const seeds = (text: string, rest: { level?: number; round?: number } = {}) =>
    seedsFor(parse(text), neededMarks(parse(text)), rest).map(({ kind, level, round }) => [
      kind,
      level,
      round,
    ])

  test('come from the configuration, kind by kind', () => {
    expect(seeds(BAKER + SEEDS)).toEqual([
      ['block', 10, 0],
      ['preattestation', 20, 2],
      ['attestation', 30, 0],
    ])
  })

  test('come from the command line before the configuration', () => {
    expect(seeds(BAKER + SEEDS, { level: 0 }).map(([, level]) => level)).toEqual([0, 0, 0])
    expect(seeds(BAKER, { level: 7, round: 3 })).toEqual([
      ['block', 7, 3],
      ['preattestation', 7, 3],
      ['attestation', 7, 3],
    ])
  })

  test('are never guessed', () => {
    expect(() => seeds(BAKER)).toThrow(UsageError)
    expect(() => seeds(BAKER, { round: 3 })).toThrow(/--level/)
    expect(seedsFor(parse(BAKER), [], {})).toEqual([])
  })
})

describe('a raise in words', () => {
  const problem = (request: unknown) => {
    const parsed = markRequestSchema.safeParse(request)
    return parsed.success ? 'none' : z.prettifyError(parsed.error)
  }

  test('is read with names and ids, and what is left out means all', () => {
    expect(markRequestSchema.parse({ level: 1, round: 0 })).toEqual({ level: 1, round: 0 })
    const request = { key: TZ1, chain: 'mainnet', kind: 'block', level: 1, round: 0 }
    expect(markRequestSchema.parse(request)).toEqual({ ...request, chain: MAINNET })
    expect(markRequestSchema.parse({ chain: GHOSTNET, level: 0x7fffffff, round: 0x7fffffff }).chain).toBe(
      GHOSTNET,
    )
  })

  test.each<[string, unknown, RegExp]>([
    ['no level', { round: 0 }, /level/],
    ['no round', { level: 0 }, /round/],
    ['a negative level', { level: -1, round: 0 }, /level/],
    ['a level above int32', { level: 0x80000000, round: 0 }, /level/],
    ['a fraction', { level: 1.5, round: 0 }, /level/],
    ['a text for a level', { level: '1', round: 0 }, /level/],
    ['a negative round', { level: 1, round: -1 }, /round/],
    ['another key', { key: 'KT1', level: 1, round: 0 }, /KT1 is not a public key hash/],
    [
      'a key with a wrong checksum',
      { key: `${TZ1.slice(0, -1)}w`, level: 1, round: 0 },
      /is not a public key hash/,
    ],
    ['another chain', { chain: 'mainet', level: 1, round: 0 }, /mainet is not a chain id or a known name/],
    ['a name of every object', { chain: 'constructor', level: 1, round: 0 }, /is not a chain id/],
    [
      'another kind',
      { kind: 'endorsement', level: 1, round: 0 },
      /one of block, preattestation, attestation/,
    ],
    ['a word too many', { level: 1, round: 0, force: true }, /force/],
    ['nothing', null, /object/],
    ['a list', [], /object/],
  ])('with %s is refused', (_, request, expected) => {
    expect(problem(request)).toMatch(expected)
  })

  test('selects what is named', () => {
    const mark = { chain: MAINNET, key: TZ1, kind: 'block' } as const
    for (const selection of [{}, { key: TZ1 }, { chain: MAINNET }, { kind: 'block' as const }, mark]) {
      expect(isSelected(selection, mark)).toBe(true)
    }
    for (const selection of [
      { key: TZ3 },
      { chain: GHOSTNET },
      { kind: 'attestation' as const },
      { ...mark, key: TZ3 },
    ]) {
      expect(isSelected(selection, mark)).toBe(false)
    }
  })
})

describe('the commands', () => {
  test('F7 init makes the marks of the configuration, once', async () => {
    const { options, output, marks, written } = setUp()
    await init({ ...options, json: true }, output)
    expect(JSON.parse(written())).toMatchObject({
      stateDir: options.stateDir,
      marks: [{ level: 10 }, {}, {}],
    })
    const before = marks()
    expect(places(before)).toEqual([
      ['block', 10, 0],
      ['preattestation', 20, 2],
      ['attestation', 30, 0],
    ])
    await expect(init({ ...options, level: 99 }, output)).rejects.toThrow(StateError)
    expect(marks()).toEqual(before)
  })

  test('F7 nothing but init makes a state directory', async () => {
    const { options, output } = setUp()
    await expect(showMarks(options, output)).rejects.toThrow(/tezio-bridge init/)
    await expect(raise({ ...options, level: 50 }, output)).rejects.toThrow(/tezio-bridge init/)
    await expect(seed(options, output)).rejects.toThrow(/tezio-bridge init/)
    expect(() => MarksJournal.read(options.stateDir)).toThrow(StateError)
  })

  test('marks raise raises what is lower and lowers nothing', async () => {
    const { options, output, marks, written } = setUp()
    await init(options, output)
    await raise({ ...options, level: 25, json: true }, output)
    const raised = [
      ['block', 25, 0],
      ['preattestation', 25, 0],
      ['attestation', 30, 0],
    ]
    expect(places(marks())).toEqual(raised)
    const report = JSON.parse(written().slice(written().indexOf('{'))) as {
      raised: MarkRecord[]
      left: MarkRecord[]
    }
    expect([places(report.raised), places(report.left)]).toEqual([raised.slice(0, 2), raised.slice(2)])
    await expect(raise({ ...options, level: 25 }, output)).rejects.toThrow(RefusedError)
    await expect(raise({ ...options, level: 25 }, output)).rejects.toThrow(/none is ever lowered/)
    await expect(raise({ ...options, level: 99, key: TZ3 }, output)).rejects.toThrow(/marks seed/)
    await expect(raise({ ...options, level: -1 }, output)).rejects.toThrow(UsageError)
    expect(places(marks())).toEqual(raised)
    await raise({ ...options, level: 25, round: 1, kind: 'block' }, output)
    expect(places(marks())[0]).toEqual(['block', 25, 1])
  })

  test('marks seed sets what is missing and touches nothing else', async () => {
    const { options, output, marks } = setUp()
    await init(options, output)
    const more = BAKER.replace(`${TZ1}:`, `${TZ3}: {allowed_ops: [0x11, 0x13]}, ${TZ1}:`)
    writeFileSync(options.config, more)
    await expect(seed(options, output)).rejects.toThrow(UsageError)
    expect(marks()).toHaveLength(3)
    await seed({ ...options, level: 500, kind: 'block' }, output)
    expect(places(marks()).slice(3)).toEqual([['block', 500, 0]])
    await seed({ ...options, level: 600 }, output)
    expect(places(marks())).toEqual([
      ['block', 10, 0],
      ['preattestation', 20, 2],
      ['attestation', 30, 0],
      ['block', 500, 0],
      ['attestation', 600, 0],
    ])
  })

  test('F9 are refused while somebody else owns the state, and marks can be shown', async () => {
    const { options, output, written } = setUp()
    await init(options, output)
    const owner = MarksJournal.open({ directory: options.stateDir, maxLevelGap: 'off' })
    await expect(raise({ ...options, level: 99 }, output)).rejects.toThrow(/owned by process/)
    await expect(seed({ ...options, level: 99 }, output)).rejects.toThrow(/owned by process/)
    await showMarks(options, output)
    expect(written()).toContain('preattestation')
    owner.close()
  })
})

test('the daemon raises every selected mark that is lower, and tells which were not', async () => {
  const { options, output } = setUp()
  await init(options, output)
  const { stateDir } = loadConfig(options.config, { stateDir: options.stateDir })
  const store = MarksJournal.open({ directory: stateDir, maxLevelGap: 'off' })
  const report = await raiseMarks(store, { level: 20, round: 2 })
  expect(places(report.raised)).toEqual([['block', 20, 2]])
  expect(places(report.left)).toEqual([
    ['preattestation', 20, 2],
    ['attestation', 30, 0],
  ])
  expect(await raiseMarks(store, { level: 99, round: 0, key: TZ3 })).toEqual({ raised: [], left: [] })
  expect(places(store.marks())).toEqual([...places(report.raised), ...places(report.left)])
  store.close()
})
