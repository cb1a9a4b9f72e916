import { describe, expect, test } from 'vitest'
import { readDistribution } from '../../src/eth-signer/index.js'
import { leafOf, parentOf, toHex0x } from '../../src/ethereum/index.js'
import { bytes } from '../ethereum/golden.js'
import { golden, SOMEBODY } from './fixture.js'

const ROOT = bytes(golden.esms_claim.merkleRoot)
const GOLDEN = JSON.stringify(golden.esms_claim.dist_proofs_json)
const NODE = `0x${'1'.repeat(64)}`

function read(text: string | Uint8Array, root = ROOT): string {
  const result = readDistribution(typeof text === 'string' ? Buffer.from(text) : text, root)
  return result.outcome === 'read' ? `${result.distribution.size} users` : result.problem
}

/** A distribution of some users, as another program would make it: every proof in full. */
function distributionOf(users: number): { readonly text: string; readonly root: Uint8Array } {
  const leaves = Array.from({ length: users }, (_, id) =>
    leafOf('gitcoin-v1', { id: BigInt(id), address: SOMEBODY, amount: BigInt(id) * 10n ** 18n }),
  )
  const rows: Uint8Array[][] = [leaves]
  for (let row = leaves; row.length > 1;) {
    row = pairs(row)
    rows.push(row)
  }
  const entries = leaves.map((leaf, id) => {
    const proof = rows.flatMap((row, height) => {
      const beside = row[(id >> height) ^ 1]
      return beside === undefined ? [] : [toHex0x(beside)]
    })
    return `"${id}":{"leaf":"${toHex0x(leaf)}","proof":${JSON.stringify(proof)}}`
  })
  const [root = new Uint8Array()] = rows.at(-1) ?? []
  return { text: `{${entries.join(',')}}`, root }
}

function pairs(row: readonly Uint8Array[]): Uint8Array[] {
  const above: Uint8Array[] = []
  for (let at = 0; at < row.length; at += 2) {
    const [one = new Uint8Array(), other] = row.slice(at, at + 2)
    above.push(other === undefined ? one : parentOf(one, other))
  }
  return above
}

describe('a distribution', () => {
  test('of the golden data is read, with every leaf and proof', () => {
    const result = readDistribution(Buffer.from(GOLDEN), ROOT)
    if (result.outcome === 'wrong') throw new Error(result.problem)
    expect(Object.fromEntries(result.distribution)).toEqual(golden.esms_claim.dist_proofs_json)
  })

  test.each([1, 2, 3, 1000])('of %i users is read', (users) => {
    const { text, root } = distributionOf(users)
    expect(read(text, root)).toBe(`${users} users`)
  })

  test('with upper-case hex is the same', () => {
    expect(read(GOLDEN.replace(/0x[0-9a-f]+/g, (hex) => `0x${hex.slice(2).toUpperCase()}`))).toBe('4 users')
  })

  test('of a thousand users with one wrong node, wherever it is, names the first user whose proof it is in', () => {
    const { text, root } = distributionOf(1000)
    for (const id of [0, 1, 500, 999]) {
      const own = new RegExp(`"${id}":\\{"leaf":"(0x[0-9a-f]{64})"`).exec(text)?.[1] ?? ''
      const wrong = text.replace(`"${id}":{"leaf":"${own}"`, `"${id}":{"leaf":"${NODE}"`)
      expect(read(wrong, root)).toMatch(
        new RegExp(`^user ${id}: its leaf and its proof do not reach the root 0x`),
      )
    }
    const proofs = [...text.matchAll(/"(\d+)":\{"leaf":"0x[0-9a-f]{64}","proof":\[([^\]]*)\]/g)]
    for (const [, id = '', proof = ''] of [proofs[3], proofs[700]].flatMap((one) =>
      one === undefined ? [] : [one],
    )) {
      const nodes = proof.split(',')
      for (let at = 0; at < nodes.length; at++) {
        const changed = nodes.with(at, `"${NODE}"`).join(',')
        expect(read(text.replace(`[${proof}]`, `[${changed}]`), root)).toMatch(
          new RegExp(`^user ${id}: its leaf`),
        )
      }
    }
  })

  test('with another root is of no use', () => {
    expect(read(GOLDEN, new Uint8Array(32))).toMatch(
      /^user 1: its leaf and its proof do not reach the root 0x0000/,
    )
  })

  test('with a proof that is too short, or too long by one right node, is refused', () => {
    const [first = ''] = golden.esms_claim.dist_proofs_json['1']?.proof ?? []
    expect(read(GOLDEN.replace(`"${first}",`, ''))).toMatch(/^user 1: its leaf/)
    expect(read(GOLDEN.replace(`"${first}",`, `"${first}","${first}",`))).toMatch(/^user 1: its leaf/)
  })

  test.each([
    ['nothing', '', /it is not JSON/],
    ['a list', '[]', /no JSON object/],
    ['no user', '{}', /it has no user/],
    ['half of it', GOLDEN.slice(0, 300), /it is not JSON/],
    ['an id that is no number', GOLDEN.replace('"1":', '"one":'), /^"one" is no user id/],
    ['an id with a leading zero', GOLDEN.replace('"1":', '"01":'), /^"01" is no user id/],
    [
      'an id beyond 32 bits',
      GOLDEN.replace('"4294967295":', '"4294967296":'),
      /^"4294967296" is no user id; it must be 0 to 4294967295/,
    ],
    ['a user that is no object', '{"5":null}', /^user 5: it is no object/],
    ['a user without a leaf', '{"5":{"proof":[]}}', /^user 5: nothing is no node/],
    ['a user without a proof', `{"5":{"leaf":"${NODE}"}}`, /^user 5: its proof is no list/],
    ['a user with more', `{"5":{"leaf":"${NODE}","proof":[],"x":1}}`, /^user 5: "x" is there beside/],
    ['a node that is too short', `{"5":{"leaf":"${NODE}","proof":["0x12"]}}`, /^user 5: "0x12" is no node/],
    [
      'a proof without an end',
      `{"5":{"leaf":"${NODE}","proof":[${`"${NODE}",`.repeat(32)}"${NODE}"]}}`,
      /^user 5: its proof is no list of at most 32/,
    ],
    ['a user twice', GOLDEN.replace('{', `{"42":{"leaf":"${NODE}","proof":[]},`), /^user 42 is there twice/],
    ['a leaf twice', GOLDEN.replace('{"leaf"', `{"leaf":"${NODE}","leaf"`), /leaf or proof twice/],
    ['a proof twice', GOLDEN.replace('"proof"', '"proof":[],"proof"'), /leaf or proof twice/],
    [
      'a user twice, once with an escape',
      GOLDEN.replace('{', `{"\\u0034\\u0032":{"leaf":"${NODE}","proof":[]},`),
      /it has an escape/,
    ],
  ])('%s is refused', (_, text, expected) => {
    expect(read(text)).toMatch(expected)
  })
})
