import { ControlError } from './control-error.js'

/** The most bytes the body of a control request may have. */
export const MAX_BODY_BYTES = 16_384

/**
 * The JSON in a request's body, announced or chunked; reading stops at the first byte too many. Rejects with a
 * ControlError (`body-too-large`, `malformed-request`).
 */
export async function readJson(request: Request): Promise<unknown> {
  const body: ReadableStream<Uint8Array> | null = request.body
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of body ?? []) {
    chunks.push(chunk)
    size += chunk.length
    if (size > MAX_BODY_BYTES) {
      throw new ControlError('body-too-large', `the body is larger than ${MAX_BODY_BYTES} bytes`)
    }
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'))
  } catch {
    throw new ControlError('malformed-request', 'the body is not JSON')
  }
}
