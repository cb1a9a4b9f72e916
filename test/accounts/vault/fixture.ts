import { createHash } from 'node:crypto'
import { ed25519 } from '@noble/curves/ed25519.js'
import type { Kdf } from '../../../src/accounts/vault/kdf.js'
import type { VaultDevice } from '../../../src/accounts/vault/vault-device.js'
import { Vault } from '../../../src/accounts/vault/vault.js'
import { payloadDigest } from '../../../src/tezos/index.js'
import { MemoryStore } from '../memory-store.js'

/** A key derivation that takes no time; what it is made of is tested once, with the real one. */
export const QUICK: Kdf = { name: 'scrypt', n: 16, r: 8, p: 1 }

/** A passphrase of one who types. */
export const passphrase = (text = 'a long enough secret') => Buffer.from(text)

/** A device with an Ed25519 key, in software. */
export function softDevice(name = 'tezio0', secret: Uint8Array = new Uint8Array(32).fill(7)) {
  const labels: Uint8Array[] = []
  const bytes = ed25519.getPublicKey(secret)
  const device: VaultDevice = {
    name,
    publicKey: () => ({ curve: 'ed25519', bytes }),
    signLabel: (label) => {
      labels.push(label)
      return Promise.resolve({ outcome: 'signed', signature: ed25519.sign(payloadDigest(label), secret) })
    },
  }
  return { ...device, labels }
}

/** A vault of one device on a store in memory, closed; another one of the same store is a restart. */
export async function vaultBench(device: VaultDevice = softDevice(), store = new MemoryStore()) {
  const open = (devices: readonly VaultDevice[] = [device]) => new Vault({ store, devices, kdf: QUICK })
  const wanted = { kind: 'device', device: device.name, op: 3, passphrase: passphrase() } as const
  const vault = open()
  const created = await vault.create(wanted)
  return { store, vault, created, words: created.outcome === 'created' ? created.words : '', open, wanted }
}

/** What became of something: `opened` and the like, or the code of the refusal. */
export function outcomeOf(result: {
  readonly outcome: string
  readonly refusal?: { readonly code: string }
}): string {
  return result.refusal?.code ?? result.outcome
}

/** An Ed25519 signature with a nonce that is given, not derived; it verifies like any other. */
export function drawnAnew(digest: Uint8Array, secret: Uint8Array, nonce: bigint): Uint8Array {
  const { scalar, pointBytes } = ed25519.utils.getExtendedPublicKey(secret)
  const { Fn, BASE } = ed25519.Point
  const point = BASE.multiply(nonce).toBytes()
  const hash = createHash('sha512').update(point).update(pointBytes).update(digest).digest().reverse()
  const k = Fn.create(BigInt(`0x${hash.toString('hex')}`))
  return Buffer.concat([point, Fn.toBytes(Fn.add(nonce, Fn.mul(k, scalar)))])
}
