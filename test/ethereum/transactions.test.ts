import { computeAddress, SigningKey, Transaction } from 'ethers'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  keccak256,
  maxFee,
  parseEthPublicKey,
  readSignature,
  settleSignature,
  signatureBytes,
  signedBytes,
  toHex0x,
  unsignedBytes,
  type EthSignature,
  type UnsignedTransaction,
} from '../../src/ethereum/index.js'
import { address, bytes, golden, publicKey } from './golden.js'

const { priv, pub } = golden.keys.eip155_46
const to = address('0x3535353535353535353535353535353535353535')
const none = new Uint8Array()
const ETHER = 10n ** 18n

const signature = ({ r, s, yParity }: { r: string; s: string; yParity: 0 | 1 }): EthSignature => {
  return { r: BigInt(r), s: BigInt(s), yParity }
}

const legacy = { type: 'legacy', chainId: 1n, gasLimit: 21000n, to, value: ETHER, data: none } as const
const vectors: readonly (readonly [string, UnsignedTransaction, typeof golden.tx_eip155])[] = [
  ['EIP-155', { ...legacy, nonce: 9n, gasPrice: 20_000_000_000n }, golden.tx_eip155],
  [
    'the old transfer service, with a chain',
    { ...legacy, nonce: 0n, gasPrice: 41_000_000_000n },
    golden.tx_llmora_EIP155,
  ],
  [
    'EIP-1559',
    {
      ...{ type: 'eip1559', chainId: 1n, nonce: 7n, gasLimit: 21000n, to, value: ETHER, data: none },
      ...{ maxPriorityFeePerGas: 2_000_000_000n, maxFeePerGas: 100_000_000_000n },
    },
    golden.tx_eip1559,
  ],
]

describe('a transaction', () => {
  test.each(vectors)('has the bytes, digest, signed form and hash of the vector %s', (_, tx, vector) => {
    const unsigned = unsignedBytes(tx)
    expect(toHex0x(unsigned)).toBe(vector.unsigned)
    expect(toHex0x(keccak256(unsigned))).toBe(vector.digest)
    const signed = signedBytes(tx, signature(vector))
    expect(toHex0x(signed)).toBe(vector.raw)
    expect(toHex0x(keccak256(signed))).toBe(vector.hash)
  })

  const amount = fc.bigInt({ min: 0n, max: 2n ** 100n })
  const common = {
    chainId: fc.bigInt({ min: 1n, max: 2n ** 40n }),
    nonce: fc.bigInt({ min: 0n, max: 2n ** 53n - 1n }),
    gasLimit: fc.bigInt({ min: 0n, max: 2n ** 60n }),
    to: fc.uint8Array({ minLength: 20, maxLength: 20 }).map((raw) => address(toHex0x(raw))),
    value: amount,
    data: fc.uint8Array({ maxLength: 80 }),
  }
  const anyTransaction: fc.Arbitrary<UnsignedTransaction> = fc.oneof(
    fc.record({ type: fc.constant('legacy' as const), ...common, gasPrice: amount }),
    fc
      .record({
        type: fc.constant('eip1559' as const),
        ...common,
        maxFeePerGas: amount,
        maxPriorityFeePerGas: amount,
      })
      .map((tx) => ({ ...tx, maxFeePerGas: tx.maxFeePerGas + tx.maxPriorityFeePerGas })),
  )
  const anySecret = fc.uint8Array({ minLength: 31, maxLength: 31 }).map((low) => Uint8Array.of(1, ...low))

  test('is read by ethers as what it was, from the sender whose key signed it', () => {
    fc.assert(
      fc.property(anyTransaction, anySecret, fc.boolean(), (tx, secret, isHigh) => {
        const signer = new SigningKey(secret)
        const digest = keccak256(unsignedBytes(tx))
        const { r, s } = signer.sign(digest)
        const raw = bytes(`${r}${(isHigh ? negated(s) : s).slice(2)}`)
        const key = parseEthPublicKey(bytes(signer.publicKey))
        const settled = key && settleSignature(raw, digest, key)
        if (settled === undefined) throw new Error('not settled')
        const read = Transaction.from(toHex0x(signedBytes(tx, settled)))
        const { type, ...fields } = tx
        expect(read.from).toBe(computeAddress(signer.publicKey))
        expect(read.fromPublicKey).toBe(signer.publicKey)
        expect(read.type).toBe(type === 'legacy' ? 0 : 2)
        expect(read).toMatchObject({
          ...{ chainId: fields.chainId, gasLimit: fields.gasLimit, to: fields.to, value: fields.value },
          ...{ nonce: Number(fields.nonce), data: toHex0x(fields.data) },
        })
        expect(maxFee(tx)).toBe(read.gasLimit * (read.maxFeePerGas ?? read.gasPrice ?? 0n))
      }),
      { numRuns: 60 },
    )
  })
})

const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n
const negated = (s: string) => `0x${(ORDER - BigInt(s)).toString(16).padStart(64, '0')}`

describe('a signature', () => {
  test.each(golden.recovery)('settles as the vector says ($expect)', (vector) => {
    const raw = bytes(`${vector.r}${vector.s.slice(2)}`)
    const settled = settleSignature(raw, bytes(vector.digest), publicKey(vector.pub))
    if (vector.expect === 'reject') expect(settled).toBeUndefined()
    else {
      const { s, yParity } = vector.expect
      expect(settled).toEqual({ r: BigInt(vector.r), s: BigInt(s), yParity })
    }
  })

  const digest = bytes(golden.eip191_personal.digest)
  const own = () => new SigningKey(priv).sign(digest)

  test.each([
    ['r is nothing', `0x${'00'.repeat(32)}${own().s.slice(2)}`],
    ['s is nothing', `${own().r}${'00'.repeat(32)}`],
    ['r is the order', `0x${ORDER.toString(16)}${own().s.slice(2)}`],
    ['s is the order', `${own().r}${ORDER.toString(16)}`],
    ['a byte is missing', own().r + own().s.slice(2, -2)],
    ['r is the X of no point', `0x${'00'.repeat(31)}05${own().s.slice(2)}`],
    ['s is another one', `${own().r}${'11'.repeat(32)}`],
  ])('is none where %s', (_, raw) => {
    expect(settleSignature(bytes(raw), digest, publicKey(pub))).toBeUndefined()
  })

  test('of another digest is none', () => {
    const { r, s } = own()
    const raw = bytes(`${r}${s.slice(2)}`)
    expect(settleSignature(raw, digest, publicKey(pub))).toBeDefined()
    expect(settleSignature(raw, bytes(golden.tx_eip155.digest), publicKey(pub))).toBeUndefined()
    expect(settleSignature(raw, digest.subarray(1), publicKey(pub))).toBeUndefined()
  })

  test.each([golden.eip712_mail, golden.eip191_personal])('is written with 27 or 28 ($yParity)', (vector) => {
    const written = signatureBytes(signature(vector))
    expect(toHex0x(written)).toBe(vector.signature65)
    expect(readSignature(written)).toEqual(signature(vector))
    expect(readSignature(written.with(64, 0))).toBeUndefined()
    expect(readSignature(written.subarray(1))).toBeUndefined()
  })
})
