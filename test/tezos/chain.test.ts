import fc from 'fast-check'
import { expect, test } from 'vitest'
import { CHAIN_NAMES, chainName, encodeChainId, parseChainId } from '../../src/tezos/index.js'
import { hex, payloadVectors } from './golden-data.js'

test('mainnet is 7a06a770 and NetXdQprcVkpaWU', () => {
  expect(encodeChainId(hex('7a06a770'))).toBe('NetXdQprcVkpaWU')
  expect(parseChainId('mainnet')).toBe('NetXdQprcVkpaWU')
})

test('every name stands for an id with a right checksum, and back', () => {
  expect(CHAIN_NAMES).toEqual(['mainnet', 'ghostnet', 'shadownet'])
  for (const name of CHAIN_NAMES) {
    const id = parseChainId(name)
    if (id === undefined) throw new Error(`no id for ${name}`)
    expect(parseChainId(String(id))).toBe(id)
    expect(chainName(id)).toBe(name)
  }
})

test('a chain without a name is named by its id', () => {
  const id = encodeChainId(hex('00000000'))
  expect(chainName(id)).toBe(id)
})

test('the ids of recorded payloads are those in their bytes', () => {
  for (const { hex: text, chain_id: chainId } of payloadVectors) {
    if (chainId !== undefined) expect(encodeChainId(hex(text).subarray(1, 5))).toBe(chainId)
  }
})

test('any four bytes make an id that is read back', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 4, maxLength: 4 }), (bytes) => {
      const id = encodeChainId(bytes)
      expect(parseChainId(String(id))).toBe(id)
    }),
  )
})

test('a wrong checksum, another form, a name of an object’s own and other text are no chain', () => {
  const texts = [
    'NetXdQprcVkpaWV',
    'Mainnet',
    'toString',
    '__proto__',
    '',
    'tz1e42w8ZaGAbM3gucbBy8iRypdbnqUj7oWY',
  ]
  for (const text of texts) expect(parseChainId(text)).toBeUndefined()
})
