import { concatBytes } from '../tezos/index.js'

/** All of a body, or `undefined` when it is longer than `maxBytes`: then the rest is not read. Rejects when it breaks off. */
export async function readBounded(
  body: ReadableStream<Uint8Array> | null,
  maxBytes: number,
): Promise<Uint8Array | undefined> {
  if (body === null) return new Uint8Array()
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of body) {
    size += chunk.length
    if (size > maxBytes) return undefined // leaving the loop cancels the stream
    chunks.push(chunk)
  }
  return concatBytes(...chunks)
}
