#!/usr/bin/env node
import { processOutput } from './output.js'
import { runCli } from './program.js'

// State, sockets and transcripts are for this user alone, from the moment they are made.
process.umask(0o077)
process.exitCode = await runCli(process.argv.slice(2), processOutput)
