/** The curves a Tezio HSM holds keys of, by their Tezos names: tz1, tz2, tz3. */
export type Curve = 'ed25519' | 'secp256k1' | 'p256'

/** Every curve, in the order of its public key hash tag (00 tz1, 01 tz2, 02 tz3) in Octez' binary encoding. */
export const CURVES: readonly Curve[] = ['ed25519', 'secp256k1', 'p256']
