import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ed25519 } from '@noble/curves/ed25519.js'
import { p256 } from '@noble/curves/nist.js'
import { secp256k1 } from '@noble/curves/secp256k1.js'
import { onTestFinished, expect } from 'vitest'
import { monotonicClock } from '../../src/clock.js'
import {
  GuardedSigner,
  MarksJournal,
  type DeviceAnswer,
  type KeyRules,
  type MarkRecord,
  type SignerEvent,
  type SigningDevice,
} from '../../src/policy/index.js'
import {
  NO_CALLERS,
  Questions,
  signerApp,
  type CallerRules,
  type KeyDirectory,
  type PeerRange,
  type RequestRefused,
  type SignerAppOptions,
} from '../../src/server/index.js'
import {
  authenticationVerifier,
  concatBytes,
  CURVES,
  decodeSignature,
  encodePublicKey,
  encodeSignature,
  MARK_KINDS,
  parseChainId,
  parsePublicKeyHash,
  payloadDigest,
  publicKeyHash,
  publicKeyHashBytes,
  toHex,
  verifySignature,
  type AuthenticationVerifier,
  type Curve,
  type PublicKey,
  type PublicKeyHash,
} from '../../src/tezos/index.js'
import { onlyDevice } from '../policy/fixture.js'
import { incomingOf } from './incoming.js'

/** The only statuses of the signer's listener, 200 aside. */
export const ERROR_STATUSES = [400, 401, 403, 404, 409, 500]

export const CHAIN = parseChainId('mainnet')!
const CHAIN_BYTES = Uint8Array.from([0x7a, 0x06, 0xa7, 0x70])
/** Another chain's id, of no network. */
export const FOREIGN_CHAIN = Uint8Array.from([1, 2, 3, 4])

type KeyPair = { readonly secret: Uint8Array; readonly publicKey: PublicKey; readonly hash: PublicKeyHash }

const POINT: Record<Curve, (secret: Uint8Array) => Uint8Array> = {
  ed25519: (secret) => ed25519.getPublicKey(secret),
  secp256k1: (secret) => secp256k1.getPublicKey(secret, true),
  p256: (secret) => p256.getPublicKey(secret, true),
}

function madeOnce(publicKey: PublicKey): () => AuthenticationVerifier {
  const verifier = authenticationVerifier(publicKey)
  return () => verifier
}

function keyPair(curve: Curve, fill: number): KeyPair {
  const secret = new Uint8Array(32).fill(fill)
  const publicKey = { curve, bytes: POINT[curve](secret) }
  return { secret, publicKey, hash: publicKeyHash(publicKey) }
}

const KEYS = CURVES.map((curve) => keyPair(curve, 0x11))
export const [TZ1, TZ2, TZ3] = KEYS.map(({ hash }) => hash) as [PublicKeyHash, PublicKeyHash, PublicKeyHash]
/** A key with a right checksum that the bridge does not have, and one that no Tezio HSM could have. */
export const UNKNOWN_KEY = keyPair('p256', 0x22).hash
export const TZ4 = parsePublicKeyHash('tz4HVR6aty9KwsQFHh81C1G7gBdhxT8kuytm')!
/** The key that signs requests, where one has to. */
export const AUTHENTICATION = keyPair('p256', 0x33)
/** Proves it; its verifier takes its time to make, so it is made once. */
const AUTHORIZED = { client: AUTHENTICATION.hash, verifier: madeOnce(AUTHENTICATION.publicKey) }

/** A raw signature over a payload, as the device would make it. */
export function rawSignature({ publicKey, secret }: KeyPair, payload: Uint8Array): Uint8Array {
  const digest = payloadDigest(payload)
  switch (publicKey.curve) {
    case 'ed25519':
      return ed25519.sign(digest, secret)
    case 'secp256k1':
      return secp256k1.sign(digest, secret, { prehash: false })
    case 'p256':
      return p256.sign(digest, secret, { prehash: false })
  }
}

