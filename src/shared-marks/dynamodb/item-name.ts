import type { MarkKey } from '../../policy/index.js'
import { parseChainId, parsePublicKeyHash, type MarkKind, type PublicKeyHash } from '../../tezos/index.js'

/** tacoinfra's remote-signer names the three kinds so, in `<kind>_<chain>_<key>` (its sigreq.py and validatesigner.py). */
const KIND_WORDS: Readonly<Record<MarkKind, string>> = {
  block: 'Baking',
  preattestation: 'Preendorsement',
  attestation: 'Endorsement',
}

const KINDS_BY_WORD = new Map<string, MarkKind>([
  [KIND_WORDS.block, 'block'],
  [KIND_WORDS.preattestation, 'preattestation'],
  [KIND_WORDS.attestation, 'attestation'],
])

const MARK_NAME = /^(?<word>[A-Z][a-z]+)_(?<chain>Net[1-9A-Za-z]+)_(?<key>tz[1-9A-Za-z]+)$/
/** No name of theirs has a slash or begins so. */
const OWN = 'tezio-bridge/'

/** An item that never exists: whoever may write it may write the others. */
export const PROBE_NAME = `${OWN}probe`

/** What an item of the table is, by its name. */
export type ItemName =
  | { readonly is: 'mark'; readonly key: MarkKey }
  | { readonly is: 'quarantine' | 'spends'; readonly key: PublicKeyHash }
  | { readonly is: 'unknown-own' | 'foreign' }

/** The name of a mark's item, the same that tacoinfra's signer gives it. */
export function markItemName({ chain, key, kind }: MarkKey): string {
  return `${KIND_WORDS[kind]}_${chain}_${key}`
}

/** The name of the item that keeps a key in quarantine. */
export function quarantineItemName(key: PublicKeyHash): string {
  return `${OWN}quarantine/${key}`
}

/** The name of the item with all that a key spent. */
export function spendsItemName(key: PublicKeyHash): string {
  return `${OWN}spends/${key}`
}

/** What a name stands for. What is neither a mark of a known kind, chain form and key form nor ours is foreign. */
export function parseItemName(name: string): ItemName {
  if (name.startsWith(OWN)) return parseOwn(name.slice(OWN.length))
  const { word = '', chain: chainText = '', key: keyText = '' } = MARK_NAME.exec(name)?.groups ?? {}
  const kind = KINDS_BY_WORD.get(word)
  const chain = parseChainId(chainText)
  const key = parsePublicKeyHash(keyText)
  if (kind === undefined || chain === undefined || key === undefined) return { is: 'foreign' }
  return { is: 'mark', key: { chain, key, kind } }
}

function parseOwn(rest: string): ItemName {
  const [what, keyText = '', ...more] = rest.split('/')
  const key = parsePublicKeyHash(keyText)
  if (key === undefined || more.length > 0) return { is: 'unknown-own' }
  return what === 'quarantine' || what === 'spends' ? { is: what, key } : { is: 'unknown-own' }
}
