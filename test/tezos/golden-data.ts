import { readFileSync } from 'node:fs'
import { fromHex } from '../../src/tezos/index.js'

/** One entry of `octez-payloads.json`. */
export type PayloadVector = {
  readonly name: string
  readonly hex: string
  readonly magic: string
  readonly kind: string
  readonly level: number | null
  readonly round: number | null
  readonly chain_id?: string
  readonly kinds?: readonly string[]
  readonly parses_current: boolean
  readonly pk?: string
  readonly pkh?: string
  readonly sig?: string
}

/** One exchange of `tezio-transcripts.json`. */
export type Exchange = { readonly name: string; readonly send: string; readonly body: string | null }

/** Bytes of hex that is known to be good. */
export function hex(text: string): Uint8Array {
  const bytes = fromHex(text)
  if (bytes === undefined) throw new Error(`not hex: ${text}`)
  return bytes
}

const load = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`../vectors/${name}`, import.meta.url), 'utf8'))

export const payloadVectors = load('octez-payloads.json') as readonly PayloadVector[]

const transcripts = load('tezio-transcripts.json') as {
  readonly keys: Readonly<Record<string, string>>
  readonly cases: readonly Exchange[]
}

export const exchanges = transcripts.cases

/** The secret of a key that the transcripts were recorded with, by its name there. */
export function keySecret(name: string): Uint8Array {
  return hex(transcripts.keys[name] ?? '')
}

/** The bytes of the vector whose name begins with `name`. */
export function payload(name: string): Uint8Array {
  const vector = payloadVectors.find((candidate) => candidate.name.startsWith(name))
  if (vector === undefined) throw new Error(`no vector ${name}`)
  return hex(vector.hex)
}