export function pairOf(key: PublicKeyHash): KeyPair {
  return KEYS.find(({ hash }) => hash === key)!
}

/** Whether the text is a signature by the key over the payload. */
export function isSignatureBy(key: PublicKeyHash, payload: Uint8Array, text: unknown): boolean {
  const { publicKey } = pairOf(key)
  const signature = typeof text === 'string' ? decodeSignature(publicKey.curve, text) : undefined
  return signature !== undefined && verifySignature(publicKey, payloadDigest(payload), signature)
}

/** The `authentication` of a request. */
export function authenticate(key: PublicKeyHash, payload: Uint8Array, by = AUTHENTICATION): string {
  const message = concatBytes(Uint8Array.of(0x04, 0x01), publicKeyHashBytes(key), payload)
  return encodeSignature(by.publicKey.curve, rawSignature(by, message))
}

function int32(value: number): Uint8Array {
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setInt32(0, value)
  return bytes
}

const filled = (size: number, value: number) => new Uint8Array(size).fill(value)

type At = {
  readonly level: number
  readonly round?: number
  readonly seed?: number
  readonly chain?: Uint8Array
}

/** An attestation; `seed` makes another payload for the same level and round. */
export function attestation({ level, round = 0, seed = 0, chain = CHAIN_BYTES }: At): Uint8Array {
  return vote(0x13, 0x15, { level, round, seed, chain })
}

/** A preattestation. */
export function preattestation({ level, round = 0, seed = 0, chain = CHAIN_BYTES }: At): Uint8Array {
  return vote(0x12, 0x14, { level, round, seed, chain })
}

function vote(magic: number, tag: number, { level, round, seed, chain }: Required<At>): Uint8Array {
  const head = Uint8Array.of(magic)
  const slot = Uint8Array.of(tag, 0, 0)
  return concatBytes(head, chain, filled(32, 7), slot, int32(level), int32(round), filled(32, seed))
}

/** The vote of a tz4 key: shorter by the slot. */
export function blsAttestation(level: number): Uint8Array {
  const tag = Uint8Array.of(0x29)
  return concatBytes(
    Uint8Array.of(0x13),
    CHAIN_BYTES,
    filled(32, 7),
    tag,
    int32(level),
    int32(0),
    filled(32, 0),
  )
}

/** A block header; `fitnessSize` is what the header says of its fitness. */
export function block({
  level,
  round = 0,
  seed = 0,
  chain = CHAIN_BYTES,
  fitnessSize = 33,
}: At & { readonly fitnessSize?: number }): Uint8Array {
  const element = (bytes: Uint8Array) => concatBytes(int32(bytes.length), bytes)
  const fitness = [Uint8Array.of(2), int32(level), new Uint8Array(), int32(-1), int32(round)].map(element)
  const head = concatBytes(Uint8Array.of(0x11), chain, int32(level), filled(74, seed), int32(fitnessSize))
  return concatBytes(head, ...fitness, filled(64, 0), int32(0), filled(8, 0), Uint8Array.of(0, 0))
}

/** An operation with one content of a kind that needs no name in `allow`, and that holds any text. */
export function operation(text = 'hello'): Uint8Array {
  const bytes = new TextEncoder().encode(text)
  const head = concatBytes(Uint8Array.of(0x6f, 0x00), filled(20, 7), Uint8Array.of(1, 1, 1, 1)) // register_global_constant
  return concatBytes(Uint8Array.of(0x03), filled(32, 9), head, int32(bytes.length), bytes)
}

/** Octez sends a JSON string in one line, with its end. */
export function octezBody(payload: Uint8Array): string {
  return `"${toHex(payload)}"\n`
}

/** A device whose every touch is written down. */
export class FakeDevice implements SigningDevice {
  readonly name = 'board'
  readonly touches: string[] = []
  /** What the next signature waits for. */
  gate: Promise<void> = Promise.resolve()
  /** Stands for a signature, where set. */
  failure: Extract<DeviceAnswer, { outcome: 'failed' }> | undefined

