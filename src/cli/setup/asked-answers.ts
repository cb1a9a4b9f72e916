import { checkbox, confirm, input, select } from '@inquirer/prompts'
import { answered } from '../prompt.js'
import type { Answers, Reading } from './answers.js'

/** Answers of the person at this terminal. Ctrl-C, Ctrl-D or its end rejects with an InterruptedError. */
export const askedAnswers: Answers = {
  isAsked: true,
  choose: ({ message, choices, suggested }) =>
    answered((context) => select({ message, choices, ...standing(suggested), loop: false }, context), LEFT),
  chooseSome: ({ message, choices, suggested = [] }) => {
    const marked = choices.map((choice) => ({ ...choice, checked: suggested.includes(choice.value) }))
    return answered((context) => checkbox({ message, choices: marked, loop: false }, context), LEFT)
  },
  confirm: ({ message, suggested }) =>
    answered((context) => confirm({ message, default: suggested ?? true }, context), LEFT),
  text: async ({ message, suggested, read }) => {
    const validate = (text: string) => {
      const reading = read(text.trim())
      return 'value' in reading ? true : `please give ${reading.problem}`
    }
    const text = await answered(
      (context) => input({ message, ...standing(suggested), validate }, context),
      LEFT,
    )
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

const LEFT = 'setup was broken off; nothing was written'
