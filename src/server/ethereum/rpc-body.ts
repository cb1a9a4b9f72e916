import { parseStrictJson } from '../../strict-json.js'

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** The value of a JSON text in which no object names a key twice, or what is wrong with it. */
export function readRpcBody(body: Uint8Array): { readonly value: unknown } | { readonly refused: string } {
  try {
    const read = parseStrictJson(UTF8.decode(body))
    return read.problem === undefined ? { value: read.value } : { refused: read.problem }
  } catch {
    return { refused: 'the body is not UTF-8' }
  }
}
