import { systemRandom, type DeviceKey } from '../../../hw-sim/index.js'
import {
  concatBytes,
  encodeSignature,
  payloadDigest,
  publicKeyHashBytes,
  type Curve,
  type PublicKeyHash,
} from '../../../src/tezos/index.js'
import { transcriptKeys } from '../../device/support.js'
import { ADDRESS, tezioSignerConfig } from '../daemon.js'

/** The Tezio Signer's configuration on free ports: all its keys want their requests signed. */
export const LOCKED_CONFIG = `server: { listen: "127.0.0.1:0" }
admin: { listen: "127.0.0.1:0" }
${tezioSignerConfig()}`

export const keys = transcriptKeys()
export const KEY = ADDRESS.tz3 as PublicKeyHash

export type Authenticates = {
  readonly over: Uint8Array
  readonly of?: PublicKeyHash
  readonly by?: DeviceKey
  readonly prefix?: readonly number[]
  readonly form?: Curve
}

/** The authentication signature over a payload; what is not given is right. */
export function authentication({
  over,
  of = KEY,
  by = keys.auth,
  prefix = [4, 1],
  form = 'p256',
}: Authenticates): string {
  const message = concatBytes(Uint8Array.from(prefix), publicKeyHashBytes(of), over)
  return encodeSignature(form, by.sign(payloadDigest(message), systemRandom))
}

/** The query of a request that is signed as it should be. */
export function authenticated(payload: Uint8Array): string {
  return `authentication=${authentication({ over: payload })}&version=3`
}
