import { decodeBase58, encodeBase58 } from './base58check.js'

/** A chain id as text, `NetX...`: checked. */
export type ChainId = string & { readonly brand: 'ChainId' }

const KNOWN = {
  mainnet: 'NetXdQprcVkpaWU',
  ghostnet: 'NetXnHfVqm9iesp',
  shadownet: 'NetXsqzbfFenSTS',
} as const

/** Names of chains that a configuration may use instead of an id. */
export const CHAIN_NAMES: readonly string[] = Object.keys(KNOWN)

/** The text of a 4-byte chain id. */
export function encodeChainId(bytes: Uint8Array): ChainId {
  return encodeBase58('Net', bytes) as ChainId
}

/** A chain id from its `NetX...` text or a known name; `undefined` otherwise. */
export function parseChainId(text: string): ChainId | undefined {
  if (Object.hasOwn(KNOWN, text)) return KNOWN[text as keyof typeof KNOWN] as ChainId
  return decodeBase58(text, ['Net']) && (text as ChainId)
}

/** The name of a known chain, or its id. */
export function chainName(id: ChainId): string {
  return Object.entries(KNOWN).find(([, known]) => known === id)?.[0] ?? id
}
