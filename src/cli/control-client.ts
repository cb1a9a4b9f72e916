import { request } from 'node:http'
import { join } from 'node:path'
import { z } from 'zod'
import { systemErrorCode } from '../system-error.js'
import { CONTROL_SOCKET } from './control-socket.js'
import { RefusedError } from './exit-code.js'

/** How long the daemon may take to answer from memory. */
const TIMEOUT_MS = 5000
const MAX_ANSWER_BYTES = 16 * 1024 * 1024

const errorSchema = z.array(z.object({ msg: z.string() })).min(1)

/** Asks the daemon that owns `stateDir`; `undefined` when none is running. Rejects with its refusal. */
export async function askDaemon(
  stateDir: string,
  method: 'GET' | 'POST',
  path: string,
  body?: unknown,
  timeoutMs: number = TIMEOUT_MS,
): Promise<unknown> {
  const answer = await exchange(join(stateDir, CONTROL_SOCKET), { method, path, body, timeoutMs })
  if (answer === undefined) return undefined
  const value: unknown = JSON.parse(answer.text)
  if (answer.status === 200) return value
  const parsed = errorSchema.safeParse(value)
  throw new RefusedError(
    parsed.success ? (parsed.data[0]?.msg ?? '') : `the daemon answered ${answer.status}`,
  )
}

type Question = {
  readonly method: string
  readonly path: string
  /** Bytes go out as they are, anything else as JSON. */
  readonly body: unknown
  readonly timeoutMs: number
}

function exchange(socketPath: string, { method, path, body, timeoutMs }: Question) {
  return new Promise<{ readonly status: number; readonly text: string } | undefined>((resolve, reject) => {
    const type = body instanceof Uint8Array ? 'application/octet-stream' : 'application/json'
    const headers = { 'content-type': type }
    const asked = request({ socketPath, method, path, headers, timeout: timeoutMs }, (response) => {
      const chunks: Buffer[] = []
      let size = 0
      response.on('data', (chunk: Buffer) => {
        size += chunk.length
        if (size > MAX_ANSWER_BYTES) response.destroy(new Error('the daemon answered without end'))
        else chunks.push(chunk)
      })
      response.on('error', reject)
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') })
      })
    })
    asked.on('timeout', () => asked.destroy(new Error('the daemon did not answer')))
    asked.on('error', (error) => {
      // no socket file, or one that a killed daemon left behind: nobody is there
      if (['ENOENT', 'ECONNREFUSED'].includes(systemErrorCode(error) ?? '')) resolve(undefined)
      else reject(error)
    })
    asked.end(body === undefined || body instanceof Uint8Array ? body : JSON.stringify(body))
  })
}
