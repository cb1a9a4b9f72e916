import { StandardMerkleTree } from '@openzeppelin/merkle-tree'
import { solidityPackedKeccak256 } from 'ethers'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { leafOf, proofReaches, toHex0x } from '../../src/ethereum/index.js'
import { address, bytes, golden } from './golden.js'

describe('a distribution', () => {
  const { claims, dist_proofs_json: distribution, merkleRoot } = golden.esms_claim

  test.each(claims)(
    'of gitcoin-v1 has the leaf of user $user_id, and its proof reaches the root',
    (claim) => {
      const facts = {
        id: BigInt(claim.user_id),
        address: address(claim.user_address),
        amount: BigInt(claim.user_amount),
      }
      const leaf = leafOf('gitcoin-v1', facts)
      expect(toHex0x(leaf)).toBe(claim.leaf)
      const proof = distribution[String(claim.user_id)]?.proof.map(bytes) ?? []
      expect(proofReaches(leaf, proof, bytes(merkleRoot))).toBe(true)
      expect(proofReaches(leaf, proof.toReversed(), bytes(merkleRoot))).toBe(false)
      expect(
        proofReaches(leafOf('gitcoin-v1', { ...facts, amount: facts.amount + 1n }), proof, bytes(merkleRoot)),
      ).toBe(false)
    },
  )

  test.each(Object.entries(golden.merkle_uniswap_three.claims))(
    'of uniswap-v1 has the leaf of %s',
    (account, claim) => {
      const leaf = leafOf('uniswap-v1', {
        ...{ id: BigInt(claim.index), address: address(account), amount: BigInt(claim.amount) },
      })
      expect(toHex0x(leaf)).toBe(claim.leaf)
      expect(proofReaches(leaf, claim.proof.map(bytes), bytes(golden.merkle_uniswap_three.merkleRoot))).toBe(
        true,
      )
    },
  )

  test('of oz-standard has the leaves and the root of OpenZeppelin', () => {
    const { values, leaves, merkleRoot: root } = golden.merkle_oz_standard
    const own = values.map(([account, amount]) =>
      leafOf('oz-standard', { id: 0n, address: address(account), amount: BigInt(amount) }),
    )
    expect(own.map(toHex0x)).toEqual(leaves)
    const [one = bytes(''), other = bytes('')] = own
    expect(proofReaches(one, [other], bytes(root))).toBe(true)
    expect(proofReaches(other, [one], bytes(root))).toBe(true)
  })

  const anyAddress = fc.uint8Array({ minLength: 20, maxLength: 20 }).map((raw) => address(toHex0x(raw)))
  const anyAmount = fc.bigInt({ min: 0n, max: 2n ** 256n - 1n })

  test('of oz-standard agrees with OpenZeppelin on trees of any size', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(anyAddress, anyAmount), { minLength: 1, maxLength: 20 }), (rows) => {
        const tree = StandardMerkleTree.of(
          rows.map(([account, amount]) => [account, String(amount)]),
          ['address', 'uint256'],
        )
        for (const [index, [account = '', amount = '']] of tree.entries()) {
          const leaf = leafOf('oz-standard', { id: 0n, address: address(account), amount: BigInt(amount) })
          expect(proofReaches(leaf, tree.getProof(index).map(bytes), bytes(tree.root))).toBe(true)
        }
      }),
      { numRuns: 20 },
    )
  })

  test('of uniswap-v1 and gitcoin-v1 has the leaves of what Solidity packs', () => {
    fc.assert(
      fc.property(anyAddress, anyAmount, fc.integer({ min: 0, max: 2 ** 32 - 1 }), (account, amount, id) => {
        const facts = { id: BigInt(id), address: account, amount }
        expect(toHex0x(leafOf('uniswap-v1', facts))).toBe(
          solidityPackedKeccak256(['uint256', 'address', 'uint256'], [id, account, amount]),
        )
        const once = solidityPackedKeccak256(['uint32', 'uint256'], [id, amount])
        expect(toHex0x(leafOf('gitcoin-v1', facts))).toBe(solidityPackedKeccak256(['bytes32'], [once]))
      }),
    )
  })
})
