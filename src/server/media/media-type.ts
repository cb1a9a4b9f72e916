import { parseAccept } from 'hono/utils/accept'

/** What octez-signer speaks, best first: the first one is taken where the client does not care. */
const MEDIA_TYPES = ['application/json', 'application/bson', 'application/octet-stream'] as const

/** One of the three encodings of the remote-signer protocol. */
export type MediaType = (typeof MEDIA_TYPES)[number]

/** What is spoken to clients that name nothing, or nothing of ours. */
export const JSON_TYPE: MediaType = 'application/json'

/**
 * The encoding that an `Accept` header asks for: of the highest q, among equals JSON before BSON before octet-stream.
 * Where it takes none of them the answer is JSON all the same: Octez shows nothing of a 406.
 */
export function mediaTypeFor(accept: string | undefined): MediaType {
  if (accept === undefined) return JSON_TYPE
  const ranges = parseAccept(accept).map(({ type, q }) => ({ type: type.toLowerCase(), q }))
  const qualityOf = (type: MediaType) =>
    [type, 'application/*', '*/*']
      .map((range) => ranges.find((one) => one.type === range)?.q)
      .find((q) => q !== undefined) ?? 0
  const rated = MEDIA_TYPES.map((type) => ({ type, q: qualityOf(type) }))
  const best = Math.max(...rated.map(({ q }) => q))
  return best > 0 ? (rated.find(({ q }) => q === best)?.type ?? JSON_TYPE) : JSON_TYPE
}

/** The encoding that a `Content-Type` header names, its parameters aside; JSON where there is none. */
export function bodyMediaType(contentType: string | undefined): MediaType | undefined {
  const named = contentType?.split(';')[0]?.trim().toLowerCase() ?? JSON_TYPE
  return MEDIA_TYPES.find((type) => type === named)
}
