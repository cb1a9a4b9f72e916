import { Help, type Command } from 'commander'
import { EXIT, type ExitCode } from './exit-code.js'
import type { HelpPage } from './help-page.js'
import { HELP_PAGES } from './help-pages.js'

const WIDTH = 78

const EXIT_TEXT: Readonly<Record<ExitCode, string>> = {
  [EXIT.ok]: 'done',
  [EXIT.failed]: 'the device does not conform, or a check failed',
  [EXIT.usage]: 'called wrongly',
  [EXIT.unavailable]: 'the board, or the daemon, does not answer',
  [EXIT.io]: 'input or output failed',
  [EXIT.refused]: 'the configuration or the state is refused',
  [EXIT.interrupted]: 'broken off, and nothing was written',
}

/** Gives the commands of these names, or all, their description, examples and exit codes below their options. */
export function addHelpPages(program: Command, names: readonly string[] = Object.keys(HELP_PAGES)): void {
  for (const name of names) {
    const command = name
      .split(' ')
      .reduce<Command | undefined>(
        (parent, word) => parent?.commands.find((child) => child.name() === word),
        program,
      )
    const page = HELP_PAGES[name]
    if (command === undefined || page === undefined)
      throw new Error(`${name} has no command, or no help page`)
    command.addHelpText('after', `\n${pageText(page)}`)
  }
  program.addHelpText(
    'after',
    '\ntezio-bridge COMMAND --help tells more, with examples. The documents are in docs/.',
  )
}

function pageText({ about, examples, exits }: HelpPage): string {
  const codes = [EXIT.ok, ...exits, EXIT.usage].sort((left, right) => left - right)
  return [
    'Description:',
    about.map((paragraph) => wrapped(paragraph, '    ')).join('\n\n'),
    '',
    'Examples:',
    ...examples.flatMap(([line, what]) => [
      `    $ ${line}`,
      ...(what === '' ? [] : [wrapped(what, '        ')]),
    ]),
    '',
    'Exit codes:',
    ...codes.map((code) => `    ${String(code).padEnd(4)}${EXIT_TEXT[code]}`),
  ].join('\n')
}

function wrapped(text: string, indent: string): string {
  const lines = new Help().boxWrap(text, WIDTH - indent.length).split('\n')
  return lines.map((line) => `${indent}${line}`).join('\n')
}
