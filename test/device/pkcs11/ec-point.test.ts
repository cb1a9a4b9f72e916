import { describe, expect, it } from 'vitest'
import { p256 } from '@noble/curves/nist.js'
import { publicKeyFromPoint } from '../../../src/device/pkcs11/ec-point.js'
import { concatBytes } from '../../../src/tezos/index.js'
import { transcriptKeys } from '../support.js'

const { ed25519, p256: device } = transcriptKeys()
const bare = p256.Point.fromBytes(device.publicKey.bytes).toBytes(false)
const octets = (bytes: Uint8Array) => concatBytes(Uint8Array.of(0x04, bytes.length), bytes)

describe('a CKA_EC_POINT', () => {
  it('is read with and without its DER OCTET STRING', () => {
    for (const point of [bare, octets(bare)]) {
      expect(publicKeyFromPoint('p256', point)).toEqual(device.publicKey)
    }
    for (const point of [ed25519.publicKey.bytes, octets(ed25519.publicKey.bytes)]) {
      expect(publicKeyFromPoint('ed25519', point)).toEqual(ed25519.publicKey)
    }
  })

  it('of another curve, another size or another form is no key', () => {
    const damaged = bare.with(40, bare[40]! ^ 1)
    const compressed = device.publicKey.bytes
    for (const point of [
      new Uint8Array(),
      compressed,
      octets(compressed),
      damaged,
      bare.subarray(1),
      concatBytes(bare, bare),
    ]) {
      expect(publicKeyFromPoint('p256', point)).toBeUndefined()
    }
    expect(publicKeyFromPoint('secp256k1', octets(bare))).toBeUndefined()
    expect(publicKeyFromPoint('ed25519', octets(bare))).toBeUndefined()
    expect(publicKeyFromPoint('p256', octets(ed25519.publicKey.bytes))).toBeUndefined()
    expect(publicKeyFromPoint('p256', octets(bare).with(1, 64))).toBeUndefined()
  })
})
