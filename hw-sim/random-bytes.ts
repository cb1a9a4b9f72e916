import { randomBytes } from 'node:crypto'

/** As many random bytes as asked for: ECDSA nonces and generated keys are made of them. */
export type RandomBytes = (size: number) => Uint8Array

/** The operating system's randomness. */
export const systemRandom: RandomBytes = (size) => new Uint8Array(randomBytes(size))
