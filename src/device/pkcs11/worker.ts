import { Worker } from 'node:worker_threads'
import { DeviceError } from '../device-error.js'
import type { AccountKeys } from './account-keys.js'
import type { OpenAccounts, TokenReply, TokenRequest } from './messages.js'
import { openSession, openToken, type LoginSteps, type OpenToken } from './open-token.js'

// The program of the process in which a PKCS#11 module lives. It is started by token-process.ts and by nothing else.

let token: OpenToken | undefined
let accounts: AccountKeys | undefined
let close: (() => void) | undefined

function send(reply: TokenReply): Promise<void> {
  return new Promise((resolve) => {
    process.send?.(reply, () => {
      resolve()
    })
  })
}

const login: LoginSteps = {
  begins: () => send({ kind: 'login-begins' }),
  done: () => send({ kind: 'logged-in' }),
}

async function answer(request: TokenRequest): Promise<TokenReply> {
  switch (request.kind) {
    case 'open':
      return openForKeys(request)
    case 'open-accounts':
      return openForAccounts(request)
    case 'sign':
      if (token === undefined) throw new DeviceError('device-refused', 'no token is open')
      return { kind: 'signed', signature: token.sign(request.key, request.digest) }
    default:
      if (accounts === undefined) throw new DeviceError('device-refused', 'no token is open for accounts')
      return accounts.answer(request)
  }
}

async function openForKeys(request: Extract<TokenRequest, { readonly kind: 'open' }>): Promise<TokenReply> {
  token = await openToken(request, login)
  close = token.close
  const { label, serial, keys } = token
  return { kind: 'opened', label, serial, points: keys.map(({ points }) => [...points]) }
}

/** In another process than the signing keys': what signs blocks never has a session that can write. */
async function openForAccounts(request: OpenAccounts): Promise<TokenReply> {
  const { AccountKeys } = await import('./account-keys.js')
  const opened = await openSession(request, login, 'read-write')
  accounts = new AccountKeys(opened.session)
  close = opened.close
  return { kind: 'opened', label: opened.label, serial: opened.serial, points: [] }
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
  close?.()
  process.exit(0)
})
// a terminal and systemd send these to all processes of the daemon; when this one ends is for the daemon to say
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined)
// a call that hangs keeps this thread from seeing that the parent is gone
new Worker(new URL('./parent-watch.js', import.meta.url)).unref()
