import { hkdfSync } from 'node:crypto'
import { stretch, type Kdf } from './kdf.js'

/** What makes keys of different slots different, whatever they are made of. */
const INFO = { device: 'tezio-vault-kek-v1', recovery: 'tezio-vault-recovery-kek-v1' } as const

/**
 * The key of a device's slot: HKDF-SHA-256 over what the passphrase becomes and the device's signature of the label.
 * For the caller to wipe.
 */
export async function deviceKek(
  secrets: { readonly passphrase: Uint8Array; readonly signature: Uint8Array },
  vaultId: Uint8Array,
  kdf: Kdf,
): Promise<Buffer> {
  const stretched = await stretch(secrets.passphrase, vaultId, kdf)
  const material = Buffer.concat([stretched, secrets.signature])
  stretched.fill(0)
  return derive(material, vaultId, INFO.device)
}

/** The key of a recovery slot, of the bytes that its words stand for. For the caller to wipe. */
export async function recoveryKek(code: Uint8Array, vaultId: Uint8Array, kdf: Kdf): Promise<Buffer> {
  return derive(await stretch(code, vaultId, kdf), vaultId, INFO.recovery)
}

/** Wipes `material`. */
function derive(material: Buffer, salt: Uint8Array, info: string): Buffer {
  const key = Buffer.from(hkdfSync('sha256', material, salt, info, 32))
  material.fill(0)
  return key
}
