#!/usr/bin/env node
import { processOutput } from './output.js'
import type * as Program from './program.js'
import { systemErrorCode } from '../system-error.js'

// The program takes a moment to load. A reload that is asked for meanwhile must not end it: `serve` reads its file later.
if (process.argv.includes('serve')) process.on('SIGHUP', () => undefined)
// State, sockets and transcripts are for this user alone, from the moment they are made.
process.umask(0o077)
// `tezio-bridge marks show | head`: the reader has what it wanted. The daemon's log does not go this way.
process.stdout.on('error', (error) => {
  if (systemErrorCode(error) !== 'EPIPE') throw error
  process.exit()
})
// The build puts all that every `serve` needs into one file behind this entry, which is read and compiled much sooner than hundreds.
const program: string = process.argv[2] === 'serve' ? './daemon.js' : './program.js'
const { runCli } = (await import(program)) as typeof Program
process.exitCode = await runCli(process.argv.slice(2), processOutput)