  isReady(): boolean {
    return true
  }

  ready(): Promise<undefined> {
    this.touches.push('ready')
    return Promise.resolve(undefined)
  }

  async sign(key: PublicKeyHash, payload: Uint8Array): Promise<DeviceAnswer> {
    this.touches.push(`sign ${toHex(payloadDigest(payload)).slice(0, 8)}`)
    await this.gate
    return this.failure ?? { outcome: 'signed', signature: rawSignature(pairOf(key), payload) }
  }

  get signatures(): number {
    return this.touches.filter((touch) => touch.startsWith('sign')).length
  }
}

/** Opened and closed by hand, in place of waiting for a while. */
export function gate(): { readonly passed: Promise<void>; readonly open: () => void } {
  let open: () => void = () => undefined
  const passed = new Promise<void>((resolve) => {
    open = resolve
  })
  return { passed, open }
}

export type BridgeOptions = {
  readonly rules?: Partial<KeyRules>
  readonly accept?: Partial<SignerAppOptions['accept']>
  readonly knownKeys?: boolean
  readonly pathPrefix?: string
  readonly authorized?: readonly PublicKeyHash[]
  readonly isReached?: boolean
  readonly queueCapacity?: number
  readonly seedLevel?: number
  readonly callers?: CallerRules
}

export type TestBridge = {
  readonly app: ReturnType<typeof signerApp>
  readonly questions: Questions
  readonly device: FakeDevice
  readonly signer: GuardedSigner
  readonly faults: unknown[]
  readonly refusals: RequestRefused[]
  readonly events: SignerEvent[]
  readonly marks: () => readonly MarkRecord[]
  /** The journal's bytes: they change with every mark and every stored signature. */
  readonly journal: () => string
}

const LOOPBACK: readonly PeerRange[] = [
  { family: 'ipv4', address: '127.0.0.0', prefixLength: 8 },
  { family: 'ipv6', address: '::1', prefixLength: 128 },
]

/** The signer's app over the real policy and journal, with a fake device. */
export function testBridge(options: BridgeOptions = {}): TestBridge {
  const directory = mkdtempSync(join(tmpdir(), 'tezio-server-'))
  const { seedLevel: level = 0 } = options
  const seeds = KEYS.flatMap(({ hash: key }) =>
    MARK_KINDS.map((kind) => ({ chain: CHAIN, key, kind, level, round: 0 })),
  )
  MarksJournal.create({ directory, maxLevelGap: 14_400 }, seeds)
  const store = MarksJournal.open({ directory, maxLevelGap: 14_400 })
  onTestFinished(() => {
    store.close()
    rmSync(directory, { recursive: true })
  })
  const device = new FakeDevice()
  const faults: unknown[] = []
  const events: TestBridge['events'] = []
  const signer = createSigner(options, store, device, events)
  const refusals: RequestRefused[] = []
  const questions = new Questions({
    signer,
    keys: keyDirectory(options),
    clock: monotonicClock,
    queueTimeoutMs: 10_000,
    knownKeys: options.knownKeys ?? false,
  })
  const app = signerApp({
    questions,
    callers: options.callers ?? NO_CALLERS,
    ...(options.pathPrefix === undefined ? {} : { pathPrefix: options.pathPrefix }),
    version: '1.2.3',
    onFault: (error) => faults.push(error),
    onRefused: (refused) => refusals.push(refused),
    accept: { allowedPeers: LOOPBACK, trustedProxies: [], allowedHosts: [], ...options.accept },
  })
  const journal = () => readFileSync(join(directory, 'marks.journal'), 'utf8')
  return { app, questions, device, signer, faults, refusals, events, journal, marks: () => store.marks() }
}

