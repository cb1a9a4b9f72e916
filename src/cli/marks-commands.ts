import type { Command } from 'commander'
import { raise, seed, showMarks } from './marks.js'
import { verifyMarks } from './marks-verify.js'
import { parseCount, positioned, PRINT_JSON, selected } from './options.js'
import type { Output } from './output.js'

/** `tezio-bridge marks` and what is below it. */
export function addMarks(program: Command, output: Output): void {
  const marks = program
    .command('marks')
    .description('high-water marks: what was signed last, and may never be signed again')

  marks
    .command('show')
    .description('show all marks')
    .option('--json', PRINT_JSON)
    .action((_options, command: Command) => showMarks(command.optsWithGlobals(), output))

  selected(marks.command('raise'))
    .description('raise marks (never lower them), also in a running daemon')
    .requiredOption('--level <level>', 'the new level', parseCount)
    .option('--round <round>', 'the new round', parseCount, 0)
    .option('--json', PRINT_JSON)
    .action((_options, command: Command) => raise(command.optsWithGlobals(), output))

  selected(positioned(marks.command('seed')))
    .description('set first marks for keys, chains and kinds that have none; the daemon must be stopped')
    .option('--json', PRINT_JSON)
    .action((_options, command: Command) => seed(command.optsWithGlobals(), output))

  marks
    .command('verify')
    .description('check every line of the journal and its rolled segments; reads only')
    .option('--json', PRINT_JSON)
    .action((_options, command: Command) => {
      verifyMarks(command.optsWithGlobals(), output)
    })

  marks
    .command('migrate')
    .description('make or renew the tables of marks.postgresql; run it as a role that may create them')
    .option('--url <url>', 'the database with such a role, without its password')
    .option('--passfile <file>', 'the password file of that role')
    .option('--role <role>', 'print what to GRANT to the daemon’s role, and no more than it needs')
    .option('--json', PRINT_JSON)
    .action(async (_options, command: Command) => {
      const { migrateMarks } = await import('./marks-migrate.js')
      await migrateMarks(command.optsWithGlobals(), output)
    })

  addTransfer(marks, output)
}

function addTransfer(marks: Command, output: Output): void {
  marks
    .command('export')
    .argument('<file>', 'a new file for the marks')
    .description(
      'hand the marks to another host: nothing is signed here any more; the daemon must be stopped',
    )
    .option('--json', PRINT_JSON)
    .action(async (file: string, _options, command: Command) => {
      const { exportMarks } = await import('./marks-transfer.js')
      exportMarks(file, command.optsWithGlobals(), output)
    })

  selected(marks.command('import'))
    .argument('<file...>', 'files, or a directory of them: of "marks export", octez-signer or Signatory')
    .description('raise marks to those of another signer, all or none; the daemon must be stopped')
    .option('--dry-run', 'show what would be raised')
    .option('--json', PRINT_JSON)
    .action(async (files: string[], _options, command: Command) => {
      const { importMarks } = await import('./marks-transfer.js')
      await importMarks(files, command.optsWithGlobals(), output)
    })
}
