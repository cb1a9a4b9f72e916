import { InterruptedError } from './exit-code.js'

/** How the library names, by `name` only, that it was left without an answer. */
const LEFT: readonly string[] = ['ExitPromptError', 'AbortPromptError']

/** The answer to a prompt of `@inquirer/prompts`. Ctrl-C, Ctrl-D or its end rejects with an InterruptedError of these words. */
export async function answered<Value>(
  prompt: (context: { readonly signal: AbortSignal }) => Promise<Value>,
  words: string,
): Promise<Value> {
  const left = new AbortController()
  const leave = () => {
    left.abort()
  }
  // the library waits for ever behind a Ctrl-D: readline is closed then, and tells it nothing
  const onKey = (_: unknown, key?: { readonly ctrl?: boolean; readonly name?: string }) => {
    if (key?.ctrl === true && key.name === 'd') leave()
  }
  process.stdin.on('keypress', onKey)
  process.stdin.once('end', leave)
  try {
    return await prompt({ signal: left.signal })
  } catch (error) {
    if (!(error instanceof Error && LEFT.includes(error.name))) throw error
    throw new InterruptedError(words)
  } finally {
    process.stdin.off('keypress', onKey)
    process.stdin.off('end', leave)
  }
}
