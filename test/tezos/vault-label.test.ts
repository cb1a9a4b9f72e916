import { expect, test } from 'vitest'
import { concatBytes, fromHex, isVaultLabel, toHex, vaultLabel } from '../../src/tezos/index.js'

const vaultId = fromHex('000102030405060708090a0b0c0d0e0f')!

test('the label of a vault is one byte, the text and the id', () => {
  expect(toHex(vaultLabel(0x05, vaultId))).toBe(
    '0574657a696f2d7661756c742d7631000102030405060708090a0b0c0d0e0f',
  )
})

test('the text is found at every place from byte 1 on, also in a view of a larger buffer', () => {
  const label = vaultLabel(0x03, vaultId)
  for (let before = 0; before < 40; before += 1) {
    const payload = concatBytes(new Uint8Array(7), new Uint8Array(before), label)
    expect(isVaultLabel(payload.subarray(7))).toBe(true)
  }
  expect(isVaultLabel(label.subarray(0, 15))).toBe(true)
})

test('no part of the text is it, nor the text without a byte before it, nor what lies beside the view', () => {
  const label = vaultLabel(0x03, vaultId)
  expect(isVaultLabel(label.subarray(0, 14))).toBe(false)
  expect(isVaultLabel(label.subarray(1))).toBe(false)
  expect(isVaultLabel(concatBytes(label, label).subarray(0, 14))).toBe(false)
  expect(isVaultLabel(new Uint8Array())).toBe(false)
  expect(isVaultLabel(label.with(3, 0x00))).toBe(false)
})
