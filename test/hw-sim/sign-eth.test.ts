import { hashMessage, hexlify, keccak256, recoverAddress, Transaction, TypedDataEncoder } from 'ethers'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createSimulatedTezio, type EthPolicy } from '../../hw-sim/index.js'
import { ETH_OPCODE, joinBody, MODE, OPCODE, statusName } from '../../src/device/tezio/index.js'
import { concatBytes, payloadDigest, verifySignature } from '../../src/tezos/index.js'
import { bench, hex } from './bench.js'
import { ETH_ADDRESS, ETH_KEYS, ethBench, POLICY } from './eth-bench.js'

const FORM = { eip191: 1, eip1559: 2, legacy: 3 }
const DESTINATION = '0x3535353535353535353535353535353535353535'
const OTHER = '0x3636363636363636363636363636363636363636'
const DIGEST = /^[0-9a-f]{128}$/

/** Whether a signature in hex is one of the key's, by the address that ethers recovers with one of the parities. */
function isByKey(signature: string, digest: string): boolean {
  return ['1b', '1c'].some((v) => {
    try {
      return recoverAddress(digest, `0x${signature}${v}`) === ETH_ADDRESS
    } catch {
      return false // no point has this R with this parity
    }
  })
}

const bytesOf = (text: string): Uint8Array => hex(text.slice(2))

const amount = (cap: bigint) =>
  fc.oneof(fc.bigInt(0n, cap), fc.constantFrom(cap, cap + 1n, 0n, 2n ** 255n), fc.bigInt(0n, 2n ** 80n))

/** Fields in and around what the policy allows. */
const fields = fc.record({
  type: fc.constantFrom(0, 2),
  chainId: fc.constantFrom(1n, 1n, 1n, 5n, 2n ** 53n),
  nonce: fc.nat(),
  to: fc.constantFrom(DESTINATION, DESTINATION, DESTINATION, DESTINATION, OTHER, null),
  value: amount(POLICY.maxWei),
  gasLimit: fc.oneof(fc.constant(21_000n), fc.bigInt(0n, 100_000n)),
  price: fc.oneof(fc.bigInt(0n, 10n ** 12n), fc.constantFrom(10n ** 11n, 10n ** 11n + 1n)),
  data: fc.constantFrom('0x', '0x', '0x', '0x00', '0xd0e30db0'),
  hasAccessList: fc.constantFrom(false, false, false, true),
})
type Fields = typeof fields extends fc.Arbitrary<infer Value> ? Value : never

function unsigned({ type, price, hasAccessList, ...rest }: Fields): Uint8Array {
  const prices =
    type === 0
      ? { gasPrice: price }
      : {
          maxFeePerGas: price,
          maxPriorityFeePerGas: price / 2n,
          accessList: hasAccessList ? [{ address: OTHER, storageKeys: [] }] : [],
        }
  return bytesOf(Transaction.from({ type, ...rest, ...prices }).unsignedSerialized)
}

/** The first rule of docs/firmware-eth.md that fields break. */
function expectedRefusal({ type, chainId, to, data, hasAccessList, value, gasLimit, price }: Fields) {
  if (chainId !== 1n) return 'eth-chain-not-provisioned'
  if (to === null) return 'eth-destination-missing'
  if (to !== DESTINATION) return 'eth-destination-not-provisioned'
  if (data !== '0x') return 'eth-data-not-empty'
  if (type === 2 && hasAccessList) return 'eth-access-list-not-empty'
  if (value > 10n ** 18n) return 'eth-value-above-cap'
  return gasLimit * price > 2_100_000_000_000_000n ? 'eth-fee-above-cap' : undefined
}

