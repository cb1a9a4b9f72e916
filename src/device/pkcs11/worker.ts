import { Worker } from 'node:worker_threads'
import { DeviceError } from '../device-error.js'
import type { TokenReply, TokenRequest } from './messages.js'
import { openToken, type OpenToken } from './open-token.js'

// The program of the process in which a PKCS#11 module lives. It is started by token-process.ts and by nothing else.

let token: OpenToken | undefined

function send(reply: TokenReply): Promise<void> {
  return new Promise((resolve) => {
    process.send?.(reply, () => {
      resolve()
    })
  })
}

async function answer(request: TokenRequest): Promise<TokenReply> {
  if (request.kind === 'open') {
    const opened = await openToken(request, {
      begins: () => send({ kind: 'login-begins' }),
      done: () => send({ kind: 'logged-in' }),
    })
    token = opened
    const { label, serial, keys } = opened
    return { kind: 'opened', label, serial, points: keys.map(({ points }) => [...points]) }
  }
  if (token === undefined) throw new DeviceError('device-refused', 'no token is open')
  return { kind: 'signed', signature: token.sign(request.key, request.digest) }
}

/** What is no DeviceError is told by its class alone: nobody knows what a library writes into its errors. */
function failed(error: unknown): TokenReply {
  if (!(error instanceof DeviceError)) {
    const what = error instanceof Error ? error.name : 'something'
    return { kind: 'failed', code: 'module-failed', message: `the module threw ${what}`, sent: true }
  }
  const { code, message, sent } = error
  switch (code) {
    case 'module-failed':
    case 'token-not-found':
    case 'token-key-missing':
    case 'pin-refused':
    case 'device-lost':
    case 'device-refused':
      return { kind: 'failed', code, message, sent }
    default:
      return { kind: 'failed', code: 'device-failed', message, sent }
  }
}

process.on('message', (request: TokenRequest) => {
  void answer(request).catch(failed).then(send)
})
// the parent is gone, or wants this to end
process.on('disconnect', () => {
  token?.close()
  process.exit(0)
})
// a terminal and systemd send these to all processes of the daemon; when this one ends is for the daemon to say
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined)
// a call that hangs keeps this thread from seeing that the parent is gone
new Worker(new URL('./parent-watch.js', import.meta.url)).unref()
