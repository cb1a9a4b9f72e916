/** One thing that setup has to know. */
export type Question<Value> = {
  readonly message: string
  /** How it is answered on the command line, for the message of whoever may not ask. */
  readonly option: string
  /** What a person is shown as the likely answer. */
  readonly suggested?: Value | undefined
  /** The answer where nobody is asked; without one the option is needed, because no answer is safe. */
  readonly unasked?: Value | undefined
}

export type Choice<Value> = {
  readonly value: Value
  readonly name: string
  /** More words, shown while the choice stands under the cursor. */
  readonly description?: string
}

/** A text as its reader understands it, or why it does not. */
export type Reading<Value> = { readonly value: Value } | { readonly problem: string }

/** Where setup's answers come from: a person at a terminal, or the command line alone. */
export type Answers = {
  /** Whether a person can be asked. */
  readonly isAsked: boolean
  readonly choose: <Value>(
    question: Question<Value> & { readonly choices: readonly Choice<Value>[] },
  ) => Promise<Value>
  readonly chooseSome: <Value>(
    question: Question<readonly Value[]> & { readonly choices: readonly Choice<Value>[] },
  ) => Promise<readonly Value[]>
  readonly confirm: (question: Question<boolean>) => Promise<boolean>
  readonly text: <Value>(
    question: Question<string> & { readonly read: (text: string) => Reading<Value> },
  ) => Promise<Value>
}
