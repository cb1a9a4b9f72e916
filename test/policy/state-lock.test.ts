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
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { MarksJournal } from '../../src/policy/index.js'
import { MAINNET, stateErrorOf, temporaryDirectory, TZ1, wanted } from './fixture.js'

/** Pairs of processes that are started for the race of new processes; a start costs 40 ms of a processor. */
const PAIRS = Number(process.env['LOCK_PAIRS'] ?? 20)

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
  writeFileSync(join(program, 'start.js'), START)
  writeFileSync(join(program, 'contend.js'), CONTEND)
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

/** Takes the directory as the daemon does when it starts, and holds it until it is killed. */
const START = `
import { lockState } from './policy/state-lock.js'
try {
  lockState(process.argv[2])
  process.stdout.write('owned\\n')
  process.stdin.resume()
} catch (error) {
  process.stdout.write(error.code + ' ' + error.message + '\\n')
}
`

/** Does so again and again: each line it reads is a start, or the end of the one before. */
const CONTEND = `
import { createInterface } from 'node:readline'
import { lockState } from './policy/state-lock.js'
let lock
for await (const line of createInterface({ input: process.stdin })) {
  if (line === 'end') {
    lock?.release()
    lock = undefined
    process.stdout.write('ended\\n')
    continue
  }
  try {
    lock = lockState(process.argv[2])
    process.stdout.write('owned\\n')
  } catch (error) {
    process.stdout.write(error.code + ' ' + error.message + '\\n')
  }
}
`

function start(script: string, ...args: readonly string[]): ChildProcess {
  return spawn(process.execPath, [join(program, script), ...args], { stdio: ['pipe', 'pipe', 'inherit'] })
}

/** A process that is talked to line by line. */
class Contender {
  readonly child: ChildProcess
  readonly #lines: AsyncIterator<string>

  constructor(script: string, directory: string) {
    this.child = start(script, directory)
    this.#lines = createInterface({ input: this.child.stdout! })[Symbol.asyncIterator]()
  }

  say(line: string): void {
    this.child.stdin?.write(`${line}\n`)
  }

  async hear(): Promise<string> {
    const next = await this.#lines.next()
    return next.done === true ? 'it ended' : next.value
  }

  async kill(): Promise<void> {
    const isOver = once(this.child, 'close')
    this.child.kill('SIGKILL')
    await isOver
  }
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

  test('F9 is named by its process id alone, whatever stood in the lock before', () => {
    const { directory, open } = setUp()
    writeFileSync(join(directory, 'lock'), `${'9'.repeat(40)}\n`)
    const journal = open()
    expect(stateErrorOf(open).message).toContain(`owned by process ${process.pid}; `)
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

  test('F9 of two processes that start in one moment one owns it, a thousand times', async () => {
    const { directory } = setUp()
    const pair = [new Contender('contend.js', directory), new Contender('contend.js', directory)]
    const owners = new Set<number>()
    for (let round = 0; round < 1000; round++) {
      for (const one of round % 2 === 0 ? pair : pair.toReversed()) one.say('start')
      const heard = await Promise.all(pair.map((one) => one.hear()))
      expect(heard.filter((line) => line === 'owned')).toHaveLength(1)
      const winner = heard.indexOf('owned')
      const holder = String(pair[winner]?.child.pid)
      expect(heard[1 - winner]).toMatch(new RegExp(`^state-locked .* is owned by process ${holder};`))
      owners.add(winner)
      for (const one of pair) one.say('end')
      expect(await Promise.all(pair.map((one) => one.hear()))).toEqual(['ended', 'ended'])
    }
    expect(owners.size).toBe(2) // neither was always first, so they did race
    await Promise.all(pair.map((one) => one.kill()))
  })

  test('F9 of new processes too: the next pair starts at once after kill -9 of the owner', async () => {
    const { directory } = setUp()
    for (let round = 0; round < PAIRS; round++) {
      const pair = [new Contender('start.js', directory), new Contender('start.js', directory)]
      const heard = await Promise.all(pair.map((one) => one.hear()))
      const owner = pair[heard.indexOf('owned')]
      expect(heard.filter((line) => line === 'owned')).toHaveLength(1)
      // not the name of the one before, which stands in the file until the new owner has written its own
      const refusal = heard.find((line) => line !== 'owned')
      expect(refusal).toContain(`is owned by process ${String(owner?.child.pid)};`)
      const loser = pair.find((one) => one !== owner)!
      if (loser.child.exitCode === null) await once(loser.child, 'close') // it ends of itself
      await owner?.kill()
    }
  }, 600_000)
})
