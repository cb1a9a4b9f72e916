import type { Clock } from '../clock.js'
import {
  addressOfPublicKey,
  keccak256,
  settleSignature,
  signatureBytes,
  toHex0x,
  type EthAddress,
  type EthPublicKey,
  type EthSignature,
} from '../ethereum/index.js'
import { NonceWatch } from '../policy/index.js'
import type { EthCapability, EthDevice, EthPreimage } from './eth-device.js'
import type { EthLedger } from './eth-ledger.js'
import { refuse, type EthRefusal } from './eth-refusal.js'

/** A device that can be asked, with the very key. */
export type ReadyDevice = {
  readonly outcome: 'ready'
  readonly key: EthPublicKey
  readonly capability: Exclude<EthCapability, 'none'>
}

/** What came of one attempt. `sent`: the device may have signed. */
export type SignAttempt =
  | { readonly outcome: 'signed'; readonly signature: EthSignature }
  | { readonly outcome: 'failed'; readonly refusal: EthRefusal; readonly sent: boolean }

const R_HEX = 64

/** The device, as far as it holds the one key that is configured; what it signs is verified before it is released. */
export class PinnedDevice {
  readonly #device: EthDevice
  readonly #address: EthAddress
  readonly #clock: Clock
  readonly #nonces: NonceWatch

  constructor(device: EthDevice, address: EthAddress, clock: Clock, ledger: EthLedger) {
    this.#device = device
    this.#address = address
    this.#clock = clock
    const used = [...ledger.signatures()].map(({ digest, signature }) => this.#use(digest, signature))
    this.#nonces = new NonceWatch(used)
  }

  /** Waits until the device can be asked for something of a kind (rule E9: with the right key). Nothing is sent. */
  async ready(kind: EthPreimage['kind'], deadlineAt: number): Promise<ReadyDevice | EthRefusal> {
    const failure = await this.#device.ready(Math.max(0, deadlineAt - this.#clock.now()))
    if (failure !== undefined) return refuse(failure.code, failure.message)
    if (this.#clock.now() >= deadlineAt) {
      return refuse('deadline-passed', `${this.#device.name} was not ready in time; ask again`)
    }
    const key = this.#device.publicKey()
    const capability = this.#device.capability()
    if (key === undefined || capability === undefined) {
      return refuse('device-unavailable', `${this.#device.name} has not told its Ethereum key yet; ask again`)
    }
    return this.#wrongKey(key) ?? this.#able(key, capability, kind)
  }

  /** One attempt. */
  async sign(preimage: EthPreimage, key: EthPublicKey, deadlineAt: number): Promise<SignAttempt> {
    const answer = await this.#device.sign(preimage, deadlineAt)
    if (answer.outcome === 'failed') {
      const { code, message, sent } = answer
      return { outcome: 'failed', refusal: refuse(code, message), sent }
    }
    const digest = keccak256(preimage.bytes)
    const signature = settleSignature(answer.signature, digest, key)
    if (signature === undefined) {
      const text = `${this.#device.name} answered with what is no signature of this digest by ${this.#address}; it is not released, look at the device`
      return failed(refuse('device-bad-signature', text))
    }
    const use = this.#use(toHex0x(digest).slice(2), toHex0x(signatureBytes(signature)).slice(2))
    if (this.#nonces.accepts(use)) return { outcome: 'signed', signature }
    const text = `${this.#device.name} used an ECDSA nonce for two digests, which gives the secret key away to who has both signatures; this one is not released: replace the device, and the key`
    return failed(refuse('nonce-repeated', text))
  }

  #use(digest: string, signature: string) {
    return { key: this.#address, r: signature.slice(0, R_HEX), digest }
  }

  #wrongKey(key: EthPublicKey): EthRefusal | undefined {
    const address = addressOfPublicKey(key)
    if (address === this.#address) return undefined
    const text = `${this.#device.name} holds the key of ${address}, and ${this.#address} is configured; connect the right device, or set ethereum.key.address`
    return refuse('wrong-key', text, 'E9')
  }

  #able(key: EthPublicKey, capability: EthCapability, kind: EthPreimage['kind']): ReadyDevice | EthRefusal {
    const isAble = capability === 'digest' || capability === 'eth'
    if (isAble || (capability === 'grind' && kind === 'transaction'))
      return { outcome: 'ready', key, capability }
    const more = kind === 'transaction' ? ', or ethereum.stock_grind: true for transfers' : ''
    const text = `${this.#device.name} runs stock firmware, which cannot sign a digest of the host's choice; use a PKCS#11 token, firmware that signs for Ethereum${more}`
    return refuse('device-capability-missing', text)
  }
}

function failed(refusal: EthRefusal): SignAttempt {
  return { outcome: 'failed', refusal, sent: true }
}
