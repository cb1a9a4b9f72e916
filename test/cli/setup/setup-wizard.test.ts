import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { EXIT } from '../../../src/cli/exit-code.js'
import { loadConfig } from '../../../src/config/index.js'
import { MarksJournal } from '../../../src/policy/index.js'
import { chainName } from '../../../src/tezos/index.js'
import { ADDRESS } from '../../e2e/daemon.js'
import { FakeNode } from '../../octez/fake-node.js'
import { packageWithInstaller, SetupBench, textIn } from './bench.js'
import { KEY, Terminal } from './terminal.js'

let bench: SetupBench
/** What systemd reads, below the folder of an installation. */
const UNIT = 'etc/systemd/system/tezio-bridge.service'

let program = ''

beforeAll(() => {
  const folder = mkdtempSync(join(tmpdir(), 'tezio-package-'))
  program = packageWithInstaller(folder).program
  return () => {
    rmSync(folder, { recursive: true, force: true })
  }
})

beforeEach(() => {
  bench = new SetupBench()
  return () => {
    bench.close()
  }
})

/** One question: what is shown, and what is typed. */
type Step = readonly [question: string, keys: string]

const { enter, down, space, ctrlC, ctrlD } = KEY

/** The wizard as an operator starts it in the folder of the configuration to be. */
function wizard(...options: readonly string[]): Terminal {
  const command = [process.execPath, program, ...bench.arguments, ...options]
  const terminal = new Terminal(command, bench.home)
  onTestFinished(() => terminal.close())
  return terminal
}

async function answer(terminal: Terminal, steps: readonly Step[]): Promise<void> {
  for (const [question, keys] of steps) {
    await terminal.shows(question)
    terminal.type(keys)
  }
}

/** A node of mainnet at level 9000. */
async function mainnet(): Promise<FakeNode> {
  const node = await FakeNode.start(9000)
  onTestFinished(() => node.close())
  return node
}

/** A new board, a node that answers, and files that are installed below a folder. */
const stepsWith = (node: Pick<FakeNode, 'rpc'>): readonly Step[] => [
  ['Which key bakes?', enter],
  ['For which chain?', enter],
  ['Which operations', `${space}${down}${space}${enter}`],
  ['Must requests be authenticated?', `y${enter}`],
  ["Your node's RPC address", `\u0015${node.rpc}${enter}`],
  ['Compare every block and vote', enter],
  ['Is every other signer of this key stopped', `y${enter}`],
  ['Start from which level?', enter],
  ['Install these files?', `y${enter}`],
  ['Do it now?', enter],
]

test('the wizard in a terminal makes what the operator chose', async () => {
  const node = await mainnet()
  const prefix = join(bench.folder, 'root')
  const terminal = wizard('--prefix', prefix, '--manager', 'systemd')
  await answer(terminal, stepsWith(node))
  expect(await terminal.exit).toBe(EXIT.ok)
  const config = loadConfig(bench.config)
  expect(config.keys).toEqual([
    expect.objectContaining({
      publicKeyHash: ADDRESS.tz3,
      allow: ['block', 'preattestation', 'attestation', 'reveal', 'delegation'],
      requiresAuthentication: true,
    }),
  ])
  expect(config.headCheck?.rpc).toBe(node.rpc)
  const marks = [...MarksJournal.read(bench.stateDir).marks.values()]
  expect(marks.map(({ kind, level, round }) => [kind, level, round])).toEqual([
    ['block', 9000, 0],
    ['preattestation', 9000, 0],
    ['attestation', 9000, 0],
  ])
  expect(textIn(join(prefix, UNIT))).toContain(`--config ${bench.config}`)
  expect(terminal.text).toContain(`octez-client import secret key baker http://127.0.0.1:6732/${ADDRESS.tz3}`)
  expect(bench.files()).toHaveLength(4)
})

