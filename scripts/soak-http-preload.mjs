import { pbkdf2 } from 'node:crypto'
import { close, open } from 'node:fs'

// Loaded into the daemon by `node --expose-gc --import` before its own program: does in its process what the soak asks
// for by messages, and answers each with `{ id, ... }`. It keeps nothing alive, and touches nothing of the daemon's.
const POOL_THREADS = 4
let burning = 0

const orders = {
  /** The daemon's memory in bytes, after a collection. */
  memory: () => {
    globalThis.gc()
    return process.memoryUsage()
  },
  /** Takes every thread of the I/O pool without using a processor: each opens a pipe, and waits for who writes to it. */
  occupy: ({ pipe }) => {
    for (let thread = 0; thread < POOL_THREADS; thread += 1) {
      open(pipe, 'r', (_error, descriptor) => close(descriptor))
    }
  },
  /** Keeps every thread of the I/O pool computing, until `rest`. */
  burn: () => {
    burning = POOL_THREADS
    for (let thread = 0; thread < POOL_THREADS; thread += 1) compute()
  },
  rest: () => {
    burning = 0
  },
}

function compute() {
  pbkdf2('', '', 20_000, 64, 'sha512', () => {
    if (burning > 0) compute()
  })
}

process.on('message', ({ id, order, ...rest }) => {
  process.send({ id, ...orders[order](rest) })
})
process.channel.unref()
