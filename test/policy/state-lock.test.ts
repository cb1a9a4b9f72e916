import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { MarksJournal } from '../../src/policy/index.js'
import { MAINNET, stateErrorOf, temporaryDirectory, TZ1, wanted } from './fixture.js'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

/** Where the program stands as JavaScript, for other processes to run. */
let program = ''

beforeAll(() => {
  program = mkdtempSync(join(tmpdir(), 'tezio-program-'))
  writeFileSync(join(program, 'package.json'), '{"type":"module"}')
  symlinkSync(join(ROOT, 'node_modules'), join(program, 'node_modules'))
  const compilerOptions = { target: ts.ScriptTarget.ES2023, module: ts.ModuleKind.ESNext }
  for (const name of ['system-error.ts', ...sourcesIn('policy'), ...sourcesIn('tezos')]) {
    const { outputText } = ts.transpileModule(readFileSync(join(ROOT, 'src', name), 'utf8'), {
      compilerOptions,
    })
    const target = join(program, name.replace(/\.ts$/, '.js'))
    mkdirSync(dirname(target), { recursive: true })
    writeFileSync(target, outputText)
  }
  writeFileSync(join(program, 'hold.js'), HOLD)
  writeFileSync(join(program, 'race.js'), RACE)
})

afterAll(() => {
  rmSync(program, { recursive: true, force: true })
})

function sourcesIn(folder: string): readonly string[] {
  const names = readdirSync(join(ROOT, 'src', folder)).filter((name) => /(?<!\.d)\.ts$/.test(name))
  return names.map((name) => join(folder, name))
}

const HOLD = `
import { MarksJournal } from './policy/index.js'
const journal = MarksJournal.open({ directory: process.argv[2], maxLevelGap: 'off' })
journal.reserve(JSON.parse(process.argv[3]))
process.stdout.write('owned\\n')
process.stdin.resume()
`

/** Opens and closes again and again; tells when somebody else is in there at the same time. */
const RACE = `
import { closeSync, openSync, unlinkSync } from 'node:fs'
import { MarksJournal } from './policy/index.js'
const [, , directory, marker, turns] = process.argv
let owned = 0
let together = 0
for (let tries = 0; owned < Number(turns) && tries < 1e5; tries++) {
  let journal
  try {
    journal = MarksJournal.open({ directory, maxLevelGap: 'off' })
  } catch (error) {
    if (error.code !== 'state-locked') throw error
    continue
  }
  owned++
  try {
    closeSync(openSync(marker, 'wx'))
    unlinkSync(marker)
  } catch {
    together++
  }
  journal.close()
}
process.stdout.write(JSON.stringify({ owned, together }))
`

function start(script: string, ...args: readonly string[]): ChildProcess {
  return spawn(process.execPath, [join(program, script), ...args], { stdio: ['pipe', 'pipe', 'inherit'] })
}

async function outputOf(child: ChildProcess): Promise<string> {
  let text = ''
  child.stdout?.on('data', (chunk: Buffer) => {
    text += chunk.toString()
  })
  await once(child, 'close')
  return text
}

function setUp() {
  const directory = temporaryDirectory()
  const options = { directory, maxLevelGap: 'off' } as const
  const seed = { chain: MAINNET, key: TZ1, kind: 'attestation', level: 0, round: 0 } as const
  MarksJournal.create(options, [seed])
  return { directory, open: () => MarksJournal.open(options) }
}

describe('one owner', () => {
  test('F9 a second process is refused with the holder’s name, and succeeds at once after kill -9', async () => {
    const { directory, open } = setUp()
    const holder = start('hold.js', directory, JSON.stringify(wanted(7)))
    await once(holder.stdout!, 'data')
    const refusal = {
      code: 'state-locked',
      message: `${directory} is owned by process ${String(holder.pid)}; two signers on one state are never safe`,
    }
    expect(stateErrorOf(open)).toEqual(refusal)
    expect(stateErrorOf(open)).toEqual(refusal)
    expect([...MarksJournal.read(directory).marks.values()]).toMatchObject([{ level: 7 }])
    holder.kill('SIGKILL')
    await once(holder, 'exit')
    const journal = open()
    expect(journal.marks()).toMatchObject([{ level: 7, digest: wanted(7).digest }])
    expect(journal.reserve(wanted(7, 0, 2))).toMatchObject({ denial: 'conflicts-with-mark' })
    journal.close()
  })

  test('F9 of two processes that race for it never both own it', async () => {
    const { directory } = setUp()
    const marker = join(temporaryDirectory(), 'marker')
    const racers = [1, 2].map(() => outputOf(start('race.js', directory, marker, '100')))
    for (const text of await Promise.all(racers)) {
      const { owned, together } = JSON.parse(text) as { owned: number; together: number }
      expect(together).toBe(0)
      expect(owned).toBe(100)
    }
  })
})
