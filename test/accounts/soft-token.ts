import { secp256k1 } from '@noble/curves/secp256k1.js'
import type { AccountsToken } from '../../src/accounts/accounts-token.js'
import { parseEthPublicKey, type EthPublicKey } from '../../src/ethereum/index.js'

/** A token in software: it keeps its keys, and answers like the real one, high S included. */
export class SoftToken implements AccountsToken {
  readonly name = 'softhsm'
  readonly keys = new Map<string, Uint8Array>()
  readonly labels = new Map<string, string>()
  /** Thrown by whatever is asked of it next, once. */
  failing:
    | { readonly at: 'ready' | 'generate' | 'publicKeyOf' | 'label' | 'sign'; readonly isDone: boolean }
    | undefined

  readonly ready = () => {
    this.#fault('ready', false)
    return Promise.resolve()
  }
  readonly generate = (id: string): Promise<EthPublicKey> => {
    this.#fault('generate', false)
    if (this.keys.has(id)) throw new Error(`the id ${id} has a key`)
    this.keys.set(id, secp256k1.utils.randomSecretKey())
    this.#fault('generate', true)
    return Promise.resolve(this.#keyOf(id)!)
  }
  readonly publicKeyOf = (id: string) => {
    this.#fault('publicKeyOf', false)
    return Promise.resolve(this.#keyOf(id))
  }
  readonly label = (id: string, address: string) => {
    this.#fault('label', false)
    this.labels.set(id, address)
    return Promise.resolve(true)
  }
  readonly sign = (id: string, digest: Uint8Array) => {
    this.#fault('sign', false)
    const raw = secp256k1.sign(digest, this.keys.get(id)!, { prehash: false })
    const { r, s } = secp256k1.Signature.fromBytes(raw)
    return Promise.resolve(new secp256k1.Signature(r, secp256k1.Point.Fn.neg(s)).toBytes())
  }

  #keyOf(id: string): EthPublicKey | undefined {
    const secret = this.keys.get(id)
    return secret && parseEthPublicKey(secp256k1.getPublicKey(secret, false))
  }

  #fault(at: NonNullable<SoftToken['failing']>['at'], isDone: boolean): void {
    if (this.failing?.at !== at || this.failing.isDone !== isDone) return
    this.failing = undefined
    throw new Error(`the token failed at ${at}`)
  }
}
