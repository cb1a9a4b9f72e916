import { basename } from 'node:path'
import { MigrationError } from '../migration-error.js'

/** A word of a shell's or systemd's line, with its quotes, or what ends a command. */
const WORD = /(?:\\.|"(?:\\.|[^"\\])*"|'[^']*'|[^\s"'\\;|&<>])+|[;|&<>]+|\S/g

const NAME = /^(?:octez|tezos)-signer(?:$|[-.])/

/**
 * The words of the one octez-signer command with `launch` in a systemd unit, a script or a file that holds nothing else,
 * without the program's own name. Throws a MigrationError where there is none, or more than one, or where its words are
 * known to a shell alone.
 */
export function signerWords(text: string): readonly string[] {
  const commands = logicalLines(text).flatMap((line) => commandsOf(line))
  const launches = [...new Map(commands.map((words) => [words.join('\0'), words])).values()]
  const [words] = launches
  if (words === undefined) {
    throw new MigrationError(
      'there is no command line "octez-signer ... launch (socket|local|http|https) signer ..." in it; give its words behind --',
    )
  }
  if (launches.length > 1) {
    throw new MigrationError(
      `there are ${launches.length} command lines of octez-signer in it; give the words of the one that is meant behind --`,
    )
  }
  const foreign = words.find((word) => /[$`]|%[a-zA-Z]/.test(word))
  if (foreign === undefined) return words
  throw new MigrationError(
    'its command line has variables, which only the shell or systemd knows; give its words behind --, with their values',
  )
}

/** Words without the program's own name in front of them. */
export function withoutProgram(words: readonly string[]): readonly string[] {
  return words[0] !== undefined && NAME.test(basename(words[0])) ? words.slice(1) : words
}

/** Lines without those that are comments; one that ends with a backslash goes on. */
function logicalLines(text: string): readonly string[] {
  return text
    .replace(/\\\r?\n/g, ' ')
    .split(/\r?\n/)
    .filter((line) => !/^\s*[#;]/.test(line))
}

function commandsOf(line: string): readonly (readonly string[])[] {
  const commands: string[][] = [[]]
  for (const [part] of line.replace(/^\s*Exec\w+=[-@:+!]*/, '').matchAll(WORD)) {
    if (part.startsWith('#')) break
    if (/^[;|&<>]/.test(part)) commands.push([])
    else commands.at(-1)?.push(unquoted(part))
  }
  return commands.flatMap((words) => {
    const start = words.findIndex((word) => NAME.test(basename(word)))
    const own = start === -1 ? [] : words.slice(start + 1)
    return own.includes('launch') ? [own] : []
  })
}

function unquoted(part: string): string {
  return part.replace(/\\(.)|"((?:\\.|[^"\\])*)"|'([^']*)'/g, (_, escaped, double, single) => {
    const texts: readonly unknown[] = [escaped, single]
    const plain = texts.find((text) => typeof text === 'string')
    if (typeof plain === 'string') return plain
    return typeof double === 'string' ? double.replace(/\\(.)/g, '$1') : ''
  })
}
