/** What is wrong in a scenario file, and where; `line` counts from 1. */
export type ScenarioProblem = { readonly line: number; readonly message: string }

/** A scenario that is refused. Its message has one line `file:line: reason` for each problem. */
export class ScenarioError extends Error {
  override readonly name = 'ScenarioError'
  readonly file: string
  readonly problems: readonly ScenarioProblem[]

  constructor(file: string, problems: readonly ScenarioProblem[]) {
    super(problems.map(({ line, message }) => `${file}:${line}: ${message}`).join('\n'))
    this.file = file
    this.problems = problems
  }
}
