#!/usr/bin/env node
import { createRequire } from 'node:module'
import { processOutput } from './output.js'
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
// Three hundred files. `require` reads them one after the other where `import` goes through the event loop and the thread
// pool for each: that is a quarter of the time until the daemon signs. Both give the same modules.
// Node 22.0 to 22.11 cannot do it.
if (process.features.require_module) {
  const load = createRequire(import.meta.url)
  if (process.argv[2] === 'serve') load('./serve.js')
  load('./program.js')
}
const { runCli } = await import('./program.js')
process.exitCode = await runCli(process.argv.slice(2), processOutput)
