import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { tezioSim } from '../../hw-sim/cli/program.js'
import { EXIT } from '../../src/cli/exit-code.js'
import { HELP_PAGES } from '../../src/cli/help-pages.js'
import { runCli } from '../../src/cli/program.js'
import { allDocuments, codeSpans, readDocument, ROOT, tableRows, type Document } from './documents.js'

type Help = { readonly commands: readonly string[]; readonly options: readonly string[] }

const documents = allDocuments()
const { scripts } = z
  .object({ scripts: z.record(z.string(), z.string()) })
  .parse(JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')))

/** What `--help` of a command offers. */
async function helpOf(program: string, path: readonly string[]): Promise<Help> {
  const lines: string[] = []
  const collect = (text: string) => {
    lines.push(...text.split('\n'))
  }
  const args = [...path, '--help']
  if (program === 'tezio-sim') {
    await tezioSim(args, { print: collect, warn: collect, stop: AbortSignal.abort() })
  } else await runCli(args, { out: collect, err: collect })
  const commandsAt = lines.indexOf('Commands:')
  const listed = commandsAt === -1 ? [] : lines.slice(commandsAt + 1)
  const others = /^Other commands: (.*)/.exec(lines.find((line) => line.startsWith('Other commands: ')) ?? '')
  const named = [...(others?.[1] ?? '').matchAll(/(\w+) \(/g)].map(([, name = '']) => name)
  return {
    commands: [...listed.flatMap((line) => /^ {2}([a-z-]+)\b/.exec(line)?.[1] ?? []), ...named],
    options: lines.flatMap((line) => /^ {2}(?:-\w, )?(--[a-z-]+)/.exec(line)?.[1] ?? []),
  }
}

/** The commands a document shows: in fenced blocks at the beginning of a line, and as inline code. */
function commandsIn({ prose, fences }: Document): readonly string[] {
  return [...fences.flatMap(({ lines }) => lines), ...codeSpans(prose)]
    .map((line) => line.trim().replace(/^\$ /, ''))
    .map((line) => line.replace(/^npx (?:--no-install )?/, ''))
    .map((line) => line.replace(/^node dist\/src\/cli\/main\.js(?=\s|$)/, 'tezio-bridge'))
    .map((line) => line.replace(/^node dist\/hw-sim\/cli\/main\.js(?=\s|$)/, 'tezio-sim'))
    .map((line) => line.split(/\s\d?[|#&>]|;|\s--(?=\s)/)[0] ?? '')
    .filter((line) => /^(?:tezio-bridge|tezio-sim|npm run)\s+(?!\.\.\.)\S/.test(line))
}

/** Why a command line is none; `undefined` for a right one. */
async function fault(line: string): Promise<string | undefined> {
  const [program = '', ...words] = line.split(/\s+/)
  if (program === 'npm') {
    const name = words.find((word, index) => index > 0 && !word.startsWith('-')) ?? ''
    return name in scripts ? undefined : `npm run ${name}: no such script`
  }
  const path: string[] = []
  let help = await helpOf(program, path)
  const known = new Set(help.options)
  for (const word of words.filter((_, index) => !words[index - 1]?.startsWith('--'))) {
    if (help.commands.length === 0 || word.startsWith('-')) continue
    if (!help.commands.includes(word)) return `${line}: no command ${word}`
    path.push(word)
    help = await helpOf(program, path)
    for (const option of help.options) known.add(option)
  }
  const options = words.filter((word) => word.startsWith('--')).map((word) => word.split('=')[0] ?? '')
  const unknown = options.find((option) => !known.has(option))
  return unknown === undefined ? undefined : `${line}: no option ${unknown}`
}

async function faultsOf(lines: readonly string[]): Promise<readonly string[]> {
  const found = await Promise.all(lines.map(fault))
  return found.filter((what) => what !== undefined)
}

test('a command, an option and a script that do not exist are found', async () => {
  const wrong = ['tezio-bridge sign', 'tezio-bridge init --height 5', 'tezio-sim --fast', 'npm run fly']
  expect(await faultsOf(wrong)).toHaveLength(wrong.length)
  expect(await faultsOf(['tezio-bridge marks raise --level 5', 'npm run demo'])).toEqual([])
})

test('the README shows commands', () => {
  expect(commandsIn(readDocument('README.md')).length).toBeGreaterThan(15)
})

describe.each(documents.filter((document) => commandsIn(document).length > 0))('$path', (document) => {
  test('every command it shows exists, with its options', async () => {
    expect(await faultsOf(commandsIn(document))).toEqual([])
  })
})

/** Every command below `tezio-bridge`, by its words. */
async function leafCommands(path: readonly string[] = []): Promise<readonly string[]> {
  const { commands } = await helpOf('tezio-bridge', path)
  const below = commands.filter((one) => one !== 'help').map((name) => [...path, name])
  const found = await Promise.all(below.map((one) => leafCommands(one)))
  const name = path.join(' ')
  return [...(path.length === 0 || GROUPS.includes(name) ? [] : [name]), ...found.flat()]
}

/** Commands that do nothing by themselves. */
const GROUPS = ['marks', 'config', 'policy', 'accounts', 'accounts vault', 'accounts api-key']

describe('the help of a command', () => {
  test('is there for every command, and for no other', async () => {
    expect(Object.keys(HELP_PAGES).toSorted()).toEqual((await leafCommands()).toSorted())
  })

  test('gives examples that are commands, of itself', async () => {
    for (const [name, { examples }] of Object.entries(HELP_PAGES)) {
      expect(examples.length).toBeGreaterThan(0)
      for (const [line] of examples) expect(line.startsWith(`tezio-bridge ${name}`), line).toBe(true)
    }
    const lines = Object.values(HELP_PAGES).flatMap(({ examples }) => examples.map(([line]) => line))
    expect(await faultsOf(lines.map((line) => line.split(/ > | -- /)[0] ?? ''))).toEqual([])
  })

  test('shows them, with what they may end with', async () => {
    let text = ''
    const collect = (more: string) => void (text += more)
    await runCli(['marks', 'import', '--help'], { out: collect, err: collect })
    expect(text).toContain('    $ tezio-bridge marks import --dry-run marks.json')
    expect(text).toContain('    78  the configuration or the state is refused')
  })
})

describe('the README', () => {
  const readme = readDocument('README.md')

  test('lists every command, and options that each one has', async () => {
    const rows = tableRows(readme, 'command').map((cells) => firstAndRest(codeSpans(cells.join(' '))))
    const leaves = await leafCommands()
    expect(rows.map(({ first }) => first).toSorted()).toEqual(
      [...leaves.map((name) => `tezio-bridge ${name}`), 'tezio-sim'].toSorted(),
    )
    const lines = rows.flatMap(({ first, rest }) =>
      rest.filter((code) => code.startsWith('--')).map((option) => `${first} ${option}`),
    )
    expect(await faultsOf(lines)).toEqual([])
  })

  test('lists the exit codes that are used', () => {
    const used: readonly number[] = Object.values(EXIT)
    expect(tableRows(readme, 'code').map(([code]) => Number(code))).toEqual(used)
  })
})

function firstAndRest([first = '', ...rest]: readonly string[]) {
  return { first, rest }
}
