import { hashMessage, TypedDataEncoder } from 'ethers'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  domainSeparator,
  encodeTypeOf,
  keccak256,
  messagePreimage,
  toHex0x,
  typedDataPreimage,
  type TypedData,
} from '../../src/ethereum/index.js'
import { golden } from './golden.js'

const mail: TypedData = {
  types: {
    EIP712Domain: [
      { name: 'name', type: 'string' },
      { name: 'version', type: 'string' },
      { name: 'chainId', type: 'uint256' },
      { name: 'verifyingContract', type: 'address' },
    ],
    Person: [
      { name: 'name', type: 'string' },
      { name: 'wallet', type: 'address' },
    ],
    Mail: [
      { name: 'from', type: 'Person' },
      { name: 'to', type: 'Person' },
      { name: 'contents', type: 'string' },
    ],
  },
  primaryType: 'Mail',
  domain: {
    name: 'Ether Mail',
    version: '1',
    chainId: 1,
    verifyingContract: '0xCcCCccccCCCCcCCCCCCcCcCccCcCCCcCcccccccC',
  },
  message: {
    from: { name: 'Cow', wallet: '0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826' },
    to: { name: 'Bob', wallet: '0xbBbBBBBbbBBBbbbBbbBbbbbBBbBbbbbBbBbbBBbB' },
    contents: 'Hello, Bob!',
  },
}

const digestOf = (data: TypedData) => toHex0x(keccak256(typedDataPreimage(data)))

const structs = Object.fromEntries(Object.entries(mail.types).filter(([name]) => name !== 'EIP712Domain'))

