import { secp256k1 } from '@noble/curves/secp256k1.js'
import { addressOfPublicKey, parseEthPublicKey, toHex0x } from '../../ethereum/index.js'
import { seal, unseal } from './seal.js'
import { clearOf, type AccountFacts, type VaultAccount } from '../account-record.js'

/**
 * The key of an open vault. It is one buffer, wiped by `wipe`. What cannot be wiped: the copies that OpenSSL and the
 * big integers of the curve's arithmetic make, and pages that the system swapped out.
 */
export class VaultKey {
  readonly #key: Buffer

  /** Takes the buffer over. */
  constructor(key: Buffer) {
    this.#key = key
  }

  /** Seals an account's private key with what is said of it in clear. */
  seal(facts: AccountFacts, vaultId: string, privateKey: Uint8Array): VaultAccount {
    const account = { ...facts, custody: 'vault', vaultId } as const
    return { ...account, sealed: seal(this.#key, clearOf(account), privateKey) }
  }

  /**
   * Has `use` work with an account's private key, which is wiped behind it. `undefined` where the record is not what was
   * written, or its key is not that of its address.
   */
  withPrivateKey<Result>(record: VaultAccount, use: (privateKey: Uint8Array) => Result): Result | undefined {
    const privateKey = unseal(this.#key, clearOf(record), record.sealed)
    if (privateKey === undefined) return undefined
    try {
      return isKeyOf(privateKey, record) ? use(privateKey) : undefined
    } finally {
      privateKey.fill(0)
    }
  }

  /** The key itself, to put it into another slot, for the caller to wipe. */
  copy(): Buffer {
    return Buffer.from(this.#key)
  }

  wipe(): void {
    this.#key.fill(0)
  }
}

function isKeyOf(privateKey: Uint8Array, { publicKey, address }: VaultAccount): boolean {
  const key = parseEthPublicKey(secp256k1.getPublicKey(privateKey, false))
  return key !== undefined && toHex0x(key) === publicKey && addressOfPublicKey(key) === address
}
