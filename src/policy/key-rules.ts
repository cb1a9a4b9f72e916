import {
  assertNever,
  curveOfHash,
  hexByte,
  isConsensus,
  parseSignable,
  VOTE_KINDS,
  type ChainId,
  type PublicKeyHash,
  type Signable,
} from '../tezos/index.js'
import { refuse, type Refusal } from './refusal.js'

/** What one key may sign. */
export type KeyRules = {
  readonly publicKeyHash: PublicKeyHash
  /** First bytes of payloads; `any` leaves it at the bytes that this program ever signs. */
  readonly allowedMagicBytes: readonly number[] | 'any'
  /** Kinds by name; every content of an operation must be listed. `undefined`: no such rule. */
  readonly allow: readonly string[] | undefined
  readonly chains: readonly ChainId[]
  readonly requiresAuthentication: boolean
  /** Who may ask, by configured names and addresses of authorized keys. `undefined`: whoever is authenticated. */
  readonly clients?: readonly string[] | undefined
}

/** The longest payload: what a Tezio HSM takes in one command. */
export const MAX_PAYLOAD_BYTES = 1015

/**
 * First bytes that are ever signed. 0x01 and 0x02 are consensus of a dead protocol without marks, 0x04 would forge
 * requests to other signers, and above 0x13 the firmware reads past the end of its policy table.
 */
const SIGNABLE_BYTES: readonly number[] = [0x03, 0x05, 0x11, 0x12, 0x13]

/** Operations that are refused unless `allow` names them: drain_delegate moves all of a baker's funds. */
const BY_NAME_ONLY: readonly string[] = ['drain_delegate']

/** What a payload means, or why it is not even considered. */
export type ReadPayload =
  | { readonly outcome: 'read'; readonly signable: Signable }
  | { readonly outcome: 'refused'; readonly refusal: Refusal }

const unread = (refusal: Refusal): ReadPayload => ({ outcome: 'refused', refusal })

/** What a payload for a key means, or why it is not even considered. */
export function readPayload({ publicKeyHash }: KeyRules, payload: Uint8Array): ReadPayload {
  if (payload.length > MAX_PAYLOAD_BYTES) {
    return unread(
      refuse('payload-too-long', `${payload.length} bytes: the device takes ${MAX_PAYLOAD_BYTES}`),
    )
  }
  const parsed = parseSignable(payload)
  switch (parsed.outcome) {
    case 'malformed':
      return unread(refuse('malformed-payload', parsed.reason))
    case 'unknown-magic-byte':
      return unread(magicByteRefusal(parsed.magicByte, 'no payload that this bridge signs begins with it'))
    case 'parsed':
      break
    default:
      return assertNever(parsed)
  }
  const { signable } = parsed
  if (isConsensus(signable) && signable.layout === 'bls' && curveOfHash(publicKeyHash) !== undefined) {
    const text = `${signable.operation} is the form of tz4 keys; ${publicKeyHash} signs the one with a slot`
    return unread(refuse('malformed-payload', text))
  }
  return { outcome: 'read', signable }
}

/** Whether a key's rules let a payload through; `undefined` when they do. */
export function authorise(key: KeyRules, signable: Signable): Refusal | undefined {
  if (!SIGNABLE_BYTES.includes(signable.magicByte)) {
    return magicByteRefusal(signable.magicByte, `${signable.kind} is never signed`)
  }
  if (key.allowedMagicBytes !== 'any' && !key.allowedMagicBytes.includes(signable.magicByte)) {
    const allowed = key.allowedMagicBytes.map(hexByte).join(', ')
    return magicByteRefusal(
      signable.magicByte,
      `allowed_ops of ${key.publicKeyHash} has ${allowed || 'nothing'}`,
    )
  }
  if (isConsensus(signable) && !key.chains.includes(signable.chainId)) {
    return refuse(
      'chain-not-allowed',
      `${signable.chainId} is not among the chains of ${key.publicKeyHash}: ${key.chains.join(', ')}`,
    )
  }
  return authoriseKinds(key, signable)
}

function authoriseKinds({ publicKeyHash, allow }: KeyRules, signable: Signable): Refusal | undefined {
  const contents = signable.kind === 'operation' ? signable.contents.map(({ kind }) => kind) : []
  const kinds: readonly string[] = signable.kind === 'operation' ? contents : [signable.kind]
  const misplaced = contents.find((kind) => VOTE_KINDS.includes(kind))
  if (misplaced !== undefined) {
    return refuse('operation-not-allowed', `${misplaced} is never signed under 0x03`)
  }
  const isAllowed = (kind: string) =>
    allow === undefined ? !BY_NAME_ONLY.includes(kind) : allow.includes(kind)
  const refused = kinds.find((kind) => !isAllowed(kind))
  if (refused === undefined) return undefined
  const rule =
    allow === undefined ? 'only where `allow` names it' : `\`allow\` of ${publicKeyHash} does not name it`
  return refuse('operation-not-allowed', `${refused}: ${rule}`)
}

function magicByteRefusal(byte: number, why: string): Refusal {
  return refuse('magic-byte-not-allowed', `magic byte ${hexByte(byte)} not allowed: ${why}`)
}
