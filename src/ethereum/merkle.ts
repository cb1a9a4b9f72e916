import { ethAddressBytes, type EthAddress } from './address.js'
import { bigEndian, concatBytes } from './bytes.js'
import { keccak256 } from './keccak.js'

/** How a distribution makes the leaf of a claim. */
export const LEAF_SCHEMES = ['gitcoin-v1', 'uniswap-v1', 'oz-standard'] as const

/** The name of such a way. */
export type LeafScheme = (typeof LEAF_SCHEMES)[number]

/** What a leaf can cover. `id` is the number of a user, or the index in Uniswap's distribution; `amount` is wei. */
export type LeafFacts = { readonly id: bigint; readonly address: EthAddress; readonly amount: bigint }

const LEAVES: Readonly<Record<LeafScheme, (facts: LeafFacts) => Uint8Array>> = {
  // TokenDistributor of Gitcoin: keccak256(keccak256(abi.encodePacked(uint32 user_id, uint256 amount)))
  'gitcoin-v1': ({ id, amount }) => keccak256(keccak256(concatBytes(bigEndian(id, 4), word(amount)))),
  // MerkleDistributor of Uniswap: keccak256(abi.encodePacked(uint256 index, address account, uint256 amount))
  'uniswap-v1': ({ id, address, amount }) =>
    keccak256(concatBytes(word(id), ethAddressBytes(address), word(amount))),
  // StandardMerkleTree of OpenZeppelin over ["address", "uint256"]
  'oz-standard': ({ address, amount }) =>
    keccak256(keccak256(concatBytes(new Uint8Array(12), ethAddressBytes(address), word(amount)))),
}

/** The leaf of a claim. The leaf of `gitcoin-v1` does not cover the address, the one of `oz-standard` not the id. */
export function leafOf(scheme: LeafScheme, facts: LeafFacts): Uint8Array {
  return LEAVES[scheme](facts)
}

/** The parent of two nodes: the smaller one is hashed first (OpenZeppelin's sorted pairs). */
export function parentOf(one: Uint8Array, other: Uint8Array): Uint8Array {
  return keccak256(Buffer.compare(one, other) <= 0 ? concatBytes(one, other) : concatBytes(other, one))
}

/** Whether a leaf and the nodes beside its way up reach a root. */
export function proofReaches(leaf: Uint8Array, proof: readonly Uint8Array[], root: Uint8Array): boolean {
  return Buffer.from(proof.reduce(parentOf, leaf)).equals(root)
}

function word(value: bigint): Uint8Array {
  return bigEndian(value, 32)
}
