import { Socket } from 'node:net'

// A thread beside worker.ts. The parent holds the other end of standard input, so its end is the parent's, however it
// died. Then this process may end by itself, and is killed when a call of the module keeps it from that.

const GRACE_MS = 1000

const parent = new Socket({ fd: 0, readable: true, writable: false })
parent.on('error', () => undefined)
parent.on('close', () => {
  setTimeout(() => process.kill(process.pid, 'SIGKILL'), GRACE_MS)
})
parent.resume()
