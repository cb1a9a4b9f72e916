import { createHmac, randomBytes } from 'node:crypto'
import { secp256k1 } from '@noble/curves/secp256k1.js'
import {
  EthLedger,
  EthSigner,
  readDistribution,
  type ClaimRequest,
  type Distribution,
  type EthAsk,
  type EthCapability,
  type EthDevice,
  type EthDeviceAnswer,
  type EthDeviceFailure,
  type EthEvent,
  type EthPreimage,
  type EthRules,
  type TransferRequest,
} from '../../src/eth-signer/index.js'
import { keccak256, parseEthPublicKey, type EthAddress, type EthPublicKey } from '../../src/ethereum/index.js'
import { systemFiles, type StateFiles } from '../../src/policy/index.js'
import { address, bytes, golden } from '../ethereum/golden.js'
import { ManualClock, temporaryDirectory } from '../policy/fixture.js'

export { golden }

const SECRET = bytes(golden.keys.eip155_46.priv)
export const SIGNER = address(golden.keys.eip155_46.address)
export const SOMEBODY = address('0x3535353535353535353535353535353535353535')
export const SOMEBODY_ELSE = address('0x8e9d312F6E0B3F511bb435AC289F2Fd6cf1F9C81')

export function keyOf(secret: Uint8Array): EthPublicKey {
  const key = parseEthPublicKey(secp256k1.getPublicKey(secret, false))
  if (key === undefined) throw new Error('no key')
  return key
}

/** A device with a key of the golden data, which signs for real with a new nonce each time, S high or low by turns. */
export class TestDevice implements EthDevice {
  readonly name = 'test'
  /** Every preimage that was sent here. */
  readonly asked: EthPreimage[] = []
  /** What it can do; `undefined` as if it was never seen. */
  can: EthCapability | undefined = 'digest'
  key: EthPublicKey | undefined = keyOf(SECRET)
  secret: Uint8Array = SECRET
  notReady: EthDeviceFailure | undefined
  /** What it answers next instead of a signature. */
  fails: EthDeviceFailure | undefined
  /** The ECDSA nonce of every signature, as a broken device has it; else each has its own. */
  nonce: bigint | undefined
  /** How a signature is changed before it is answered. */
  change = (signature: Uint8Array): Uint8Array => signature
  /** Called when the preimage has arrived. */
  onSign: () => void | Promise<void> = () => undefined

  readonly publicKey = () => this.key
  readonly capability = () => this.can
  readonly ready = () => Promise.resolve(this.notReady)

  readonly sign = async (preimage: EthPreimage): Promise<EthDeviceAnswer> => {
    const { fails } = this
    if (fails?.sent === false) return fails
    this.asked.push(preimage)
    await this.onSign()
    if (fails !== undefined) return fails
    const digest = keccak256(preimage.bytes)
    const signature =
      this.nonce === undefined
        ? secp256k1.sign(digest, this.secret, { prehash: false, lowS: true, extraEntropy: randomBytes(32) })
        : signWithNonce(this.secret, digest, this.nonce)
    return {
      outcome: 'signed',
      signature: this.change(this.asked.length % 2 === 0 ? otherS(signature) : signature),
    }
  }
}

function signWithNonce(secret: Uint8Array, digest: Uint8Array, nonce: bigint): Uint8Array {
  const { Fn, BASE } = secp256k1.Point
  const r = Fn.create(BASE.multiply(nonce).toAffine().x)
  const s = Fn.mul(Fn.inv(nonce), Fn.add(Fn.fromBytes(digest), Fn.mul(r, Fn.fromBytes(secret))))
  return new secp256k1.Signature(r, s).toBytes()
}

/** The same signature with the other S. */
export function otherS(signature: Uint8Array): Uint8Array {
  const { r, s } = secp256k1.Signature.fromBytes(signature)
  return new secp256k1.Signature(r, secp256k1.Point.Fn.neg(s)).toBytes()
}

export function failure(sent: boolean): EthDeviceFailure {
  return { outcome: 'failed', code: 'device-timeout', message: 'no answer in 1 s', sent }
}

/** The distribution of the golden data. */
export function goldenDistribution(): Distribution {
  const read = readDistribution(
    Buffer.from(JSON.stringify(golden.esms_claim.dist_proofs_json)),
    bytes(golden.esms_claim.merkleRoot),
  )
  if (read.outcome === 'wrong') throw new Error(read.problem)
  return read.distribution
}

const { name, version, chainId, verifyingContract } = golden.esms_claim.domain

