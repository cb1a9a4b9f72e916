import { p256 } from '@noble/curves/nist.js'
import { secp256k1 } from '@noble/curves/secp256k1.js'
import { assertNever, decodeSignature, encodeSignature, payloadDigest } from '../../src/tezos/index.js'
import type { ReceivedContext } from '../behaviour.js'
import { DeviceKey, isSecretKey, KEY_NAMES } from '../device-key.js'
import { aliasOf, text, value, type Outcome } from '../firmware/outcome.js'
import type { RandomBytes } from '../random-bytes.js'
import { signingCommand } from '../signing-command.js'
import { defineFault, type FaultDefinition } from './fault.js'
import { choice } from './parameter.js'

/** A signature that was made, with all it was made of. */
type Signing = {
  readonly key: DeviceKey
  readonly digest: Uint8Array
  readonly signature: Uint8Array
  readonly random: RandomBytes
}

/** Another signature for it; `undefined` leaves it as it is. */
type Forge = (signing: Signing) => Uint8Array | undefined

const HOW = ['bit-flip', 'other-key', 'other-message', 'zeros'] as const

/** Well-formed replies to SIGN whose signature is not what it should be, raw or base58check as it was asked for. */
export const SIGNATURE_FAULTS: readonly FaultDefinition[] = [
  defineFault({
    name: 'wrong-signature',
    description: 'SIGN answers a well-formed signature that does not verify',
    parameters: {
      how: choice(HOW, 'one bit flipped, by another key, over another message, or the default 64 zeros'),
    },
    make: ({ how }) => ({ answer: forging((signing) => wrong(how, signing)) }),
  }),
  defineFault({
    name: 'repeated-r',
    description: 'ECDSA signatures share one nonce, and so their R; each verifies, two give the secret away',
    parameters: {},
    make: () => {
      const nonces = new Map<DeviceKey, Uint8Array>()
      return {
        answer: forging(({ key, digest, random }) => {
          if (key.curve === 'ed25519') return undefined
          const nonce = nonces.get(key) ?? randomScalar(key, random)
          nonces.set(key, nonce)
          return key.signWithNonce(digest, nonce)
        }),
      }
    },
  }),
  defineFault({
    name: 'high-s',
    description: 'ECDSA signatures have the higher S: valid for P-256, refused by secp256k1 verifiers',
    parameters: {},
    make: () => ({ answer: forging(({ key, signature }) => withHighS(key, signature)) }),
  }),
]

/** An answer hook for successful SIGN and SIGN_ETH commands, default signatures excepted. */
function forging(forge: Forge) {
  return (outcome: Outcome, { received, keys, random }: ReceivedContext): Outcome | undefined => {
    const { command } = received
    const signing = command === undefined ? undefined : signingCommand(command)
    const alias = command === undefined ? undefined : aliasOf(command)
    if (signing === undefined || alias === undefined || outcome.kind === 'refusal') return undefined
    const { digest, isRaw } = signing
    const key = keys[KEY_NAMES[alias]]
    const signature = isRaw
      ? outcome.body
      : decodeSignature(key.curve, new TextDecoder().decode(outcome.body))
    if (signature?.length !== SIGNATURE_SIZE) return undefined // refused by a newer fault with a byte of no name
    const forged = forge({ key, digest, signature, random })
    if (forged === undefined) return undefined
    return isRaw ? value(forged) : text(encodeSignature(key.curve, forged))
  }
}

const SIGNATURE_SIZE = 64
/** A bit in the middle of S. */
const FLIPPED_AT = 48

function wrong(how: (typeof HOW)[number], { key, digest, signature, random }: Signing): Uint8Array {
  switch (how) {
    case 'bit-flip':
      return signature.map((byte, index) => (index === FLIPPED_AT ? byte ^ 1 : byte))
    case 'other-key':
      return new DeviceKey(key.curve, randomScalar(key, random)).sign(digest, random)
    case 'other-message':
      return key.sign(payloadDigest(digest), random)
    case 'zeros':
      return new Uint8Array(SIGNATURE_SIZE)
    default:
      return assertNever(how)
  }
}

function randomScalar({ curve }: DeviceKey, random: RandomBytes): Uint8Array {
  let scalar = random(32)
  while (!isSecretKey(curve, scalar)) scalar = random(32)
  return scalar
}

function withHighS({ curve }: DeviceKey, signature: Uint8Array): Uint8Array | undefined {
  if (curve === 'ed25519') return undefined
  const { Signature, Point } = curve === 'p256' ? p256 : secp256k1
  try {
    const { r, s } = Signature.fromBytes(signature)
    const other = new Signature(r, Point.Fn.neg(s))
    return other.hasHighS() ? other.toBytes() : signature
  } catch {
    return undefined // a newer fault has made it something that is no signature
  }
}