describe('typed data', () => {
  test('has the published digest of EIP-712, with and without its domain type', () => {
    expect(toHex0x(domainSeparator(mail.domain))).toBe(golden.eip712_mail.domainSeparator)
    expect(digestOf(mail)).toBe(golden.eip712_mail.digest)
    expect(digestOf({ ...mail, types: structs })).toBe(golden.eip712_mail.digest)
    expect(typedDataPreimage(mail)).toHaveLength(66)
  })

  test('names a struct by itself and what it refers to, in order', () => {
    expect(encodeTypeOf(structs, 'Mail')).toBe(
      'Mail(Person from,Person to,string contents)Person(string name,address wallet)',
    )
  })

  const values = {
    a: fc.bigInt({ min: 0n, max: 2n ** 256n - 1n }).map(String),
    b: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String),
    c: fc.uint8Array({ maxLength: 70 }).map(toHex0x),
    d: fc.uint8Array({ minLength: 5, maxLength: 5 }).map(toHex0x),
    e: fc.string({ unit: 'binary', maxLength: 40 }),
    f: fc.boolean(),
    g: fc.array(fc.tuple(fc.integer({ min: 0, max: 255 }), fc.integer({ min: 0, max: 255 })), {
      maxLength: 4,
    }),
    h: fc.array(fc.record({ to: fc.uint8Array({ minLength: 20, maxLength: 20 }).map(toHex0x) }), {
      maxLength: 3,
    }),
  }
  const types = {
    Row: [{ name: 'to', type: 'address' }],
    All: [
      { name: 'a', type: 'uint256' },
      { name: 'b', type: 'int64' },
      { name: 'c', type: 'bytes' },
      { name: 'd', type: 'bytes5' },
      { name: 'e', type: 'string' },
      { name: 'f', type: 'bool' },
      { name: 'g', type: 'uint8[2][]' },
      { name: 'h', type: 'Row[]' },
    ],
  }

  test('has the digest that ethers computes, whatever its values', () => {
    fc.assert(
      fc.property(fc.record(values), fc.string({ maxLength: 20 }), (message, name) => {
        const domain = { name, salt: `0x${'ab'.repeat(32)}` }
        expect(digestOf({ types, primaryType: 'All', domain, message })).toBe(
          TypedDataEncoder.hash(domain, types, message),
        )
      }),
    )
  })

  const changed = (message: object): TypedData => ({ ...mail, message: { ...mail.message, ...message } })
  const oneOf = (type: string, value: unknown): TypedData => ({
    types: { One: [{ name: 'it', type }] },
    primaryType: 'One',
    domain: { name: 'x' },
    message: { it: value },
  })

  test.each<[string, TypedData, string]>([
    ['a member that is no member', changed({ cc: 'x' }), 'Mail.cc is no member of Mail'],
    ['a struct without a member', changed({ to: { name: 'Bob' } }), 'Mail.to.wallet is missing'],
    ['a struct that is nothing', changed({ to: null }), 'Mail.to is no Person'],
    [
      'an address with a wrong checksum',
      oneOf('address', '0xCd2a3d9F938E13CD947Ec05AbC7FE734Df8DD826'),
      'One.it is no address',
    ],
    ['a number that JSON has changed', oneOf('uint256', 2 ** 53), 'One.it is no whole number'],
    ['a fraction', oneOf('uint256', 1.5), 'One.it is no whole number'],
    ['an empty text for a number', oneOf('uint256', ''), 'One.it is no whole number'],
    ['a number with a leading zero', oneOf('uint256', '007'), 'One.it is no whole number'],
    ['a number over its type', oneOf('uint8', '256'), 'One.it is 256, which is no uint8'],
    ['a negative number', oneOf('uint8', '-1'), 'One.it is -1, which is no uint8'],
    ['a number under its type', oneOf('int8', '-129'), 'which is no int8'],
    ['bytes of another size', oneOf('bytes4', '0x010203'), 'One.it has 3 bytes, and its type 4'],
    ['half a byte', oneOf('bytes', '0x1'), 'pairs of hex digits'],
    ['half a surrogate pair', oneOf('string', '\ud800'), 'One.it is no text'],
    ['a text for true', oneOf('bool', 'true'), 'neither true nor false'],
    ['an item too few', oneOf('uint8[2]', [1]), 'One.it has 1 items, and its type 2'],
    ['no list', oneOf('uint8[]', '1'), 'One.it is no list'],
    ['a type that there is not', oneOf('uint7', '1'), 'of type uint7, which types does not define'],
    ['a type that is no text of one', oneOf('uint8[', '1'), 'is no type of EIP-712'],
    ['many values', oneOf('uint8[]', Array(5000).fill(1)), 'more than 4096 values'],
    ['a domain as message', { ...mail, primaryType: 'EIP712Domain' }, 'there is no message'],
    ['an empty domain', { ...mail, types: structs, domain: {} }, 'the domain says nothing'],
    [
      'a domain with a member of its own',
      { ...mail, types: structs, domain: { name: 'x', hat: '1' } },
      'EIP712Domain.hat',
    ],
    [
      'a domain type that is not the domain',
      { ...mail, domain: { name: 'Ether Mail' } },
      'and the domain is EIP712Domain(string name)',
    ],
    [
      'a primary type that there is not',
      { ...mail, primaryType: 'toString' },
      'types does not define toString',
    ],
    [
      'two members of one name',
      {
        ...oneOf('bool', true),
        types: {
          One: [
            { name: 'it', type: 'bool' },
            { name: 'it', type: 'bool' },
          ],
        },
      },
      'One has two members it',
    ],
  ])('is refused with %s', (_, data, words) => {
    expect(() => typedDataPreimage(data)).toThrow(words)
  })

  test('that refers to itself ends at a depth', () => {
    let list: unknown[] = []
    for (let depth = 0; depth < 40; depth += 1) list = [{ next: list }]
    const data = {
      types: { Node: [{ name: 'next', type: 'Node[]' }] },
      primaryType: 'Node',
      domain: { name: 'x' },
      message: { next: list },
    }
    expect(() => typedDataPreimage(data)).toThrow('deeper than 16')
  })
})

describe('a message', () => {
  test('has the published digest', () => {
    const { message, digest } = golden.eip191_personal
    expect(toHex0x(keccak256(messagePreimage(Buffer.from(message))))).toBe(digest)
  })

  test('has the digest that ethers computes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (message) => {
        expect(toHex0x(keccak256(messagePreimage(message)))).toBe(hashMessage(message))
      }),
    )
  })
})
