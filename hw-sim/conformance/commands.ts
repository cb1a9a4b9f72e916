import {
  joinBody,
  MODE,
  OPCODE,
  statusByte,
  statusName,
  type KeyAlias,
  type StatusName,
} from '../../src/device/tezio/index.js'
import {
  decodeSignature,
  encodeSignature,
  normaliseSignature,
  payloadDigest,
  verifySignature,
} from '../../src/tezos/index.js'
import { CURVE_OF, KEY_NAMES } from '../device-key.js'
import type { Status } from '../profile.js'
import type { Run } from './check.js'
import { describe, describeByte, refusedWith, type Reply } from './reply.js'

/** What SIGN was answered with. */
export type Signed =
  /** A signature of the right form that verifies on the host; S may be high. */
  | { readonly kind: 'signed'; readonly signature: Uint8Array; readonly ms: number }
  | { readonly kind: 'refused'; readonly status: number }
  /** Neither of both: what is wrong. */
  | { readonly kind: 'wrong'; readonly problem: string }

/** SIGN: `data` is a message, or a digest in the prehashed modes. The signature is verified and recorded. */
export async function sign(run: Run, alias: KeyAlias, mode: number, data: Uint8Array): Promise<Signed> {
  const reply = await run.prober.ask(signBody(alias, mode, data))
  const status = refusedWith(reply)
  if (status !== undefined) return { kind: 'refused', status }
  const digest = mode < MODE.messageRaw ? data : payloadDigest(data)
  const wrong = (what: string): Signed => ({ kind: 'wrong', problem: `SIGN ${label(alias, mode)}: ${what}` })
  if (reply.kind !== 'body') return wrong(describe(reply))
  const signature = signatureIn(reply.body, alias, mode)
  if (signature === undefined) return wrong(`no signature of this form: ${describe(reply)}`)
  const key = run.keys.get(alias)
  if (key === undefined) return wrong('the public key is not known')
  if (!verifySignature(key, digest, normaliseSignature(key.curve, signature))) {
    return wrong(`the signature of ${data.length} bytes does not verify`)
  }
  run.signatures.push({ alias, digest, signature })
  return { kind: 'signed', signature, ms: reply.ms }
}

/** The body of a SIGN command. */
export function signBody(alias: number, mode: number, data?: Uint8Array): Uint8Array {
  return joinBody({ opcode: OPCODE.sign, param1: alias, param2: mode, param3: 0, ...(data && { data }) })
}

/** The body of a GET_PK command. */
export function keyBody(alias: number, format: number): Uint8Array {
  return joinBody({ opcode: OPCODE.getPublicKey, param1: alias, param2: format })
}

/** The body of a VERIFY command: `data` is the message and then the signature. */
export function verifyBody(alias: number, mode: number, messageSize: number, data?: Uint8Array): Uint8Array {
  const body = { opcode: OPCODE.verify, param1: alias, param2: mode, param3: messageSize }
  return joinBody({ ...body, ...(data && { data }) })
}

/** What is wrong when something should have been signed; `undefined` when it was. */
export function unsignedProblem(what: string, signed: Signed): string | undefined {
  if (signed.kind === 'signed') return undefined
  if (signed.kind === 'wrong') return `${what}: ${signed.problem}`
  return `${what}: expected a signature, got ${describeByte(signed.status)}`
}

/** Whether a status says that the device's own policy forbids it. */
export function isPolicyStatus(status: number): boolean {
  return POLICY.includes(statusName(status))
}

/** What SIGN was answered with, in a few words. */
export function told(signed: Signed): string {
  if (signed.kind === 'signed') return 'signed'
  return signed.kind === 'refused' ? describeByte(signed.status) : signed.problem
}

/** Whether SIGN was refused with this status. */
export function isRefused(signed: Signed, status: Status): boolean {
  return signed.kind === 'refused' && signed.status === statusByte(status)
}

/** Why signatures of this key cannot be judged; `undefined` when they can. */
export function unsigningReason(run: Run, alias: KeyAlias): string | undefined {
  if (!run.keys.has(alias)) return 'the public key could not be read'
  const refusal = run.unsigning.get(alias)
  return refusal === undefined ? undefined : `the device's policy lets this key sign no operation: ${refusal}`
}

/** The text of a reply's body, for comparison with text. */
export const asciiOf = (reply: Reply): string | undefined =>
  reply.kind === 'body' ? Buffer.from(reply.body).toString('latin1') : undefined

/** The 64 bytes in a reply's body, when it has exactly the form that the mode asks for. */
function signatureIn(body: Uint8Array, alias: KeyAlias, mode: number): Uint8Array | undefined {
  if (mode % 2 === 1) return body.length === 64 ? body : undefined
  const curve = CURVE_OF[KEY_NAMES[alias]]
  const text = Buffer.from(body).toString('latin1')
  const signature = decodeSignature(curve, text)
  return signature !== undefined && encodeSignature(curve, signature) === text ? signature : undefined
}

const POLICY: readonly StatusName[] = ['magic-byte-not-enabled', 'hsm-operation-disabled']

const label = (alias: KeyAlias, mode: number) => `${KEY_NAMES[alias]} mode ${mode}`
