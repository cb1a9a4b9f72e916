import { getAddress, toBeHex } from 'ethers'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseEthPolicy } from '../../hw-sim/index.js'
import { checksummed } from '../../hw-sim/eth-address.js'
import { hex } from './bench.js'
import { POLICY, POLICY_TEXT } from './eth-bench.js'

const FILE = '/etc/tezio/eth-policy.json'
const written = JSON.parse(POLICY_TEXT) as Record<string, unknown>
const parse = (change: Record<string, unknown>) =>
  parseEthPolicy(JSON.stringify({ ...written, ...change }), FILE)

describe('an Ethereum policy', () => {
  it('is read as it is written', () => {
    expect(POLICY).toEqual({
      chainIds: [1n],
      domainSeparators: [hex('3db619b4b82f281b453aa44eb238ab66bb5ff5ba5cbf98e95786138d2294e103')],
      messagePrefixes: [new TextEncoder().encode('Some data')],
      destinations: [hex('35'.repeat(20))],
      maxWei: 10n ** 18n,
      maxFeeWei: 21_000n * 100n * 10n ** 9n,
    })
  })

  it('may allow nothing in a list, and as much as fits', () => {
    const most = parse({
      chain_ids: Array.from({ length: 16 }, (_, at) => String(2n ** 64n - 1n - BigInt(at))),
      message_prefixes: ['x'.repeat(64)],
      domain_separators: [],
      max_wei: String(2n ** 256n - 1n),
      max_fee_wei: '0',
    })
    expect([most.chainIds.length, most.domainSeparators, most.maxFeeWei]).toEqual([16, [], 0n])
  })

  it.each([
    ['an entry there is not', { owner: 'me' }, /Unrecognized key: "owner"/],
    ['a missing list', { destinations: undefined }, /destinations: expected a list/],
    ['a text in place of a list', { destinations: '0x' + '35'.repeat(20) }, /destinations: expected a list/],
    ['17 chains', { chain_ids: Array.from({ length: 17 }, (_, at) => `${at + 1}`) }, /at most 16 entries/],
    ['chain 0', { chain_ids: ['0'] }, /chain_ids.0: expected 1 to 18446744073709551615/],
    ['a chain of 65 bits', { chain_ids: [String(2n ** 64n)] }, /chain_ids.0: expected 1 to/],
    ['a number that is none in JSON', { max_wei: 1e18 }, /max_wei: expected a decimal number as a string/],
    ['a number in hex', { max_wei: '0x10' }, /max_wei: expected a decimal number/],
    ['a number with a leading zero', { max_fee_wei: '01' }, /max_fee_wei: expected a decimal number/],
    ['a negative number', { max_wei: '-1' }, /max_wei: expected a decimal number/],
    ['a number of 257 bits', { max_wei: String(2n ** 256n) }, /max_wei: expected 0 to/],
    ['a separator of 31 bytes', { domain_separators: ['0x' + '00'.repeat(31)] }, /0: expected 32 bytes/],
    ['a separator without 0x', { domain_separators: ['00'.repeat(32)] }, /expected 32 bytes as 0x and hex/],
    ['an empty prefix', { message_prefixes: [''] }, /message_prefixes.0: expected 1 to 64 bytes/],
    ['a prefix of 65 bytes', { message_prefixes: ['é'.repeat(32) + 'x'] }, /expected 1 to 64 bytes/],
    ['the zero address', { destinations: ['0x' + '00'.repeat(20)] }, /destinations.0: expected an address/],
    ['an address of 19 bytes', { destinations: ['0x' + '35'.repeat(19)] }, /expected an address/],
    [
      'a wrong checksum',
      { destinations: ['0x9D8A62f656a8d1615C1294fd71e9CFb3E4855A4F'] },
      /destinations.0: expected an address.*EIP-55/,
    ],
  ])('is refused with %s, and the entry is named', (_name, change, message) => {
    expect(() => parse(change)).toThrow(message)
    expect(() => parse(change)).toThrow(FILE)
  })

  it.each(['', '[]', 'null', '"x"', '{'])('is refused when its file holds %s', (text) => {
    expect(() => parseEthPolicy(text, FILE)).toThrow(FILE)
  })

  it('takes every address as ethers writes it, and in lower case', () => {
    fc.assert(
      fc.property(fc.bigInt(1n, 2n ** 160n - 1n), (number) => {
        const address = getAddress(toBeHex(number, 20))
        expect(checksummed(hex(address.slice(2)))).toBe(address)
        for (const text of [address, address.toLowerCase()]) {
          expect(parse({ destinations: [text] }).destinations).toEqual([hex(address.slice(2))])
        }
      }),
    )
  })
})
