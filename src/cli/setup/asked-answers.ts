import { checkbox, confirm, input, select } from '@inquirer/prompts'
import { InterruptedError } from '../exit-code.js'
import type { Answers, Reading } from './answers.js'

/** Answers of the person at this terminal. Ctrl-C, Ctrl-D or its end rejects with an InterruptedError. */
export const askedAnswers: Answers = {
  isAsked: true,
  choose: ({ message, choices, suggested }) =>
    answered((context) => select({ message, choices, ...standing(suggested), loop: false }, context)),
  chooseSome: ({ message, choices, suggested = [] }) => {
    const marked = choices.map((choice) => ({ ...choice, checked: suggested.includes(choice.value) }))
    return answered((context) => checkbox({ message, choices: marked, loop: false }, context))
  },
  confirm: ({ message, suggested }) =>
    answered((context) => confirm({ message, default: suggested ?? true }, context)),
  text: async ({ message, suggested, read }) => {
    const validate = (text: string) => {
      const reading = read(text.trim())
      return 'value' in reading ? true : `please give ${reading.problem}`
    }
    const text = await answered((context) => input({ message, ...standing(suggested), validate }, context))
    return valueOf(read(text.trim()))
  },
}

/** The library takes a default of `undefined` for one. */
function standing<Value>(suggested: Value | undefined): { readonly default?: NonNullable<Value> } {
  return suggested === undefined || suggested === null ? {} : { default: suggested }
}

function valueOf<Value>(reading: Reading<Value>): Value {
  if ('value' in reading) return reading.value
  throw new Error(reading.problem) // the prompt lets no such text through
}

/** How the library names, by `name` only, that it was left without an answer. */
const LEFT: readonly string[] = ['ExitPromptError', 'AbortPromptError']

async function answered<Value>(
  prompt: (context: { readonly signal: AbortSignal }) => Promise<Value>,
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
    throw new InterruptedError('setup was broken off; nothing was written')
  } finally {
    process.stdin.off('keypress', onKey)
    process.stdin.off('end', leave)
  }
}