function createSigner(
  options: BridgeOptions,
  store: MarksJournal,
  device: FakeDevice,
  events: TestBridge['events'],
): GuardedSigner {
  const rules = {
    allowedMagicBytes: [0x03, 0x11, 0x12, 0x13],
    allow: undefined,
    chains: [CHAIN],
    requiresAuthentication: false,
    ...options.rules,
  }
  return new GuardedSigner({
    keys: KEYS.map(({ hash }) => ({ ...rules, publicKeyHash: hash })),
    store,
    devices: onlyDevice(device),
    clock: monotonicClock,
    publicKeyOf: (key) => pairOf(key).publicKey,
    authentication: { keys: [AUTHORIZED] },
    queueCapacity: options.queueCapacity ?? 100,
    onEvent: (event) => events.push(event),
  })
}

function keyDirectory({ authorized, isReached = true }: BridgeOptions): KeyDirectory {
  return {
    has: (key) => KEYS.some(({ hash }) => hash === key),
    publicKey: (key) => (isReached ? encodePublicKey(pairOf(key).publicKey) : undefined),
    known: () => KEYS.map(({ hash }) => hash),
    authorized: () => authorized,
  }
}

export type Asked = {
  readonly method?: string
  readonly headers?: Record<string, string>
  readonly body?: string | Uint8Array
  readonly remoteAddress?: string
  readonly localAddress?: string
}

export type Answer = { readonly status: number; readonly body: unknown; readonly headers: Headers }

/** Asks the app as `listen` would, and checks what holds for every answer. */
export async function ask(app: TestBridge['app'], path: string, asked: Asked = {}): Promise<Answer> {
  const { remoteAddress = '127.0.0.1', localAddress = '127.0.0.1', headers = {}, method = 'GET' } = asked
  // As bytes: of a text, `Request` would say that it is text/plain.
  const body = typeof asked.body === 'string' ? new TextEncoder().encode(asked.body) : asked.body
  const env = incomingOf(body, { remoteAddress, localAddress })
  const init: RequestInit = { method, headers: { host: 'localhost:6732', ...headers } }
  const request = body === undefined ? init : { ...init, body }
  const response = await app.request(path, request, env)
  return checkedAnswer(response.status, response.headers, await response.text())
}

/** Asks for a signature. */
export function askSignature(
  app: TestBridge['app'],
  key: string,
  payload: Uint8Array,
  asked: Asked & { readonly query?: string } = {},
): Promise<Answer> {
  const { query = '', headers = {}, ...rest } = asked
  return ask(app, `/keys/${key}${query}`, {
    method: 'POST',
    body: octezBody(payload),
    headers: { 'content-type': 'application/json', ...headers },
    ...rest,
  })
}

/** Success has exactly one field (the greeting two); an error is Octez's array, with its code word first. */
export function checkedAnswer(status: number, headers: Headers, text: string): Answer {
  expect(headers.get('content-type')).toMatch(/^application\/json\b/)
  const body: unknown = JSON.parse(text)
  if (status === 200) {
    expect(Array.isArray(body)).toBe(false)
    expect(text).not.toContain('null')
    return { status, body, headers }
  }
  expect(ERROR_STATUSES).toContain(status)
  expect(text).toMatch(/^\[\{"kind":"temporary","id":"failure","msg":"[a-z-]+: [^"]/)
  expect(body).toEqual([{ kind: 'temporary', id: 'failure', msg: messageOf({ body }) }])
  return { status, body, headers }
}

function messageOf({ body }: Pick<Answer, 'body'>): string {
  const [error] = body as [{ readonly msg: string }]
  return error.msg
}

/** The code word of an error. */
function codeOf(answer: Pick<Answer, 'body'>): string {
  return messageOf(answer).split(':', 1)[0] ?? ''
}

/** Status and code word, to be compared at once. */
export function outcome(answer: Answer): string {
  return answer.status === 200 ? '200' : `${answer.status} ${codeOf(answer)}`
}