describe('SIGN_ETH of a transaction', () => {
  const { signEth } = ethBench()

  it('signs what the policy allows, and names the first rule that anything else breaks', () => {
    const seen = new Set<string>()
    fc.assert(
      fc.property(fields, (each) => {
        const data = unsigned(each)
        const answer = signEth(each.type === 0 ? FORM.legacy : FORM.eip1559, data)
        const expected = expectedRefusal(each)
        seen.add(expected ?? 'signed')
        if (expected === undefined) expect(isByKey(answer, keccak256(data))).toBe(true)
        else expect(answer).toBe(expected)
      }),
      { numRuns: 400 },
    )
    expect([...seen].sort()).toEqual([
      'eth-access-list-not-empty',
      'eth-chain-not-provisioned',
      'eth-data-not-empty',
      'eth-destination-missing',
      'eth-destination-not-provisioned',
      'eth-fee-above-cap',
      'eth-value-above-cap',
      'signed',
    ])
  })

  const allowed = fields.filter((each) => expectedRefusal(each) === undefined)
  const edits = fc.array(
    fc.record({
      at: fc.nat(60),
      what: fc.constantFrom<'set' | 'insert' | 'remove'>('set', 'set', 'set', 'insert', 'remove'),
      byte: fc.oneof(fc.nat(255), fc.constantFrom(0, 0x80, 0x81, 0xb8, 0xc0, 0xf8)),
    }),
    { minLength: 1, maxLength: 2 },
  )

  it('signs damaged bytes only where ethers reads an allowed transaction in them, written in this very way', () => {
    const isSigned = { sometimes: false }
    fc.assert(
      fc.property(allowed, edits, (each, changes) => {
        const bytes = [...unsigned(each)]
        for (const { at, what, byte } of changes) {
          bytes.splice(at, what === 'insert' ? 0 : 1, ...(what === 'remove' ? [] : [byte]))
        }
        const data = Uint8Array.from(bytes)
        const answer = signEth(each.type === 0 ? FORM.legacy : FORM.eip1559, data)
        if (!DIGEST.test(answer)) return
        isSigned.sometimes = true
        const read = Transaction.from(hexlify(data))
        expect(read.unsignedSerialized).toBe(hexlify(data))
        expect([read.chainId, read.to, read.data]).toEqual([1n, DESTINATION, '0x'])
        expect(read.accessList ?? []).toEqual([])
        expect(read.value <= 10n ** 18n).toBe(true)
        const price = read.maxFeePerGas ?? read.gasPrice ?? 2n ** 256n
        expect(read.gasLimit * price <= 2_100_000_000_000_000n).toBe(true)
      }),
      { numRuns: 1000 },
    )
    expect(isSigned.sometimes).toBe(true)
  })

  it.each([
    ['a nonce of 9 bytes', { nonce: '89010000000000000000' }],
    ['a price of 17 bytes', { price: '910100000000000000000000000000000000' }],
    ['a gas limit of 9 bytes', { gas: '89010000000000000000' }],
    ['a value of 33 bytes', { value: `a101${'00'.repeat(32)}` }],
    ['a chain of 9 bytes', { chain: '89010000000000000000' }],
    ['a destination of 19 bytes', { to: `93${'35'.repeat(19)}` }],
    ['a destination of 21 bytes', { to: `95${'35'.repeat(21)}` }],
    ['a list where the nonce should be', { nonce: 'c0' }],
    ['a list where the data should be', { data: 'c0' }],
    ['a single byte in two', { nonce: '8109' }],
    ['a zero that is a byte', { value: '00' }],
    ['a string of one more zero', { r: '8100' }],
    ['an r that is there', { r: '01' }],
    ['ten items', { s: '8080' }],
    ['eight items', { s: '' }],
  ])('calls %s malformed', (_name, change) => {
    const parts = {
      ...{ nonce: '09', price: '85174876e800', gas: '825208', to: `94${'35'.repeat(20)}`, value: '80' },
      ...{ data: '80', chain: '01', r: '80', s: '80' },
    }
    const listOf = (items: Record<string, string>) => {
      const payload = Object.values(items).join('')
      const size = payload.length / 2
      return hex(`${size < 56 ? (0xc0 + size).toString(16) : `f8${size.toString(16)}`}${payload}`)
    }
    expect(signEth(FORM.legacy, listOf(parts))).toMatch(DIGEST)
    expect(signEth(FORM.legacy, listOf({ ...parts, ...change }))).toBe('eth-transaction-malformed')
  })

  it('takes a transaction of one form for none of the others', () => {
    const [legacy, typed] = ([0, 2] as const).map((type) =>
      unsigned({
        ...{ type, chainId: 1n, nonce: 1, to: DESTINATION, value: 1n, gasLimit: 21_000n, price: 1n },
        ...{ data: '0x', hasAccessList: false },
      }),
    )
    if (legacy === undefined || typed === undefined) throw new Error('two transactions')
    expect([signEth(3, legacy), signEth(2, typed)].every((answer) => DIGEST.test(answer))).toBe(true)
    expect([signEth(2, legacy), signEth(3, typed)]).toEqual(new Array(2).fill('eth-transaction-malformed'))
    expect([signEth(1, legacy), signEth(1, typed)]).toEqual(new Array(2).fill('eth-message-malformed'))
  })
})

