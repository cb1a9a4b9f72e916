import { UsageError } from '../exit-code.js'
import type { Answers, Question } from './answers.js'

/** Answers without a person: what is safe unasked, else a UsageError that names the option. */
export const givenAnswers: Answers = {
  isAsked: false,
  choose: (question) => settled(question),
  chooseSome: (question) => settled(question),
  confirm: (question) => settled(question),
  text: async (question) => {
    const reading = question.read(await settled(question))
    if ('value' in reading) return reading.value
    throw new UsageError(`${question.option}: ${reading.problem}`)
  },
}

function settled<Value>({ message, option, unasked }: Question<Value>): Promise<Value> {
  return unasked === undefined
    ? Promise.reject(new UsageError(`with --yes nothing is asked, so ${option} is needed (${message})`))
    : Promise.resolve(unasked)
}
