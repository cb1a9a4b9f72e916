import { execFile } from 'node:child_process'
import { describe, expect, onTestFinished, test } from 'vitest'
import { ROOT } from '../docs/documents.js'
import { Terminal } from './setup/terminal.js'

/** A program that asks, and prints what it got as hex. */
const asking = (ask: string) => [
  process.execPath,
  '--input-type=module',
  '-e',
  `import { askNewPassphrase, askPassphrase } from './dist/src/cli/passphrase.js'
   import { failureOf } from './dist/src/cli/exit-code.js'
   try {
     const got = await ${ask}
     process.stdout.write('got ' + got.toString('hex') + '.')
   } catch (error) {
     const { code, message } = failureOf(error)
     process.stdout.write('ended ' + code + ' ' + message + '.')
   }`,
]
const ONE = "askPassphrase('Secret: ')"
const NEW = "askNewPassphrase('the vault')"

/** As long as a person takes at least: it is a limit on real time that is tested. */
const SLOW_MS = 550

function person(ask: string) {
  const terminal = new Terminal(asking(ask), ROOT)
  onTestFinished(() => terminal.close())
  const types = async (prompt: string, ...keys: readonly string[]) => {
    await terminal.shows(prompt)
    const shownAt = performance.now()
    for (const key of keys.slice(0, -1)) terminal.type(key)
    // a person is slow: the end of the line comes when the clock says so
    while (performance.now() - shownAt < SLOW_MS) await new Promise<void>((resolve) => setImmediate(resolve))
    terminal.type(keys.at(-1) ?? '')
  }
  const says = async (text: string) => {
    await terminal.exit
    expect(terminal.text).toContain(text)
  }
  return { terminal, types, says }
}

const hex = (text: string) => Buffer.from(text).toString('hex')

describe('a passphrase', () => {
  test('is taken from a terminal as bytes, and never shown', async () => {
    const { terminal, types, says } = person(ONE)
    await types('Secret: ', 'gruß Gott 😀', '\r')
    await says(`got ${hex('gruß Gott 😀')}.`)
    expect(terminal.text).not.toContain('gru')
  })

  test('is corrected by backspace, a whole character at a time, and by Ctrl-U; other keys add nothing', async () => {
    const { types, says } = person(ONE)
    await types('Secret: ', 'wrong\u0015ab', 'ß', '\u007f', '\u007f', '\u001b[D', '\t', 'cd', '\r')
    await says(`got ${hex('acd')}.`)
  })

  test.each([
    ['Ctrl-C', '\u0003'],
    ['Ctrl-D', '\u0004'],
  ])('is not asked for any more after %s', async (_, key) => {
    const { types, says } = person(ONE)
    await types('Secret: ', 'half', key)
    await says('ended 130 broken off; nothing was changed.')
  })

  test('that comes at once is not taken: a program typed it', async () => {
    const { terminal, says } = person(ONE)
    await terminal.shows('Secret: ')
    terminal.type('a long enough secret\r')
    await says('ended 78 it came within')
  })

  test('is not taken from a pipe', async () => {
    const [file = '', ...args] = asking(ONE)
    const said = await new Promise<string>((resolve) => {
      const child = execFile(file, args, { cwd: ROOT }, (_error, stdout, stderr) => {
        resolve(stdout + stderr)
      })
      child.stdin?.end('a long enough secret\n')
    })
    expect(said).toBe(
      'ended 78 a passphrase is typed at a terminal, and standard input is none: run this by hand.',
    )
  })
})

describe('a new passphrase', () => {
  test('is asked for twice', async () => {
    const { types, says } = person(NEW)
    await types('New passphrase for the vault: ', 'a long enough secret', '\r')
    await types('Once more: ', 'a long enough secret', '\r')
    await says(`got ${hex('a long enough secret')}.`)
  })

  test('is not taken when it was typed in two ways, nor with 11 characters, however many bytes they are', async () => {
    const differs = person(NEW)
    await differs.types('New passphrase for the vault: ', 'a long enough secret', '\r')
    await differs.types('Once more: ', 'a long enough Secret', '\r')
    await differs.says('ended 78 the two are not the same; nothing was changed.')
    const short = person(NEW)
    await short.types('New passphrase for the vault: ', 'ßßßßßßßßßßß', '\r')
    await short.says('ended 78 the passphrase has 11 characters; 12 are the fewest.')
  })
})