describe('broken off', () => {
  const questions = stepsWith({ rpc: '' }).map(([question]) => question)

  test.each(questions)('with Ctrl-C at "%s", it leaves nothing', async (last) => {
    const steps = stepsWith(await mainnet())
    const prefix = join(bench.folder, 'root')
    const terminal = wizard('--prefix', prefix)
    const at = steps.findIndex(([question]) => question === last)
    await answer(terminal, [...steps.slice(0, at), [last, ctrlC]])
    expect(await terminal.exit).toBe(EXIT.interrupted)
    expect(terminal.text).toContain('setup was broken off; nothing was written')
    expect(bench.files()).toEqual([])
    expect(textIn(join(prefix, UNIT))).toBeUndefined()
  })

  test('with Ctrl-D it leaves nothing', async () => {
    const terminal = wizard('--no-install')
    await answer(terminal, [['Which key bakes?', ctrlD]])
    expect(await terminal.exit).toBe(EXIT.interrupted)
    expect(bench.files()).toEqual([])
  })

  test('with no at the last question it leaves nothing', async () => {
    const refused = wizard('--no-install', '--no-node', '--key', '3', '--chain', 'mainnet', '--level', '5')
    await answer(refused, [
      ['Which operations', enter],
      ['Must requests', enter],
      ['Is every other', `y${enter}`],
      ['Do it now?', `n${enter}`],
    ])
    expect(await refused.exit).toBe(EXIT.interrupted)
    expect(bench.files()).toEqual([])
  })

  test('because another signer still runs, it leaves nothing', async () => {
    const terminal = wizard('--no-install', '--no-node', '--key', '3', '--chain', 'mainnet', '--operations')
    await answer(terminal, [
      ['Must requests', enter],
      ['Is every other', enter], // no is what is suggested
    ])
    expect(await terminal.exit).toBe(EXIT.refused)
    expect(terminal.text).toMatch(/stop the other signers/)
    expect(bench.files()).toEqual([])
  })
})

describe('a configuration that is there', () => {
  const OWN = `policy: {signing_keys: {${ADDRESS.tz3}: {allowed_ops: [0x11]}}}\n`
  const options = [
    '--no-install',
    '--no-node',
    '--no-authenticate',
    '--key',
    '3',
    '--chain',
    'mainnet',
    '--operations',
    'reveal',
  ]
  const level: readonly Step[] = [
    ['Is every other', `y${enter}`],
    ['Start from which level?', `700${enter}`],
    ['Do it now?', enter],
  ]

  test('is kept and used as it is; a level of one chain is set for no other', async () => {
    const kept = `chains: [mainnet, ghostnet]\n${OWN}`
    writeFileSync(bench.config, kept)
    const terminal = wizard(...options)
    await answer(terminal, [['What becomes of it?', enter], ...level])
    expect(await terminal.exit).toBe(EXIT.ok)
    expect(textIn(bench.config)).toBe(kept)
    const marks = [...MarksJournal.read(bench.stateDir).marks.values()]
    expect(marks.map(({ chain, kind, level }) => [chainName(chain), kind, level])).toEqual([
      ['mainnet', 'block', 700],
    ])
    expect(terminal.text).toContain(`marks seed --key ${ADDRESS.tz3} --chain ghostnet --level LEVEL`)
  })

  test('gets the new one beside it, and nothing else is made', async () => {
    writeFileSync(bench.config, OWN)
    const terminal = wizard(...options)
    await answer(terminal, [
      ['What becomes of it?', `${down}${enter}`],
      ['Do it now?', enter],
    ])
    expect(await terminal.exit).toBe(EXIT.ok)
    expect(textIn(bench.config)).toBe(OWN)
    expect(textIn(`${bench.config}.new`)).toContain('allow: [block, preattestation, attestation, reveal]')
    expect(bench.files()).toEqual(['config.yaml', 'config.yaml.new'])
  })

  test('that would be refused cannot be kept, and is replaced with a backup', async () => {
    writeFileSync(bench.config, 'polcy: {}\n')
    const terminal = wizard(...options)
    await answer(terminal, [
      ['did you mean "policy"?', ''],
      ['What becomes of it?', `${down}${enter}`], // to keep it is not among the choices
      ...level,
    ])
    expect(await terminal.exit).toBe(EXIT.ok)
    expect(loadConfig(bench.config).keys).toHaveLength(1)
    expect(bench.files().filter((name) => name.endsWith('.bak'))).toHaveLength(1)
  })
})

test('a board that is not there can be plugged in, or another port be named', async () => {
  const none = join(bench.folder, 'none')
  const terminal = wizard('--port', none, '--no-node', '--no-install')
  await answer(terminal, [
    [`${none} does not exist`, ''],
    ['What now?', enter],
    [`${none} does not exist`, ''],
    ['What now?', `${down}${enter}`],
    ['Path of the port', `${bench.port.path}${enter}`],
    ['Which key bakes?', ctrlC],
  ])
  expect(await terminal.exit).toBe(EXIT.interrupted)
})
