import { request } from 'node:http'
import { z } from 'zod'

/**
 * Why the simulator gave no answer: none listens (`not-running`), the request was wrong (`refused`), the device
 * cannot do it now (`not-possible`), or something broke (`failed`).
 */
export type ControlClientErrorCode = 'not-running' | 'refused' | 'not-possible' | 'failed'

/** A request to the control interface that was not fulfilled. */
export class ControlClientError extends Error {
  override readonly name = 'ControlClientError'
  readonly code: ControlClientErrorCode

  constructor(code: ControlClientErrorCode, message: string, cause?: unknown) {
    super(message, { cause })
    this.code = code
  }
}

/** How long an answer may take: it comes from memory. */
const TIMEOUT_MS = 5000
const MAX_ANSWER_BYTES = 64 * 1024 * 1024

const errorSchema = z.object({ error: z.object({ code: z.string(), message: z.string() }) })

/** One request to the simulator that listens at `socketPath`: the parsed JSON answer. Rejects with a ControlClientError. */
export async function askControl(
  socketPath: string,
  method: 'GET' | 'POST' | 'DELETE',
  path: string,
  body?: unknown,
): Promise<unknown> {
  const { status, text } = await exchange(socketPath, method, path, body)
  const answer = parse(text)
  if (status === 200) return answer
  const parsed = errorSchema.safeParse(answer)
  const message = parsed.success ? parsed.data.error.message : `the simulator answered ${status}`
  throw new ControlClientError(codeOf(status), message)
}

function codeOf(status: number): ControlClientErrorCode {
  if (status === 409) return 'not-possible'
  return status >= 400 && status < 500 ? 'refused' : 'failed'
}

function exchange(socketPath: string, method: string, path: string, body: unknown) {
  return new Promise<{ readonly status: number; readonly text: string }>((resolve, reject) => {
    const fail = (error: unknown) => {
      reject(asClientError(error, socketPath))
    }
    const headers = { 'content-type': 'application/json', connection: 'close' }
    const asked = request({ socketPath, method, path, headers, timeout: TIMEOUT_MS }, (response) => {
      const chunks: Buffer[] = []
      let size = 0
      response.on('data', (chunk: Buffer) => {
        chunks.push(chunk)
        size += chunk.length
        if (size > MAX_ANSWER_BYTES) response.destroy(new Error('the simulator answers without end'))
      })
      response.on('error', fail)
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') })
      })
    })
    asked.on('timeout', () => asked.destroy(new Error('the simulator did not answer')))
    asked.on('error', fail)
    asked.end(body === undefined ? undefined : JSON.stringify(body))
  })
}

function asClientError(error: unknown, path: string): ControlClientError {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  const isNobody = code === 'ENOENT' || code === 'ECONNREFUSED'
  const reason = error instanceof Error ? error.message : 'failed'
  return isNobody
    ? new ControlClientError('not-running', `no simulator listens on ${path}`, error)
    : new ControlClientError('failed', `${path}: ${reason}`, error)
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new ControlClientError('failed', 'the simulator answered no JSON', cause)
  }
}
