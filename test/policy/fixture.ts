import fs, { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ed25519 } from '@noble/curves/ed25519.js'
import { p256 } from '@noble/curves/nist.js'
import { secp256k1 } from '@noble/curves/secp256k1.js'
import { onTestFinished } from 'vitest'
import type { Clock } from '../../src/clock.js'
import {
  StateError,
  systemFiles,
  type AuthorizedKey,
  type DeviceRoutes,
  type SigningDevice,
  type StateErrorCode,
  type StateFiles,
  type Wanted,
} from '../../src/policy/index.js'
import {
  authenticationVerifier,
  encodeAuthenticationKey,
  parseChainId,
  parsePublicKeyHash,
  payloadDigest,
  publicKeyHash,
  toHex,
  type AuthenticationPublicKey,
  type AuthenticationVerifier,
  type Curve,
  type PublicKey,
  type PublicKeyHash,
} from '../../src/tezos/index.js'

export const MAINNET = parseChainId('mainnet')!
export const GHOSTNET = parseChainId('ghostnet')!
export const TZ1 = parsePublicKeyHash('tz1it3gNAe5nLjY6iqMNrmqFyWEL9p6GwSrv')!
export const TZ3 = parsePublicKeyHash('tz3g4AnLYCcGY5sQvk6m2bxfBGFfXx4c1HfJ')!

/** The digest of an imaginary payload, by its number. */
export function digestOf(payload: number): string {
  return payload.toString(16).padStart(64, 'd')
}

/** A signature of an imaginary payload, as the journal keeps it. */
export function signatureOf(payload: number): string {
  return payload.toString(16).padStart(128, '5')
}

/** What a request for an imaginary payload wants; an attestation of `TZ1` on mainnet unless told. */
export function wanted(level: number, round = 0, payload = 1, rest: Partial<Wanted> = {}): Wanted {
  return { chain: MAINNET, key: TZ1, kind: 'attestation', level, round, digest: digestOf(payload), ...rest }
}

const verifiers = new Map<string, AuthenticationVerifier>()

/** A key whose signatures prove a client. Its verifier, which takes its time to make, is made once for all tests. */
export function authorized(client: string, key: AuthenticationPublicKey): AuthorizedKey {
  const name = encodeAuthenticationKey(key)
  const made = verifiers.get(name) ?? authenticationVerifier(key)
  verifiers.set(name, made)
  return { client, verifier: () => made }
}

/** An empty directory that is gone after the test. */
export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'tezio-policy-'))
  onTestFinished(() => {
    rmSync(directory, { recursive: true, force: true })
  })
  return directory
}

/** The code and words of the StateError that `action` throws. */
export function stateErrorOf(action: () => unknown): {
  readonly code: StateErrorCode
  readonly message: string
} {
  try {
    action()
  } catch (error) {
    if (error instanceof StateError) return { code: error.code, message: error.message }
    throw error
  }
  throw new Error('nothing was refused')
}

/** A clock that stands still until it is moved. */
export class ManualClock implements Clock {
  #now = 1000
  readonly #timers = new Set<{ readonly at: number; readonly action: () => void }>()

  readonly now = (): number => this.#now

  readonly after = (ms: number, action: () => void): (() => void) => {
    const timer = { at: this.#now + ms, action }
    this.#timers.add(timer)
    return () => {
      this.#timers.delete(timer)
    }
  }

  get timers(): number {
    return this.#timers.size
  }

  advance(ms: number): void {
    const end = this.#now + ms
    for (;;) {
      const [next] = [...this.#timers].filter(({ at }) => at <= end).sort((left, right) => left.at - right.at)
      if (next === undefined) break
      this.#timers.delete(next)
      this.#now = Math.max(this.#now, next.at)
      next.action()
    }
    this.#now = end
  }
}

export type Operation = keyof StateFiles

/** The system's files, or others, every call of which goes through `around`. */
export function aroundFiles(
  around: (operation: Operation, call: () => unknown, args: readonly unknown[]) => unknown,
  files: StateFiles = systemFiles,
): StateFiles {
  return new Proxy(files, {
    get: (_, name) => {
      const call: unknown = Reflect.get(files, name)
      if (typeof call !== 'function') return call
      return (...args: readonly unknown[]) =>
        around(name as Operation, () => Reflect.apply(call, files, args) as unknown, args)
    },
  })
}

/** An error as the operating system throws it. */
export function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: injected`), { code })
}

/** Files that tell in `calls` what was done with them. */
export function recordingFiles(calls: string[]): StateFiles {
  return aroundFiles((operation, call) => {
    const result = call()
    calls.push(operation)
    return result
  })
}

/** Files of which one operation fails as long as `code` is set. */
export class FailingFiles {
  operation: Operation | undefined
  code = 'EIO'
  readonly files = aroundFiles((operation, call) => {
    if (operation === this.operation) throw systemError(this.code)
    return call()
  })
}

/** A directory's files in order, without the lock. */
export function filesIn(directory: string): readonly string[] {
  return fs
    .readdirSync(directory)
    .filter((name) => name !== 'lock')
    .sort()
}

/** A key whose secret is known. */
export type TestKey = {
  readonly curve: Curve
  readonly secret: Uint8Array
  readonly publicKey: PublicKey
  readonly hash: PublicKeyHash
}

const CURVE = { ed25519, secp256k1, p256 } as const

/** The key of a curve whose secret is `fill` over and over. */
export function testKey(curve: Curve, fill = 0x11): TestKey {
  return testKeyOf(curve, new Uint8Array(32).fill(fill))
}

/** The key of a secret. */
export function testKeyOf(curve: Curve, secret: Uint8Array): TestKey {
  const publicKey = { curve, bytes: CURVE[curve].getPublicKey(secret) }
  return { curve, secret, publicKey, hash: publicKeyHash(publicKey) }
}

/** The raw signature of a payload. For the ECDSA curves S is low. */
export function signWith({ curve, secret }: TestKey, payload: Uint8Array): Uint8Array {
  const digest = payloadDigest(payload)
  if (curve === 'ed25519') return ed25519.sign(digest, secret)
  return curve === 'p256'
    ? p256.sign(digest, secret, { prehash: false, lowS: true })
    : secp256k1.sign(digest, secret, { prehash: false, lowS: true })
}

/** An ECDSA signature with a nonce of the device's choice, S low. */
export function signWithNonce({ curve, secret }: TestKey, payload: Uint8Array, nonce: bigint): Uint8Array {
  if (curve === 'ed25519') throw new Error('not an ECDSA key')
  const { Point, Signature } = CURVE[curve]
  const { Fn } = Point
  const r = Fn.create(Point.BASE.multiply(nonce).toAffine().x)
  const z = Fn.create(BigInt(`0x${toHex(payloadDigest(payload))}`))
  const s = Fn.mul(Fn.inv(nonce), Fn.add(z, Fn.mul(r, BigInt(`0x${toHex(secret)}`))))
  const signature = new Signature(r, s)
  return (signature.hasHighS() ? new Signature(r, Fn.neg(s)) : signature).toBytes()
}

/** The same ECDSA signature with the other S. */
export function withOtherS(curve: 'secp256k1' | 'p256', signature: Uint8Array): Uint8Array {
  const { Signature, Point } = CURVE[curve]
  const { r, s } = Signature.fromBytes(signature)
  return new Signature(r, Point.Fn.neg(s)).toBytes()
}

/** One device for every key. */
export function onlyDevice(device: SigningDevice): DeviceRoutes {
  return { of: () => [device], verifying: [device], quietMs: 60_000 }
}
