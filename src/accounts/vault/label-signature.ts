import { timingSafeEqual } from 'node:crypto'
import {
  payloadDigest,
  publicKeyHash,
  vaultLabel,
  verifySignature,
  type PublicKeyHash,
} from '../../tezos/index.js'
import { refused, type AccountsRefused } from '../refusal.js'
import type { VaultDevice } from './vault-device.js'

/** The signature is a secret, for the caller to wipe. */
export type LabelSignature =
  { readonly outcome: 'signed'; readonly signature: Buffer; readonly device: PublicKeyHash } | AccountsRefused

/** What a device makes of a vault's label, checked against its own key. */
export async function signLabel(
  device: VaultDevice,
  op: number,
  vaultId: Uint8Array,
): Promise<LabelSignature> {
  const key = device.publicKey()
  if (key === undefined) {
    return refused('vault-device-failed', `${device.name} was not seen yet; connect it and try again`)
  }
  if (key.curve !== 'ed25519') {
    const text = `the key of ${device.name} is of ${key.curve}; a vault takes ed25519, whose signatures do not change`
    return refused('vault-device-failed', text)
  }
  const label = vaultLabel(op, vaultId)
  const answer = await device.signLabel(label)
  if (answer.outcome === 'failed') {
    return refused('vault-device-failed', `${device.name} did not sign (${answer.code}): ${answer.message}`)
  }
  const signature = Buffer.from(answer.signature)
  answer.signature.fill(0)
  if (verifySignature(key, payloadDigest(label), signature)) {
    return { outcome: 'signed', signature, device: publicKeyHash(key) }
  }
  signature.fill(0)
  return refused('vault-device-failed', `what ${device.name} signed does not verify with its own key`)
}

/** The same, asked twice: a device that signs in two ways would lock its vault for good. */
export async function signLabelTwice(
  device: VaultDevice,
  op: number,
  vaultId: Uint8Array,
): Promise<LabelSignature> {
  const first = await signLabel(device, op, vaultId)
  if (first.outcome === 'refused') return first
  const second = await signLabel(device, op, vaultId)
  if (second.outcome === 'refused') {
    first.signature.fill(0)
    return second
  }
  const isSteady = first.device === second.device && timingSafeEqual(first.signature, second.signature)
  second.signature.fill(0)
  if (isSteady) return first
  first.signature.fill(0)
  const text = `${device.name} signed one label in two ways; a key made of it could never be made again`
  return refused('vault-device-unsteady', text)
}
