import { fromHex0x, parentOf, toHex0x } from '../ethereum/index.js'
import { MAX_USER_ID, show } from './request-values.js'

/** A user's leaf, and the nodes beside its way up to the root; 32 bytes each, in lower-case hex with `0x`. */
export type Share = { readonly leaf: string; readonly proof: readonly string[] }

/** The shares of a distribution by user id, in decimal. Every one of them reaches the root. */
export type Distribution = ReadonlyMap<string, Share>

/** What comes of reading a distribution. `problem` names the first id that is wrong, and how. */
export type ReadDistribution =
  | { readonly outcome: 'read'; readonly distribution: Distribution }
  | { readonly outcome: 'wrong'; readonly problem: string }

/** A tree over all of uint32 is 32 high. */
const MAX_PROOF = 32
/** Enough for 140,000 users, whose proofs are 18 nodes long; 100,000 take 3.5 s of a processor. */
export const MAX_DISTRIBUTION_BYTES = 192 * 1024 * 1024
const NODE = /^0x[0-9a-fA-F]{64}$/
const USER_ID = /^(?:0|[1-9]\d{0,9})$/

/** Reads `{"<user id>": {"leaf": "0x..", "proof": ["0x.."]}}` and checks every proof up to the root (32 bytes). */
export function readDistribution(bytes: Uint8Array, root: Uint8Array): ReadDistribution {
  try {
    return { outcome: 'read', distribution: checked(bytes, toHex0x(root)) }
  } catch (error) {
    if (error instanceof DistributionProblem) return { outcome: 'wrong', problem: error.message }
    throw error
  }
}

class DistributionProblem extends Error {}

function checked(bytes: Uint8Array, root: string): Distribution {
  if (bytes.length > MAX_DISTRIBUTION_BYTES) {
    throw new DistributionProblem(`it has ${bytes.length} bytes; at most ${MAX_DISTRIBUTION_BYTES} are read`)
  }
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8')
  const tree = new Tree(root)
  const distribution = new Map<string, Share>()
  let strings = 0
  for (const [id, value] of Object.entries(parse(text))) {
    const share = readShare(id, value, tree)
    if (!tree.reaches(share)) {
      throw new DistributionProblem(`user ${id}: its leaf and its proof do not reach the root ${root}`)
    }
    distribution.set(id, share)
    strings += 4 + share.proof.length
  }
  if (distribution.size === 0) throw new DistributionProblem('it has no user')
  refuseRepeated(text, strings)
  return distribution
}

function parse(text: string): object {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value
  } catch (error) {
    throw new DistributionProblem(
      `it is not JSON (${error instanceof Error ? error.message : String(error)})`,
    )
  }
  throw new DistributionProblem('it is no JSON object with user ids as its names')
}

function readShare(id: string, value: unknown, tree: Tree): Share {
  if (!USER_ID.test(id) || BigInt(id) > MAX_USER_ID) {
    throw new DistributionProblem(`"${id.slice(0, 40)}" is no user id; it must be 0 to ${MAX_USER_ID}`)
  }
  const { leaf, proof, ...more } = recordOf(value, id)
  const [other] = Object.keys(more)
  if (other !== undefined) {
    throw new DistributionProblem(
      `user ${id}: "${other.slice(0, 40)}" is there beside leaf and proof; remove it`,
    )
  }
  if (!Array.isArray(proof) || proof.length > MAX_PROOF) {
    throw new DistributionProblem(`user ${id}: its proof is no list of at most ${MAX_PROOF} nodes`)
  }
  return { leaf: tree.node(leaf, id), proof: proof.map((one: unknown) => tree.node(one, id)) }
}

function recordOf(value: unknown, id: string): { readonly leaf?: unknown; readonly proof?: unknown } {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value
  throw new DistributionProblem(`user ${id}: it is no object with leaf and proof`)
}

/**
 * `JSON.parse` keeps the last of two equal names without a word. What it dropped is in the text still, and in quotes, so
 * there are more quotes then than what was read has; none of it needs an escape.
 */
function refuseRepeated(text: string, strings: number): void {
  if (text.includes('\\'))
    throw new DistributionProblem('it has an escape (\\), which no id and no node needs')
  let quotes = 0
  for (let at = text.indexOf('"'); at !== -1; at = text.indexOf('"', at + 1)) quotes += 1
  if (quotes === 2 * strings) return
  const seen = new Set<string>()
  for (const [, id = ''] of text.matchAll(/"(\d+)"\s*:/g)) {
    if (seen.has(id)) throw new DistributionProblem(`user ${id} is there twice`)
    seen.add(id)
  }
  throw new DistributionProblem('a user has leaf or proof twice')
}

/** What is known of one tree: nodes are shared by many proofs, so each text is kept, and each pair hashed, once. */
class Tree {
  readonly #root: string
  readonly #texts = new Map<string, string>()
  /** By node: the one beside it, and what they hash to. */
  readonly #parents = new Map<string, { readonly beside: string; readonly parent: string }>()

  constructor(root: string) {
    this.#root = root
  }

  /** A node's text, the same one for the same node. */
  node(value: unknown, id: string): string {
    const known = typeof value === 'string' ? this.#texts.get(value) : undefined
    if (known !== undefined) return known
    if (typeof value !== 'string' || !NODE.test(value)) {
      throw new DistributionProblem(`user ${id}: ${show(value)} is no node; a node is 0x and 64 hex digits`)
    }
    const text = this.#texts.get(value.toLowerCase()) ?? value.toLowerCase()
    this.#texts.set(text, text)
    return text
  }

  reaches({ leaf, proof }: Share): boolean {
    return proof.reduce((node, beside) => this.#parentOf(node, beside), leaf) === this.#root
  }

  #parentOf(node: string, beside: string): string {
    const known = this.#parents.get(node)
    if (known?.beside === beside) return known.parent
    const parent = this.node(toHex0x(parentOf(bytesOf(node), bytesOf(beside))), '')
    this.#parents.set(node, { beside, parent })
    return parent
  }
}

function bytesOf(node: string): Uint8Array {
  return fromHex0x(node) ?? new Uint8Array()
}