describe('SIGN_ETH of a message', () => {
  const { signEth } = ethBench()
  const heading = new TextEncoder().encode('\u0019Ethereum Signed Message:\n')

  it('signs each message with a provisioned prefix as ethers hashes it, and no other', () => {
    fc.assert(
      fc.property(fc.constantFrom('Some data', ''), fc.string({ maxLength: 120 }), (prefix, rest) => {
        const message = new TextEncoder().encode(prefix + rest)
        const data = concatBytes(heading, new TextEncoder().encode(String(message.length)), message)
        const answer = signEth(FORM.eip191, data)
        if (`${prefix}${rest}`.startsWith('Some data')) {
          expect(isByKey(answer, hashMessage(message))).toBe(true)
        } else expect(answer).toBe('eth-prefix-not-provisioned')
      }),
    )
  })

  it.each(['', '8', '10', '09', '9 ', '-9', '0x9', '1e0'])('refuses 9 bytes that say "%s"', (length) => {
    const data = concatBytes(heading, new TextEncoder().encode(`${length}Some data`))
    expect(signEth(FORM.eip191, data)).toBe('eth-message-malformed')
  })

  it.each([
    ['nothing behind the heading', heading],
    ['a heading that differs', new TextEncoder().encode('\u0019Ethereum signed Message:\n9Some data')],
    ['half a heading', heading.slice(0, 9)],
    ['one byte', Uint8Array.of(0x19)],
    ['a contract validator, EIP-191 version 0', new Uint8Array(60).fill(0x19, 0, 1)],
  ])('refuses %s', (_name, data) => {
    expect(signEth(FORM.eip191, data)).toBe('eth-message-malformed')
  })

  it('signs typed data of a provisioned domain as ethers hashes it', () => {
    const types = { Note: [{ name: 'text', type: 'string' }] }
    const domain = { name: 'Another', chainId: 5 }
    const separators = [bytesOf(TypedDataEncoder.hashDomain(domain))]
    const other = ethBench({ ethPolicy: { ...POLICY, domainSeparators: separators } })
    const data = bytesOf(TypedDataEncoder.encode(domain, types, { text: 'hello' }))
    expect(signEth(FORM.eip191, data)).toBe('eth-domain-not-provisioned')
    const answer = other.signEth(FORM.eip191, data)
    expect(isByKey(answer, TypedDataEncoder.hash(domain, types, { text: 'hello' }))).toBe(true)
  })
})