/** Rules that allow a claim of the golden data, payments of the golden data, the mail of EIP-712, and `Log in: `. */
export const RULES: EthRules = {
  claims: {
    domain: { name, version, chainId, verifyingContract: address(verifyingContract) },
    leaf: 'gitcoin-v1',
    merkleRoot: bytes(golden.esms_claim.merkleRoot),
    distribution: goldenDistribution(),
    reissue: 'deny',
  },
  transfers: {
    chains: [
      { chainId: 1n, types: ['legacy', 'eip1559'] },
      { chainId: 5n, types: ['eip1559'] },
    ],
    destinations: [{ address: SOMEBODY, gasLimit: 21_000n }],
    maxWei: 10n ** 18n,
    maxFeeWei: 5n * 10n ** 15n,
    windows: [{ hours: 24, maxWei: 3n * 10n ** 18n }],
  },
  typedData: [],
  messagePrefixes: ['Log in: '],
}

/** A claim of the golden data. */
export function goldenClaim(index = 0): ClaimRequest & { readonly digest: string } {
  const claim = golden.esms_claim.claims[index]
  if (claim === undefined) throw new Error('no such claim')
  return {
    userId: BigInt(claim.user_id),
    userAddress: address(claim.user_address),
    userAmount: BigInt(claim.user_amount),
    delegateAddress: address(claim.delegate_address),
    digest: claim.digest,
  }
}

/** A payment that the rules allow. */
export function payment(nonce: bigint | number, rest: Partial<TransferRequest> = {}): TransferRequest {
  const request = {
    ...{
      type: 'legacy',
      chainId: 1n,
      nonce: BigInt(nonce),
      to: SOMEBODY,
      value: 10n ** 17n,
      gasLimit: undefined,
    },
    ...{ replace: false, gasPrice: 20_000_000_000n },
    ...rest,
  }
  return request as TransferRequest
}

export const START = new Date('2026-01-02T03:04:05.678Z')
const LONG = { deadlineAt: Number.MAX_SAFE_INTEGER, signal: undefined, requestId: 'r1' }

/** A key, its device and its ledger; time stands still until it is moved. */
export class Bench {
  readonly directory: string
  readonly device = new TestDevice()
  readonly clock = new ManualClock()
  readonly events: EthEvent[] = []
  now = START
  rules: EthRules
  address: EthAddress = SIGNER
  readonly #files: StateFiles
  readonly #segmentBytes: number
  ledger: EthLedger
  signer: EthSigner

  constructor({
    rules = RULES,
    files = systemFiles,
    directory = temporaryDirectory(),
    segmentBytes = 1e6,
  }: Partial<Pick<Bench, 'rules' | 'directory'>> & { files?: StateFiles; segmentBytes?: number } = {}) {
    this.directory = directory
    this.rules = rules
    this.#files = files
    this.#segmentBytes = segmentBytes
    this.ledger = this.#openLedger()
    this.signer = this.#openSigner()
  }

  /** As if the process ended and another one began. */
  restart(rules = this.rules): void {
    this.rules = rules
    this.ledger.close()
    this.ledger = this.#openLedger()
    this.signer = this.#openSigner()
  }

  later(hours: number): void {
    this.now = new Date(this.now.getTime() + hours * 3_600_000)
  }

  claim(claim: ClaimRequest = goldenClaim(), ask: Partial<EthAsk> = {}) {
    return this.signer.claim(claim, { ...LONG, ...ask })
  }

  pay(request: TransferRequest, idempotencyKey?: string) {
    return this.signer.transfer(request, { ...LONG, idempotencyKey })
  }

  message(text: string | Uint8Array) {
    return this.signer.signMessage(typeof text === 'string' ? Buffer.from(text) : text, LONG)
  }

  get ask(): EthAsk {
    return LONG
  }

  #openLedger(): EthLedger {
    const { directory } = this
    return new EthLedger({
      ...{ directory, files: this.#files, segmentBytes: this.#segmentBytes, wallClock: () => this.now },
    })
  }

  #openSigner(): EthSigner {
    const { address: own, device, rules, ledger, clock } = this
    return new EthSigner({
      ...{ address: own, device, rules, ledger, clock, wallClock: () => this.now },
      onEvent: (event) => this.events.push(event),
    })
  }
}

/** The HMAC-SHA256 of a text, in hex. */
export function hmacOf(key: Uint8Array, content: string | Uint8Array): string {
  return createHmac('sha256', key).update(content).digest('hex')
}
