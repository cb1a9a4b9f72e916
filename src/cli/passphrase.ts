import { timingSafeEqual } from 'node:crypto'
import type { ReadStream } from 'node:tty'
import { InterruptedError, RefusedError, UsageError } from './exit-code.js'
import type { Output } from './output.js'

/** No person types a passphrase faster, from the prompt to the end of the line, in ms. */
const FASTEST_MS = 500
/** Characters of the shortest new one. */
export const SHORTEST = 12
const LONGEST_BYTES = 1024

const KEY = {
  ...{ ctrlC: 0x03, ctrlD: 0x04, backspace: 0x08, lineFeed: 0x0a, enter: 0x0d },
  ...{ ctrlU: 0x15, escape: 0x1b, delete: 0x7f },
} as const

/** Where a person sits. */
export type PassphraseTerminal = { readonly input: ReadStream; readonly err: Output['err'] }

/**
 * What a person types at a terminal, without its being shown, as bytes for the caller to wipe. It never is a text, which
 * could not be wiped; what Node itself read into its buffers before is wiped as far as it hands them out. Rejects with a
 * RefusedError where there is no terminal, or nobody types so fast; with an InterruptedError on Ctrl-C and Ctrl-D.
 */
export async function askPassphrase(
  prompt: string,
  { input, err }: PassphraseTerminal = ownTerminal(),
): Promise<Buffer> {
  if (!input.isTTY) {
    throw new RefusedError(
      'a passphrase is typed at a terminal, and standard input is none: run this by hand',
    )
  }
  const startedAt = performance.now()
  const typed = await readLine(input, () => {
    err(prompt)
  }).finally(() => {
    err('\n')
  })
  const ms = performance.now() - startedAt
  if (ms >= FASTEST_MS) return typed
  typed.fill(0)
  const text = `it came within ${Math.round(ms)} ms, and ${FASTEST_MS} ms is the least: nobody types so fast; a passphrase that a program types is no secret of a person`
  throw new RefusedError(text)
}

/** A new passphrase, asked for twice, of 12 characters at least. For the caller to wipe. */
export async function askNewPassphrase(
  what: string,
  terminal: PassphraseTerminal = ownTerminal(),
): Promise<Buffer> {
  const first = await askPassphrase(`New passphrase for ${what}: `, terminal)
  try {
    const characters = lengthOf(first)
    if (characters < SHORTEST) {
      throw new RefusedError(`the passphrase has ${characters} characters; ${SHORTEST} are the fewest`)
    }
    const second = await askPassphrase('Once more: ', terminal)
    const isEqual = second.length === first.length && timingSafeEqual(second, first)
    second.fill(0)
    if (!isEqual) throw new RefusedError('the two are not the same; nothing was changed')
    return first
  } catch (error) {
    first.fill(0)
    throw error
  }
}

function ownTerminal(): PassphraseTerminal {
  return {
    input: process.stdin,
    err: (text) => {
      process.stderr.write(text)
    },
  }
}

/** The bytes of one line, by a terminal that shows nothing; `ready` is called once it does not. */
async function readLine(input: ReadStream, ready: () => void): Promise<Buffer> {
  const line = new TypedLine()
  let stop: () => void = () => undefined
  try {
    return await new Promise<Buffer>((resolve, reject) => {
      const leave = () => {
        reject(new InterruptedError('broken off; nothing was changed'))
      }
      const take = (chunk: Buffer) => {
        const end = line.take(chunk)
        chunk.fill(0)
        if (end === 'left') leave()
        if (end === 'entered') resolve(line.bytes())
        if (end === 'too-long') reject(new UsageError(`the passphrase is longer than ${LONGEST_BYTES} bytes`))
      }
      stop = () => {
        input.off('data', take).off('end', leave).pause()
        input.setRawMode(false)
      }
      input.setRawMode(true)
      input.on('data', take).on('end', leave).resume()
      ready()
    })
  } finally {
    stop()
    line.wipe()
  }
}

/** A line while it is being typed. */
class TypedLine {
  readonly #bytes = Buffer.alloc(LONGEST_BYTES)
  #length = 0
  /** What was read of what an arrow, or another key without a character, sends. */
  #sequence: 'none' | 'escape' | 'control' = 'none'

  /** Takes what was typed, up to the end of the line. */
  take(chunk: Uint8Array): 'entered' | 'left' | 'too-long' | undefined {
    for (const byte of chunk) {
      if (byte === KEY.ctrlC || byte === KEY.ctrlD) return 'left'
      if (byte === KEY.enter || byte === KEY.lineFeed) return 'entered'
      if (this.#isOfSequence(byte)) continue
      if (byte === KEY.backspace || byte === KEY.delete) this.#dropLast()
      else if (byte === KEY.ctrlU) this.#length = 0
      else if (byte >= 0x20) {
        if (this.#length === LONGEST_BYTES) return 'too-long'
        this.#bytes[this.#length] = byte
        this.#length += 1
      }
    }
    return undefined
  }

  bytes(): Buffer {
    return Buffer.from(this.#bytes.subarray(0, this.#length))
  }

  wipe(): void {
    this.#bytes.fill(0)
  }

  /** Whether a byte is part of an escape sequence: ESC, then one byte, or `[` and all up to a letter or `~` (ECMA-48). */
  #isOfSequence(byte: number): boolean {
    const before = this.#sequence
    if (before === 'none') this.#sequence = byte === KEY.escape ? 'escape' : 'none'
    else if (before === 'escape') this.#sequence = byte === 0x5b || byte === 0x4f ? 'control' : 'none'
    else this.#sequence = byte >= 0x40 && byte <= 0x7e ? 'none' : 'control'
    return before !== 'none' || byte === KEY.escape
  }

  /** A character of UTF-8 is its first byte and what follows as 10xxxxxx. */
  #dropLast(): void {
    let isPart = this.#length > 0
    while (isPart) {
      this.#length -= 1
      isPart = this.#length > 0 && ((this.#bytes[this.#length] ?? 0) & 0xc0) === 0x80
    }
  }
}

function lengthOf(bytes: Uint8Array): number {
  return bytes.filter((byte) => (byte & 0xc0) !== 0x80).length
}
