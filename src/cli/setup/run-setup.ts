import { UsageError } from '../exit-code.js'
import { json, type Output } from '../output.js'
import { askedAnswers } from './asked-answers.js'
import { givenAnswers } from './given-answers.js'
import { packagedInstaller } from './install-files.js'
import { report } from './report.js'
import type { SetupOptions } from './setup-options.js'
import { setup } from './setup.js'

/** Sets up with the answers of the person at this terminal, or of the command line. Throws a UsageError without either. */
export async function runSetup(options: SetupOptions, { out, err }: Output): Promise<void> {
  if (options.json === true && options.yes !== true) throw new UsageError('--json goes with --yes')
  if (options.yes !== true && !(process.stdin.isTTY && process.stdout.isTTY)) {
    throw new UsageError(
      'this is not a terminal, so nothing can be asked: give --yes, and the answers as options (tezio-bridge setup --help)',
    )
  }
  const isSpoken = options.json !== true
  const warnings: string[] = []
  const result = await setup({
    options,
    answers: options.yes === true ? givenAnswers : askedAnswers,
    say: (paragraph) => {
      if (isSpoken) out(`\n${paragraph}\n`)
    },
    warn: (sentence) => {
      warnings.push(sentence)
      if (isSpoken) err(`\nWARNING: ${sentence}\n`)
    },
    now: () => new Date(),
    installer: packagedInstaller(),
  })
  if (!isSpoken) out(json(report(result, warnings)))
}