describe('a device of profile eth', () => {
  const EMPTY: EthPolicy = {
    ...{ chainIds: [], domainSeparators: [], messagePrefixes: [], destinations: [] },
    ...{ maxWei: 0n, maxFeeWei: 0n },
  }
  const askAll = (rig: ReturnType<typeof ethBench>) => [
    rig.signEth(1, concatBytes(hex('1901'), new Uint8Array(64))),
    rig.signEth(1, new TextEncoder().encode('\u0019Ethereum Signed Message:\n1a')),
    rig.signEth(2, hex('02c98080808080808080c0')),
    rig.signEth(3, hex('c9808080808080018080')),
  ]

  it('signs nothing with a policy of empty lists', () => {
    const rig = ethBench({ ethPolicy: EMPTY })
    expect(askAll(rig)).toEqual([
      'eth-domain-not-provisioned',
      'eth-prefix-not-provisioned',
      'eth-chain-not-provisioned',
      'eth-chain-not-provisioned',
    ])
    expect(rig.device.counters.signatures).toBe(0)
  })

  it('gives a key one role: by SIGN its other keys go on, and the Ethereum key does without a policy', () => {
    const provisioned = ethBench()
    for (const mode of [MODE.defaultSignature, 1, 2, 3, 4]) {
      expect(provisioned.sign(2, hex('0344'), mode)).toEqual(hex('b0'))
    }
    const message = hex('0344')
    const { publicKey } = ETH_KEYS.p256
    expect(verifySignature(publicKey, payloadDigest(message), provisioned.sign(3, message))).toBe(true)
    const blank = bench({ keys: ETH_KEYS, profile: 'eth' })
    expect(blank.sign(2, message)).toHaveLength(64)
  })

  it.each(['stock', 'fixed'] as const)('is needed for both commands: %s knows neither', (profile) => {
    const { ask } = bench({ keys: ETH_KEYS, profile })
    for (const opcode of [ETH_OPCODE.getInfo, ETH_OPCODE.signEth]) {
      for (const data of [undefined, hex('1901')]) {
        const body = joinBody({ opcode, param1: 2, param2: 1, param3: 0, ...(data && { data }) })
        expect(statusName(ask(body)[0] ?? 0)).toBe('opcode-unknown')
      }
    }
    const options = { keys: ETH_KEYS, profile, ethPolicy: POLICY }
    expect(() => createSimulatedTezio(options)).toThrow(/needs profile eth/)
  })

  it('answers anything at all that is sent to the new commands with one frame, and signs none of it', () => {
    const rig = ethBench()
    const bodies = fc.tuple(
      fc.constantFrom(ETH_OPCODE.getInfo, ETH_OPCODE.signEth),
      fc.oneof(fc.constant(2), fc.nat(255)),
      fc.oneof(fc.constantFrom(1, 2, 3), fc.nat(255)),
      fc.constantFrom(0, 0, 0, 1, 0xffff),
      fc.oneof(
        fc.uint8Array({ maxLength: 1015 }),
        fc
          .tuple(fc.constantFrom('19', '1901', '1945', '02', '02f8', 'f8', 'f90300', 'c9'), fc.uint8Array())
          .map(([head, tail]) => concatBytes(hex(head), tail)),
      ),
    )
    fc.assert(
      fc.property(bodies, ([opcode, param1, param2, param3, data]) => {
        expect(rig.ask(joinBody({ opcode, param1, param2, param3, data }))).toHaveLength(1)
      }),
      { numRuns: 1000 },
    )
    const nested = new Uint8Array(1015).fill(0xc1)
    expect(rig.signEth(3, nested)).toBe('eth-transaction-malformed')
    expect(rig.device.counters.signatures).toBe(0)
    expect(rig.ask(joinBody({ opcode: OPCODE.getPublicKey, param1: 2, param2: 1 }))).toHaveLength(64)
  })

  it('fails by the name of what the secure element did not do', () => {
    const rig = ethBench()
    rig.device.breakSecureElement('decryption-failed')
    const text = new TextEncoder().encode('\u0019Ethereum Signed Message:\n9Some data')
    expect(rig.signEth(1, text)).toBe('decryption-failed')
    expect(rig.signEth(1, text.slice(0, -1))).toBe('eth-message-malformed')
  })
})
