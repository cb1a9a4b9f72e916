import { readFileSync } from 'node:fs'
import { ed25519 } from '@noble/curves/ed25519.js'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { deviceKek, recoveryKek } from '../../../src/accounts/vault/kek.js'
import { kdfProblem, SCRYPT, stretch } from '../../../src/accounts/vault/kdf.js'
import { readRecoveryWords, recoveryWords } from '../../../src/accounts/vault/recovery-code.js'
import { fromHex, payloadDigest, toHex, vaultLabel } from '../../../src/tezos/index.js'
import { QUICK } from './fixture.js'

const text = z.string()
const { device_vault_kek: vector } = z
  .object({
    device_vault_kek: z.object({
      ...{ ed25519_seed: text, vault_id: text, device_data_mode3: text, blake2b256: text, signature: text },
      ...{ passphrase: text, kek: text },
      scrypt: z.object({ N: z.number(), r: z.number(), p: z.number() }),
    }),
  })
  .parse(JSON.parse(readFileSync(new URL('../../vectors/ethereum.json', import.meta.url), 'utf8')))
const hex = (text: string) => fromHex(text)!
const vaultId = hex(vector.vault_id)

describe('the key of a slot', () => {
  test('is that of the recorded one, with the real key derivation', async () => {
    const label = vaultLabel(0x05, vaultId)
    expect(toHex(label)).toBe(vector.device_data_mode3)
    expect(toHex(payloadDigest(label))).toBe(vector.blake2b256)
    const signature = ed25519.sign(payloadDigest(label), hex(vector.ed25519_seed))
    expect(toHex(signature)).toBe(vector.signature)
    const passphrase = Buffer.from(vector.passphrase)
    expect(SCRYPT).toMatchObject({ n: vector.scrypt.N, r: vector.scrypt.r, p: vector.scrypt.p })
    expect(toHex(await deviceKek({ passphrase, signature }, vaultId, SCRYPT))).toBe(vector.kek)
  })

  test('is another one for a recovery code of the very same bytes', async () => {
    const secret = new Uint8Array(32).fill(1)
    const empty = { passphrase: secret, signature: new Uint8Array() }
    const device = await deviceKek(empty, vaultId, QUICK)
    expect(device.equals(await recoveryKek(secret, vaultId, QUICK))).toBe(false)
  })
})

describe('parameters of a key derivation', () => {
  test.each([
    [{ n: 2 ** 30 }, 'N=1073741824 and r=8 needs 1048576 MiB; 512 MiB is the most'],
    [{ r: 2 ** 20 }, 'N=131072 and r=1048576 needs'],
    [{ p: 17 }, 'p=17; 16 is the most'],
    [{ n: 100_000 }, 'N=100000, which is no power of 2'],
    [{ n: 2 ** 16, r: 1 }, 'N=65536 and r=1, where N must be below 2^16'],
  ])('%j are refused by name before anything is computed', (parts, words) => {
    const kdf = { ...SCRYPT, ...parts }
    expect(kdfProblem(kdf)).toContain(words)
    expect(() => stretch(new Uint8Array(), vaultId, kdf)).toThrow(words)
  })

  test('at the bound are taken', () => {
    expect(kdfProblem(SCRYPT)).toBeUndefined()
    expect(kdfProblem({ ...SCRYPT, n: 2 ** 19, p: 16 })).toBeUndefined()
    expect(kdfProblem({ ...SCRYPT, n: 2 ** 15, r: 1 })).toBeUndefined()
  })
})

describe('the words of a recovery code', () => {
  const code = Uint8Array.from({ length: 32 }, (_, index) => index * 7)
  const words = recoveryWords(code)

  test('are 24, and read again however they are spaced and written', () => {
    expect(words.split(' ')).toHaveLength(24)
    const untidy = `  ${words.toUpperCase().replaceAll(' ', '\n  ')}\n`
    expect(readRecoveryWords(untidy)).toEqual(Buffer.from(code))
  })

  test('are not read with one missing, misspelt or exchanged', () => {
    const list = words.split(' ')
    expect(readRecoveryWords(list.slice(1).join(' '))).toBeUndefined()
    expect(readRecoveryWords(words.replace(list[3]!, 'tezos'))).toBeUndefined()
    expect(readRecoveryWords([list[1], list[0], ...list.slice(2)].join(' '))).toBeUndefined()
    expect(readRecoveryWords(list.slice(0, 12).join(' '))).toBeUndefined()
    expect(readRecoveryWords('')).toBeUndefined()
  })
})
