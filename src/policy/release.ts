import { encodeSignature, toHex, type PublicKey, type PublicKeyHash } from '../tezos/index.js'
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
  readonly publicKeyOf: (key: PublicKeyHash) => PublicKey | undefined
  readonly onEvent: (event: SignerTrouble) => void
}

/** Steps 8 and 9: only a signature that verifies, with a fresh nonce, leaves the host. */
export class Release {
  readonly #options: ReleaseOptions
  readonly #nonces: NonceWatch

  constructor(options: ReleaseOptions) {
    this.#options = options
    this.#nonces = new NonceWatch(options.store.nonces())
  }

  /** The answer to a request whose signature the device made. */
  async answer({ key, digest, wanted }: SigningJob, made: Uint8Array): Promise<SignResult> {
    const publicKey = this.#options.publicKeyOf(key)
    const signature = publicKey && verifiedSignature(publicKey, digest, made)
    if (publicKey === undefined || signature === undefined) {
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
    return { outcome: 'signed', signature: encodeSignature(publicKey.curve, signature), repeated: false }
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
