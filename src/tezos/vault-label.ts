const LABEL = Buffer.from('tezio-vault-v1')

/**
 * What a device signs to open a vault of managed accounts: one byte, this text, the vault's 16 bytes. The signature
 * is half of a key, so nothing that holds the text is ever signed for anybody who asks.
 */
export function vaultLabel(op: number, vaultId: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.of(op), LABEL, vaultId])
}

/** Whether a payload holds the text of a vault's label anywhere from byte 1 on, whatever stands before and behind it. */
export function isVaultLabel(payload: Uint8Array): boolean {
  return Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength).includes(LABEL, 1)
}
