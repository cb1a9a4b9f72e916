import { setImmediate } from 'node:timers/promises'
import type { Clock } from '../clock.js'
import {
  encodeSignature,
  toHex,
  verifierOf,
  type Curve,
  type PublicKey,
  type PublicKeyHash,
  type Verifier,
} from '../tezos/index.js'
import { refused, verifiedSignature } from './answers.js'
import type { Wanted } from './mark.js'
import type { MarkStore } from './mark-store.js'
import { nonceUse, NonceWatch } from './nonce-watch.js'
import { refuse } from './refusal.js'
import type { SignResult } from './sign-request.js'
import type { SigningJob } from './signing-job.js'
import { StateError } from './state-error.js'

/** What went wrong without changing the answer. */
export type SignerTrouble =
  | { readonly event: 'signature.not-stored'; readonly key: PublicKeyHash; readonly reason: string }
  | { readonly event: 'key.quarantined'; readonly key: PublicKeyHash; readonly reason: string }

type ReleaseOptions = {
  readonly store: MarkStore
  readonly clock: Clock
  readonly publicKeyOf: (key: PublicKeyHash) => PublicKey | undefined
  readonly onEvent: (event: SignerTrouble) => void
}

type KeyVerifier = { readonly curve: Curve; readonly verifies: Verifier }

/** Steps 8 and 9: only a signature that verifies, with a fresh nonce, leaves the host. */
export class Release {
  readonly #options: ReleaseOptions
  readonly #nonces: NonceWatch
  /** A public key hash has one public key for ever. */
  readonly #verifiers = new Map<PublicKeyHash, KeyVerifier>()

  constructor(options: ReleaseOptions) {
    this.#options = options
    this.#nonces = new NonceWatch(options.store.nonces())
  }

  /** Makes the verifiers of those of the keys that are known, one in each turn of the event loop. */
  async prepare(keys: readonly PublicKeyHash[]): Promise<void> {
    for (const key of keys) {
      await setImmediate()
      this.#verifierOf(key)
    }
  }

  /** The answer to a request whose signature the device made. */
  async answer({ key, digest, wanted, progress }: SigningJob, made: Uint8Array): Promise<SignResult> {
    const { clock } = this.#options
    const startedAt = clock.now()
    const verifier = this.#verifierOf(key)
    const signature = verifier && verifiedSignature(verifier.curve, verifier.verifies, digest, made)
    progress.verifyMs = clock.now() - startedAt
    if (verifier === undefined || signature === undefined) {
      return refused(
        refuse(
          'signature-invalid',
          `the device's signature is not one by ${key} over this payload; it was withheld`,
        ),
      )
    }
    const nonce = nonceUse(key, toHex(digest), toHex(signature))
    if (nonce !== undefined && !this.#nonces.accepts(nonce)) return this.#quarantine(key, nonce.digest)
    if (wanted !== undefined) await this.#keep(wanted, signature)
    return { outcome: 'signed', signature: encodeSignature(verifier.curve, signature), repeated: false }
  }

  /** `undefined` while the public key is not known. */
  #verifierOf(key: PublicKeyHash): KeyVerifier | undefined {
    const known = this.#verifiers.get(key)
    if (known !== undefined) return known
    const publicKey = this.#options.publicKeyOf(key)
    if (publicKey === undefined) return undefined
    const made = { curve: publicKey.curve, verifies: verifierOf(publicKey) }
    this.#verifiers.set(key, made)
    return made
  }

  /** Nothing more is signed with a key whose device repeats nonces, whether that could be written down or not. */
  async #quarantine(key: PublicKeyHash, digest: string): Promise<SignResult> {
    const text = `the device used the nonce of another signature by ${key}: the signature was withheld, for two of them give the secret key away, and the key is in quarantine`
    try {
      await this.#options.store.quarantine(key, digest)
    } catch (error) {
      if (!(error instanceof StateError)) throw error
    }
    this.#options.onEvent({ event: 'key.quarantined', key, reason: text })
    return refused(refuse('nonce-repeated', text))
  }

  async #keep(wanted: Wanted, signature: Uint8Array): Promise<void> {
    try {
      await this.#options.store.keepSignature(wanted, toHex(signature))
    } catch (error) {
      if (!(error instanceof StateError)) throw error
      // The mark stands; only the answer to an identical request is lost. The store refuses until it is sound again.
      this.#options.onEvent({ event: 'signature.not-stored', key: wanted.key, reason: error.message })
    }
  }
}
