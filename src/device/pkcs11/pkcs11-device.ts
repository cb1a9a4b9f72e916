import type { EthAddress, EthPublicKey } from '../../ethereum/index.js'
import { payloadDigest, type PublicKey, type PublicKeyHash } from '../../tezos/index.js'
import { DeviceError } from '../device-error.js'
import type { DeviceHealth } from '../device-health.js'
import type { EthereumTokenKey } from './ethereum-keys.js'
import type { KeyQuery } from './messages.js'
import { proveKey, publicKeyOf, type TokenKey } from './prove-keys.js'
import { signDigest } from './sign-digest.js'
import { checkDigest } from './sign-in-session.js'
import { TokenLink, type TokenLinkOptions, type TokenUse } from './token-link.js'

export type Pkcs11DeviceOptions = TokenLinkOptions & {
  readonly keys: readonly TokenKey[]
  /** Keys that sign digests for Ethereum, and nothing for Tezos. */
  readonly ethereumKeys?: readonly EthereumTokenKey[] | undefined
}

/**
 * A PKCS#11 token whose keys sign, in a session that cannot write. It is opened, recognised, and opened again whenever it
 * was lost; no digest is kept for later, none is sent twice.
 */
export class Pkcs11Device {
  readonly #options: Pkcs11DeviceOptions
  readonly #ethereumKeys: readonly EthereumTokenKey[]
  readonly #link: TokenLink
  #keys: ReadonlyMap<PublicKeyHash, PublicKey> = new Map()
  #pinned: ReadonlyMap<EthAddress, EthPublicKey> = new Map()
  #isSigning = false

  constructor(options: Pkcs11DeviceOptions) {
    this.#options = options
    this.#ethereumKeys = options.ethereumKeys ?? []
    const { module, token, pin, keys } = options
    const queries = [...keys.map(tezosQuery), ...this.#ethereumKeys.map(ethereumQuery)]
    this.#link = new TokenLink(options, {
      opening: { kind: 'open', module, token, pin, keys: queries },
      prove: (process, opened) => this.#prove(process, opened),
    })
  }

  /** Begins to look for the token, and goes on until `close` or a refused PIN. Call it once. */
  open(): void {
    this.#link.open()
  }

  /** The public keys as last proven; empty before the first contact, kept while the token is away. */
  publicKeys(): ReadonlyMap<PublicKeyHash, PublicKey> {
    return this.#keys
  }

  /** The public key of a configured Ethereum address as last proven; `undefined` before the first contact. */
  ethereumKeyOf(address: EthAddress): EthPublicKey | undefined {
    return this.#pinned.get(address)
  }

  health(): DeviceHealth {
    return this.#link.health()
  }

  /**
   * Resolves when the token can sign; while it is being opened it waits `ms` at most. Rejects with a DeviceError, at once
   * where there is no token; nothing was sent.
   */
  ready(ms: number): Promise<void> {
    return this.#link.ready(ms)
  }

  /**
   * Resolves when the token was found and its keys proven for the first time; waits `ms` at most. Rejects with the
   * DeviceError of the first attempt that failed.
   */
  firstContact(ms: number): Promise<void> {
    return this.#link.firstContact(ms)
  }

  /**
   * The raw signature, R then S, over BLAKE2b-256 of `payload`. One attempt: it rejects with a DeviceError and never asks
   * a second time. The signature is not verified here, and S of an ECDSA signature may be high. It goes before every digest
   * that waits; whoever asks has a line of its own, so a second one beside it is refused.
   */
  async sign(key: PublicKeyHash, payload: Uint8Array): Promise<Uint8Array> {
    const index = this.#options.keys.findIndex(({ publicKeyHash }) => publicKeyHash === key)
    if (index < 0) throw new DeviceError('device-refused', `${key} is no configured key of the token`)
    if (this.#isSigning) throw new DeviceError('device-busy', 'the token is making another signature')
    this.#isSigning = true
    try {
      return await this.#sign(index, () => payloadDigest(payload), true)
    } finally {
      this.#isSigning = false
    }
  }

  /**
   * The raw signature, R then S, over 32 bytes by a configured Ethereum key. Digests wait for their turn, and no signature of
   * `sign` waits for more than the one in flight. One attempt, not verified here, and S may be high.
   */
  async signDigest(address: EthAddress, digest: Uint8Array): Promise<Uint8Array> {
    const index = this.#ethereumKeys.findIndex((key) => key.address === address)
    if (index < 0) throw new DeviceError('device-refused', `${address} is no configured key of the token`)
    checkDigest(digest)
    return this.#sign(this.#options.keys.length + index, () => digest, false)
  }

  /** Stops looking, fails a signature in flight with `device-lost`, and ends the process of the module. */
  close(): Promise<void> {
    return this.#link.close()
  }

  #sign(index: number, digest: () => Uint8Array, isUrgent: boolean): Promise<Uint8Array> {
    const { timeoutMs } = this.#options
    return this.#link.run('SIGN', (process) => signDigest(process, index, digest(), timeoutMs), { isUrgent })
  }

  async #prove(...[process, { points }]: Parameters<TokenUse['prove']>): Promise<void> {
    const { keys, timeoutMs } = this.#options
    const found = keys.map((key, index) => publicKeyOf(key, points[index] ?? []))
    const pinned = await this.#pin(points.slice(keys.length), found)
    for (const [index, key] of [...found, ...pinned.map(({ provable }) => provable)].entries()) {
      const name = this.#nameOf(index)
      await proveKey(key, name, (digest) => signDigest(process, index, digest, timeoutMs))
    }
    this.#keys = new Map(
      keys.flatMap(({ publicKeyHash }, index) => {
        const key = found[index]
        return key === undefined ? [] : [[publicKeyHash, key]]
      }),
    )
    this.#pinned = new Map(pinned.map(({ address, publicKey }) => [address, publicKey]))
  }

  /** What encodes Ethereum is loaded only where a key of it is configured. */
  async #pin(points: readonly (readonly Uint8Array[])[], tezosKeys: readonly PublicKey[]) {
    if (this.#ethereumKeys.length === 0) return []
    const { pinEthereumKeys } = await import('./ethereum-keys.js')
    return pinEthereumKeys(this.#ethereumKeys, points, tezosKeys)
  }

  #nameOf(index: number): string {
    const { keys } = this.#options
    return keys[index]?.publicKeyHash ?? this.#ethereumKeys[index - keys.length]?.address ?? ''
  }
}

function tezosQuery({ publicKeyHash, curve, label, id }: TokenKey): KeyQuery {
  return { name: publicKeyHash, curve, label, id }
}

function ethereumQuery({ address, label, id }: EthereumTokenKey): KeyQuery {
  return { name: address, curve: 'secp256k1', label, id }
}
