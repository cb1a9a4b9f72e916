#!/usr/bin/env node
import { simulate } from './simulate.js'

const stop = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    stop.abort()
  })
}

process.exitCode = await simulate(process.argv.slice(2), {
  print: (line) => {
    process.stdout.write(`${line}\n`)
  },
  warn: (line) => {
    process.stderr.write(`${line}\n`)
  },
  stop: stop.signal,
})
